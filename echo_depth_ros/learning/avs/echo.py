# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What AVS-Net hears: a stereo spectrogram of the image's size, through a ResNet-18."""

import torch
from torch import nn, Tensor
from torch.nn import functional
from transformers import ResNetConfig, ResNetModel

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.networks.magnitude import Magnitude

_FLOOR = 0.1
"""Added to magnitudes of a window of unit RMS, whose mean is near 5, before their logarithm."""


class EchoBranch(nn.Module):
    """
    Audio embedding f^A of AVS-Net, section 3.1.

    The spectrogram is a picture here: its rows are frequencies, from 0 Hz up, its columns time.

    :param image: rows and columns that it is resized to, those of the colour image.
    :param widths: channels of the four stages; (64, 128, 256, 512) is ResNet-18 as published.
    :param level: 'magnitude', or 'log' of the magnitude of a window of unit RMS.
    :param fmt: the ping.
    :ivar channels: of f^A.
    """

    STRIDE = 32
    """Rows or columns of the picture to one cell of f^A."""

    def __init__(self, image: tuple[int, int], widths: tuple[int, int, int, int],
                 level: str = 'magnitude', fmt: PingFormat = PingFormat()) -> None:
        super().__init__()
        self.image, self.level, self.channels = image, level, widths[-1]
        self.magnitude = Magnitude(fmt)
        self.resnet = ResNetModel(ResNetConfig(
            num_channels=2, embedding_size=widths[0], hidden_sizes=list(widths),
            depths=[2, 2, 2, 2], layer_type='basic'))

    def picture(self, waveform: Tensor) -> Tensor:
        """
        Spectrogram at the size of the image.

        :param waveform: (N, 2, window) full scale ±1.
        :returns: (N, 2, *image).
        """
        if self.level == 'log':
            power = waveform.square().mean(dim=(1, 2), keepdim=True)
            heard = self.magnitude(waveform * torch.rsqrt(power.clamp_min(1e-14)))
            # Halved, so that inputs are of the size that networks start well with.
            heard = 0.5 * torch.log(heard + _FLOOR)
        else:
            heard = self.magnitude(waveform)
        return functional.interpolate(heard, size=self.image, mode='bilinear',
                                      align_corners=False)

    def forward(self, waveform: Tensor) -> Tensor:
        """Map (N, 2, window) to f^A, (N, C, frequency, time), of 1/32 of the image's size."""
        return self.resnet(self.picture(waveform)).last_hidden_state
