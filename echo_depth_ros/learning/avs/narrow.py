# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Colour images of narrower cameras, in the frame of a wider one."""

import torch
from torch import Generator, Tensor

LEAST_ACROSS, LEAST_DOWN = 0.55, 0.3
"""Least share of columns and of rows that a camera sees: in 90 degrees, 58 across and 33 down."""
LEAST_VIEW = LEAST_ACROSS * LEAST_DOWN


def narrow(rgb: Tensor, share: float, chance: Generator) -> Tensor:
    """
    Make some images those of a narrower camera that looks the same way: the rest is black.

    :param rgb: (N, 3, H, W), 0 to 1.
    :param share: of the images.
    """
    drawn = torch.rand(3, len(rgb), 1, generator=chance)
    chosen = drawn[0] < share
    across = torch.where(chosen, LEAST_ACROSS + (1 - LEAST_ACROSS) * drawn[1], 1.0)
    down = torch.where(chosen, LEAST_DOWN + (1 - LEAST_DOWN) * drawn[2], 1.0)
    return see_only(rgb, across, down)


def see_only(rgb: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """
    Leave of images (N, 3, H, W) a rectangle in the middle, and make the rest black.

    :param across: (N, 1) share of the columns that is left, and ``down`` of the rows.
    """
    height, width = rgb.shape[2:]
    seen = (_off_centre(height) <= down)[:, None, :, None] & \
        (_off_centre(width) <= across)[:, None, None, :]
    return rgb * seen


def _off_centre(size: int) -> Tensor:
    """How far pixels lie from the middle, 1 being the edge."""
    return (2 * (torch.arange(size) + 0.5) / size - 1).abs()
