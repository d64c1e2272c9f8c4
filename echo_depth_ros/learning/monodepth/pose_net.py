# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""PoseNet: how the camera moved between two images."""

import torch
from torch import nn, Tensor

from echo_depth_ros.learning.monodepth.sizes import MonodepthSizes
from echo_depth_ros.learning.networks.blocks import ConvBlock


class PoseNet(nn.Module):
    """Two stacked images through convolutions to six numbers, averaged over the image."""

    def __init__(self, sizes: MonodepthSizes = MonodepthSizes()) -> None:
        super().__init__()
        widths = (6, *sizes.pose)
        self.body = nn.Sequential(*[
            ConvBlock(inputs, outputs, kernel=5 if inputs == 6 else 3, stride=2)
            for inputs, outputs in zip(widths, widths[1:])])
        self.head = nn.Conv2d(sizes.pose[-1], 6, 1)
        factors = [sizes.rotation_scale] * 3 + [sizes.translation_scale] * 3
        self.register_buffer('factors', torch.tensor(factors), persistent=False)

    def forward(self, target: Tensor, source: Tensor) -> Tensor:
        """
        Compare colour images (N, 3, H, W), 0 to 1.

        :returns: (N, 6): axis-angle, then translation, which take points of the target's camera
            into the source's; x right, y down, z ahead.
        """
        features = self.body(2 * torch.cat([target, source], 1) - 1)
        return self.head(features).float().mean((2, 3)) * self.factors
