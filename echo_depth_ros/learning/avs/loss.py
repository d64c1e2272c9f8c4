# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The scale-invariant loss, equation 4 of AVS-Net."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

_LEAST = 1e-3
"""Metres; holes are read as this before their logarithm is thrown away."""


@dataclass(frozen=True)
class ScaleInvariantConfig:
    """
    Weights of equation 4.

    :ivar alpha: factor of the whole.
    :ivar lam: λ, how much of a common error of scale is forgiven: at 1 all of it.
    """

    alpha: float = field(default=10.0, metadata={'above': 0})
    lam: float = field(default=0.85, metadata={'least': 0, 'most': 1})


def scale_invariant(predicted: Tensor, truth: Tensor, max_depth: float = 12.0,
                    config: ScaleInvariantConfig = ScaleInvariantConfig()) -> Tensor:
    """
    Equation 4 of each image, averaged over the images that have valid pixels.

    ``L = alpha sqrt(mean(g²) - lam mean(g)²)`` with g = ln predicted - ln truth over the valid
    pixels: those with truth above 0 and strictly below ``max_depth``, as the paper has it.
    It is computed as ``var(g) + (1 - lam) mean(g)²``, the same number, which rounding cannot
    turn negative.

    :param predicted: (N, H, W) metres, above 0.
    :param truth: (N, H, W) metres; 0 = hole.
    :param max_depth: metres.
    :returns: scalar; 0 where no image has a valid pixel.
    """
    valid = (truth > 0) & (truth < max_depth)
    # Chosen before the logarithm, so that no hole sends a NaN back to the weights.
    ones = torch.ones_like(truth)
    g = (torch.where(valid, predicted.float(), ones).log()
         - torch.where(valid, truth, ones).clamp_min(_LEAST).log())
    count = valid.sum((1, 2)).clamp_min(1)
    mean = g.sum((1, 2)) / count
    apart = torch.where(valid, g - mean[:, None, None], torch.zeros_like(g))
    inside = apart.square().sum((1, 2)) / count + (1 - config.lam) * mean.square()
    # The slope of a root is infinite at 0: where all is right, there is nothing to learn.
    positive = inside > 0
    root = torch.where(positive, torch.where(positive, inside, 1.0).sqrt(), 0.0)
    return config.alpha * root.sum() / (valid.any(2).any(1)).sum().clamp_min(1)
