# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Losses of depth, its uncertainty and materials, blind to pixels without a return."""

import math

import torch
from torch import Tensor
from torch.nn import functional

INSIDE = math.log(1.25)
"""Error of log depth up to which a pixel is within 25 % of the truth."""


def log_l1(log_depth: Tensor, depth: Tensor) -> Tensor:
    """
    Mean absolute difference of log depths over the pixels that have a return.

    The log makes it relative: 10 cm matter more at 1 m than at 10 m.

    :param log_depth: (N, H, W) predicted, natural log of metres.
    :param depth: (N, H, W) true metres; 0 (or less) = no return.
    :returns: scalar; 0 when no pixel has a return.
    """
    valid = depth > 0
    error = (log_depth - depth.clamp_min(1e-3).log()).abs() * valid
    return error.sum() / valid.sum().clamp_min(1)


def inside_likelihood(log_scale: Tensor, log_depth: Tensor, depth: Tensor) -> Tensor:
    """
    Negative log likelihood of which pixels are within 25 % of the truth, and which are not.

    An error with a Laplace distribution of scale b is within ``ln 1.25`` with probability
    ``1 - exp(-ln 1.25 / b)``. Scored on what happened, the scale learns to tell how far to trust
    each pixel, and does not pull at the depth itself.

    :param log_scale: (N, H, W) predicted ln b.
    :param log_depth: (N, H, W) predicted, natural log of metres; gets no gradient.
    :param depth: (N, H, W) true metres; 0 (or less) = no return.
    :returns: scalar; 0 when no pixel has a return.
    """
    valid = depth > 0
    inside = (log_depth.detach() - depth.clamp_min(1e-3).log()).abs() < INSIDE
    rate = INSIDE * torch.exp(-log_scale)
    surprise = torch.where(inside, -torch.log(-torch.expm1(-rate.clamp_min(1e-6))), rate)
    return (surprise * valid).sum() / valid.sum().clamp_min(1)


def material_entropy(logits: Tensor, material: Tensor) -> Tensor:
    """
    Cross-entropy of materials on the logits' grid; the image is sampled, as classes do not mix.

    :param logits: (N, classes, h, w).
    :param material: (N, H, W) class of each pixel, H a multiple of h.
    """
    return functional.cross_entropy(logits.float(), coarse(material, logits.shape[2]))


def coarse(material: Tensor, size: int) -> Tensor:
    """Sample (N, H, W) at the middles of a ``size`` × ``size`` grid."""
    step = material.shape[1] // size
    return material[:, step // 2::step, step // 2::step]
