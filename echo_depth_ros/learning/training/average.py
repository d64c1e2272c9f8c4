# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Moving average of a network's weights."""

import copy

import torch
from torch import nn


def averaged_copy(network: nn.Module) -> nn.Module:
    """Copy of a network to keep the average in: never trained, never in training mode."""
    return copy.deepcopy(network).requires_grad_(False).eval()


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, step: int, decay: float) -> None:
    """
    Move the average towards the network, buffers included.

    Early steps count for more: the average keeps ``min(decay, (1 + step) / (10 + step))``.

    :param step: steps done so far, this one included.
    :param decay: 0 copies.
    """
    weight = 1 - min(decay, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), weight)
    for kept, new in zip(average.buffers(), network.buffers()):
        kept.lerp_(new, weight) if kept.is_floating_point() else kept.copy_(new)
