# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Colour images in less light, as a camera takes them that exposes no longer."""

import torch
from torch import Generator, Tensor

READ_NOISE = 1.5
"""Standard deviation of a camera's noise in the dark, in steps of 8 bits."""
_LEAST = -3.0
"""Decades of light that training goes down: then nothing but noise is left of an image."""


def darken(rgb: Tensor, light: Tensor, chance: Generator) -> Tensor:
    """
    Take images in less light: dimmer, noisier by what the sensor adds, and in 8 bits.

    :param rgb: (N, 3, H, W), 0 to 1.
    :param light: (N,) of what it was, 1 for as much; those images are left as they are.
    :param chance: of the noise.
    :returns: (N, 3, H, W), 0 to 1.
    """
    light = light.to(rgb)[:, None, None, None]
    noise = torch.randn(rgb.shape, generator=chance) * READ_NOISE
    dim = ((rgb * light * 255 + noise).round() / 255).clamp(0, 1)
    return torch.where(light < 1, dim, rgb)


def draw_light(count: int, share: float, chance: Generator) -> Tensor:
    """Draw light (N,): 1 for most, and for a share of them evenly over the decades below."""
    dark = torch.rand(count, generator=chance) < share
    level = 10 ** (_LEAST * torch.rand(count, generator=chance))
    return torch.where(dark, level, 1.0)
