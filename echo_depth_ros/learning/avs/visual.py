# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What AVS-Net sees: features of a colour image, and the small backbone that makes them here."""

from typing import NamedTuple

import torch
from torch import nn, Tensor
from torch.nn import functional

from echo_depth_ros.learning.avs.errors import VisualError
from echo_depth_ros.learning.avs.sizes import AvsSizes
from echo_depth_ros.learning.networks.blocks import ConvBlock, Residual


class VisualFeatures(NamedTuple):
    """
    What every visual backbone offers.

    :ivar bottleneck: f^V of equation 1, (N, B, h, w).
    :ivar decoder: four maps (N, D, ...), from coarse to fine.
    :ivar last: (N, L, h, w), before the relative depth is read off.
    :ivar relative: relative depth, (N, h, w), 0 or more, of no unit.
    """

    bottleneck: Tensor
    decoder: tuple[Tensor, Tensor, Tensor, Tensor]
    last: Tensor
    relative: Tensor


class SmallVisual(nn.Module):
    """
    Backbone of about two million parameters, laid out as MiDaS is: encoder, fusion, relative head.

    :param sizes: gives the image's size and the channels.
    :ivar channels: of bottleneck, decoder features and last features.
    :raises VisualError: the image cannot be halved four times.
    """

    STRIDE = 16
    """Pixels of the image to one of the bottleneck."""
    any_batch = True
    """Whether an exported file takes any number of images at a time, or one."""

    def __init__(self, sizes: AvsSizes) -> None:
        super().__init__()
        if any(side % self.STRIDE for side in sizes.image):
            raise VisualError(f'image is {list(sizes.image)}; expected multiples of '
                              f'{self.STRIDE} for visual: small')
        self.channels = (sizes.bottleneck, sizes.decoder, sizes.last)
        one, two, three, four = sizes.encoder
        self.stages = nn.ModuleList([
            ConvBlock(5, one, kernel=5, stride=2),
            nn.Sequential(ConvBlock(one, two, stride=2), Residual(two)),
            nn.Sequential(ConvBlock(two, three, stride=2), Residual(three), Residual(three)),
            nn.Sequential(ConvBlock(three, four, stride=2), Residual(four), Residual(four))])
        self.bottleneck = ConvBlock(four, sizes.bottleneck)
        self.skips = nn.ModuleList([
            nn.Conv2d(width, sizes.decoder, 3, 1, 1, bias=False)
            for width in (sizes.bottleneck, three, two, one)])
        self.fusions = nn.ModuleList([Residual(sizes.decoder) for _ in range(4)])
        self.head = ConvBlock(sizes.decoder, sizes.last)
        self.relative = nn.Conv2d(sizes.last, 1, 1)
        # A convolution cannot tell where it is, and floors are low and far walls high in images.
        rows, columns = (torch.linspace(-1, 1, side) for side in sizes.image)
        place = torch.stack([rows[:, None].expand(sizes.image), columns.expand(sizes.image)])
        self.register_buffer('place', place[None], persistent=False)

    def forward(self, rgb: Tensor) -> VisualFeatures:
        """Take colour images (N, 3, *image), 0 to 1, apart."""
        features = torch.cat([2 * rgb - 1, self.place.expand(rgb.shape[0], -1, -1, -1)], dim=1)
        levels = []
        for stage in self.stages:
            features = stage(features)
            levels.append(features)
        bottleneck = self.bottleneck(levels.pop())
        decoder = [self.fusions[0](self.skips[0](bottleneck))]
        for skip, fuse in zip(self.skips[1:], self.fusions[1:]):
            decoder.append(fuse(_double(decoder[-1]) + skip(levels.pop())))
        # Metric bins of every pixel are what costs most: at half the resolution, a quarter of it.
        last = self.head(decoder[-1])
        # Softplus where MiDaS has a ReLU: trained from nothing, that may die before it learns.
        relative = functional.softplus(self.relative(last))[:, 0]
        return VisualFeatures(bottleneck, tuple(decoder), last, relative)


def _double(features: Tensor) -> Tensor:
    return functional.interpolate(features, scale_factor=2.0, mode='bilinear',
                                  align_corners=False)
