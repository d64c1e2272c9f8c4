# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Losses on log depth, blind to pixels without a return."""

from torch import Tensor
from torch.nn import functional


def log_l1(log_depth: Tensor, depth: Tensor) -> Tensor:
    """
    Mean absolute difference of log depths over the pixels that have a return.

    The log makes it relative: 10 cm matter more at 1 m than at 10 m.

    :param log_depth: (N, H, W) predicted, natural log of metres.
    :param depth: (N, H, W) true metres; 0 (or less) = no return.
    :returns: scalar; 0 when no pixel has a return.
    """
    valid = depth > 0
    target = depth.clamp_min(1e-3).log()
    error = (log_depth - target).abs() * valid
    return error.sum() / valid.sum().clamp_min(1)


def log_gradient(log_depth: Tensor, depth: Tensor, scale: int = 4) -> Tensor:
    """
    Mean absolute difference of the slopes of log depth, on a grid ``scale`` times coarser.

    Rewards the right layout (where a wall bends, where an object starts). Coarse, because two
    ears do not resolve single pixels. Cells with any pixel without a return are left out.

    :param log_depth: (N, H, W) predicted, natural log of metres.
    :param depth: (N, H, W) true metres; 0 = no return.
    """
    valid = depth > 0
    target = depth.clamp_min(1e-3).log()
    error = functional.avg_pool2d((log_depth - target)[:, None], scale)
    solid = functional.avg_pool2d(valid[:, None].float(), scale) > 0.999
    total, count = 0.0, 0
    for axis in (2, 3):
        size = error.shape[axis] - 1
        step = error.narrow(axis, 1, size) - error.narrow(axis, 0, size)
        both = solid.narrow(axis, 1, size) & solid.narrow(axis, 0, size)
        total = total + (step.abs() * both).sum()
        count = count + both.sum()
    return total / count.clamp_min(1)


def depth_loss(log_depth: Tensor, depth: Tensor, gradient: float = 0.0) -> Tensor:
    """:func:`log_l1` plus ``gradient`` times :func:`log_gradient`."""
    loss = log_l1(log_depth, depth)
    if gradient:
        loss = loss + gradient * log_gradient(log_depth, depth)
    return loss
