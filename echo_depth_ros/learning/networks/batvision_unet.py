# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The baseline of the BatVision data sets: pix2pix's ``unet_256`` over a stretched spectrogram.

Written anew from Brunetto et al., "The Audio-Visual BatVision Dataset for Research on Sight and
Sound" (IROS 2023), Isola et al., "Image-to-Image Translation with Conditional Adversarial
Networks" (CVPR 2017), and the settings published with the data set: magnitude spectrogram of
both ears stretched to 256×256, depth divided by the largest depth, sigmoid, L1 loss over pixels
that are not holes, AdamW.
"""

import torch
from torch import nn, Tensor
from torch.nn import functional

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.networks.magnitude import Magnitude, masked_mean, normal_start


class BatVisionUNet(nn.Module):
    """
    Eight halvings from 256×256 to 1×1, eight doublings back, a skip link at every level.

    The network answers on 256×256, as published; our truth and all figures are on 128×128. In
    training each true pixel is repeated 2×2 (its loss then is the published one, on truth as fine
    as ours is). In :meth:`forward` each 2×2 block is averaged, the best single answer for the
    pixel that the block was taught. The other way round, a loss on averaged blocks, would be a
    different loss from the published one: it leaves what happens inside a block free.

    :param fmt: the ping.
    :param max_depth: metres; what the sigmoid's 1 means.
    :param dropout: pix2pix's rate in the three levels above the bottleneck. It is 0.5 there to
        give a generator its noise; the published baseline turns it off, hence 0.
    """

    SIZE = 256
    """Rows and columns inside the network."""
    WIDTHS = (64, 128, 256, 512, 512, 512, 512, 512)
    """Channels after each halving."""

    def __init__(self, fmt: PingFormat = PingFormat(), max_depth: float = 12.0,
                 dropout: float = 0.0) -> None:
        super().__init__()
        self.max_depth = max_depth
        self.magnitude = Magnitude(fmt)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        deepest = len(self.WIDTHS) - 1
        for level, width in enumerate(self.WIDTHS):
            above = self.WIDTHS[level - 1] if level else None
            self.down.append(_halve(2 if above is None else above, width,
                                    normalised=0 < level < deepest))
            self.up.append(_double(width * (1 if level == deepest else 2), above,
                                   dropout if 4 <= level < deepest else 0.0))
        normal_start(self)

    def forward(self, waveform: Tensor) -> Tensor:
        """
        Predict.

        :param waveform: (N, 2, window) full scale ±1.
        :returns: (N, 128, 128) metres, above 0 and below ``max_depth``.
        """
        return self.max_depth * functional.avg_pool2d(self.normalised(waveform), 2)[:, 0]

    def training_loss(self, waveform: Tensor, depth: Tensor) -> Tensor:
        """
        Mean absolute error of depth divided by ``max_depth``, holes left out, on 256×256.

        :param waveform: (N, 2, window) full scale ±1.
        :param depth: (N, 128, 128) true metres; 0 = hole. Clipped to ``max_depth``.
        :returns: scalar; 0 when no pixel has a return.
        """
        truth = depth.clamp(0, self.max_depth) / self.max_depth
        truth = functional.interpolate(truth[:, None], size=(self.SIZE, self.SIZE))[:, 0]
        return masked_mean((self.normalised(waveform)[:, 0] - truth).abs(), truth)

    def normalised(self, waveform: Tensor) -> Tensor:
        """Map (N, 2, window) to what the network itself says: (N, 1, 256, 256) in 0…1."""
        # Bilinear, as published.
        image = functional.interpolate(self.magnitude(waveform), size=(self.SIZE, self.SIZE),
                                       mode='bilinear', align_corners=False)
        levels = []
        for level, halve in enumerate(self.down):
            image = halve(functional.leaky_relu(image, 0.2) if level else image)
            levels.append(image)
        image = levels.pop()
        for level in range(len(self.up) - 1, -1, -1):
            image = self.up[level](functional.relu(image))
            if level:
                image = torch.cat([levels.pop(), image], dim=1)
        return torch.sigmoid(image.float())


def _halve(inputs: int, outputs: int, normalised: bool) -> nn.Sequential:
    """One step down; batch normalisation makes a bias idle, and pix2pix never has one here."""
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)]
    if normalised:
        layers.append(nn.BatchNorm2d(outputs))
    return nn.Sequential(*layers)


def _double(inputs: int, outputs: int | None, dropout: float) -> nn.Sequential:
    """One step up; the last one, to the image (``outputs`` None), has a bias instead of a norm."""
    if outputs is None:
        return nn.Sequential(nn.ConvTranspose2d(inputs, 1, 4, 2, 1))
    layers: list[nn.Module] = [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False),
                               nn.BatchNorm2d(outputs)]
    if dropout:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)
