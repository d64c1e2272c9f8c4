# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The smallest AVS-Net, and something for it to see and hear."""

from dataclasses import replace

import torch

from echo_depth_ros.learning.avs.config import load_avs_config
from echo_depth_ros.learning.avs.network import AvsNet

TINY = replace(load_avs_config('tiny').network, image=(32, 64))


def tiny(**changes):
    """Network with fresh weights, ready to predict; the same at each call."""
    torch.manual_seed(0)
    return AvsNet(replace(TINY, **changes)).eval()


def senses(count=2, size=(32, 64), seed=1):
    """Return colour images (N, 3, *size) and windows (N, 2, 3197)."""
    chance = torch.Generator().manual_seed(seed)
    return (torch.rand(count, 3, *size, generator=chance),
            0.05 * torch.randn(count, 2, 3197, generator=chance))
