# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
EchoNet: the echo branch of Parida et al., alone.

Written anew from Parida, Srivastava and Sharma, "Beyond Image to Depth: Improving Depth
Prediction using Echoes" (CVPR 2021), after Gao et al., "VisualEchoes" (ECCV 2020), and the
settings published with it for 44.1 kHz: 60 ms of sound as a 2×257×166 magnitude spectrogram,
sigmoid times the largest depth, loss log(|e| + 1) over pixels that are not holes, Adam.
"""

from dataclasses import replace

import torch
from torch import nn, Tensor

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.networks.magnitude import Magnitude, masked_mean, normal_start


class EchoNet(nn.Module):
    """
    Three convolutions and one full connection to a vector of 512; seven doublings to 128×128.

    :param fmt: the ping; of its window the first 60 ms are heard.
    :param max_depth: metres; what the sigmoid's 1 means.
    """

    SECONDS = 0.06
    ENCODER = ((32, 8, 4), (64, 4, 2), (8, 3, 1))
    """Channels, kernel and stride of each convolution; none is padded."""
    CODE = 512
    DECODER = (512, 256, 128, 64, 32, 16)
    """Channels after each doubling; the seventh gives the image."""

    def __init__(self, fmt: PingFormat = PingFormat(), max_depth: float = 12.0) -> None:
        super().__init__()
        self.max_depth = max_depth
        self.samples = round(self.SECONDS * fmt.sample_rate)
        self.magnitude = Magnitude(replace(fmt, window=self.samples))
        rows, columns = fmt.n_fft // 2 + 1, self.samples // fmt.stft_hop + 1
        layers: list[nn.Module] = []
        last = 2
        for width, kernel, stride in self.ENCODER:
            layers += [nn.Conv2d(last, width, kernel, stride), nn.BatchNorm2d(width), nn.ReLU()]
            rows, columns = ((size - kernel) // stride + 1 for size in (rows, columns))
            last = width
        features = last * rows * columns
        # The full connection is a 1×1 convolution, so that batch normalisation follows it too.
        layers += [nn.Flatten(), nn.Unflatten(1, (features, 1, 1)),
                   nn.Conv2d(features, self.CODE, 1), nn.BatchNorm2d(self.CODE), nn.ReLU()]
        last = self.CODE
        for width in self.DECODER:
            layers += [nn.ConvTranspose2d(last, width, 4, 2, 1), nn.BatchNorm2d(width), nn.ReLU()]
            last = width
        layers.append(nn.ConvTranspose2d(last, 1, 4, 2, 1))
        self.body = nn.Sequential(*layers)
        normal_start(self)

    def forward(self, waveform: Tensor) -> Tensor:
        """
        Predict.

        :param waveform: (N, 2, window) full scale ±1.
        :returns: (N, 128, 128) metres, above 0 and below ``max_depth``.
        """
        logits = self.body(self.magnitude(waveform[..., :self.samples]))
        return self.max_depth * torch.sigmoid(logits.float())[:, 0]

    def training_loss(self, waveform: Tensor, depth: Tensor) -> Tensor:
        """
        Mean of log(|error in metres| + 1), holes left out.

        :param waveform: (N, 2, window) full scale ±1.
        :param depth: (N, 128, 128) true metres; 0 = hole. Clipped to ``max_depth``.
        :returns: scalar; 0 when no pixel has a return.
        """
        truth = depth.clamp(0, self.max_depth)
        return masked_mean(torch.log1p((self(waveform) - truth).abs()), truth)
