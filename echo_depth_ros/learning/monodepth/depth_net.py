# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""DepthNet: from one colour image to disparities at four scales."""

import math

import torch
from torch import nn, Tensor
from torch.nn import functional

from echo_depth_ros.learning.monodepth.sizes import MonodepthSizes, SCALES
from echo_depth_ros.learning.networks.blocks import ConvBlock, Residual


class DepthNet(nn.Module):
    """
    A U-Net with a sigmoid of disparity at each of its last four levels.

    :param sizes: gives the image's size and the channels.
    """

    def __init__(self, sizes: MonodepthSizes = MonodepthSizes()) -> None:
        super().__init__()
        self.config = sizes
        one, two, three, four = sizes.encoder
        self.stages = nn.ModuleList([
            ConvBlock(5, one, kernel=5, stride=2),
            nn.Sequential(ConvBlock(one, two, stride=2), Residual(two)),
            nn.Sequential(ConvBlock(two, three, stride=2), Residual(three), Residual(three)),
            nn.Sequential(ConvBlock(three, four, stride=2), Residual(four), Residual(four))])
        below = (four, *sizes.decoder[:-1])
        self.narrow = nn.ModuleList(
            [ConvBlock(inputs, outputs) for inputs, outputs in zip(below, sizes.decoder)])
        self.fuse = nn.ModuleList(
            [ConvBlock(width + skip, width)
             for width, skip in zip(sizes.decoder, (three, two, one, 0))])
        self.heads = nn.ModuleList([nn.Conv2d(width, 1, 3, 1, 1) for width in sizes.decoder])
        least, largest = 1 / sizes.depth_max, 1 / sizes.depth_min
        start = (1 / sizes.depth_start - least) / (largest - least)
        for head in self.heads:
            nn.init.constant_(head.bias, math.log(start / (1 - start)))
        # A convolution cannot tell where it is, and floors are low and far walls high in images.
        rows, columns = (torch.linspace(-1, 1, side) for side in sizes.image)
        place = torch.stack([rows[:, None].expand(sizes.image), columns.expand(sizes.image)])
        self.register_buffer('place', place[None], persistent=False)

    def forward(self, rgb: Tensor) -> tuple[Tensor, ...]:
        """
        Look at colour images (N, 3, *image), 0 to 1.

        :returns: disparity (N, 1, h, w) at 1, 1/2, 1/4 and 1/8 of the image, from 1 / depth_max
            to 1 / depth_min.
        """
        features = torch.cat([2 * rgb - 1, self.place.expand(rgb.shape[0], -1, -1, -1)], dim=1)
        levels = []
        for stage in self.stages:
            features = stage(features)
            levels.append(features)
        levels.pop()
        found = []
        for narrow, fuse, head in zip(self.narrow, self.fuse, self.heads):
            features = functional.interpolate(narrow(features), scale_factor=2.0, mode='nearest')
            features = fuse(torch.cat([features, levels.pop()], 1) if levels else features)
            found.append(self._disparity(head(features)))
        return tuple(found[::-1][:SCALES])

    def _disparity(self, logits: Tensor) -> Tensor:
        least, largest = 1 / self.config.depth_max, 1 / self.config.depth_min
        return least + (largest - least) * torch.sigmoid(logits.float())
