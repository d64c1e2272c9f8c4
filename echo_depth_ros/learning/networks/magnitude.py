# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What both baselines of other authors hear, and which pixels their losses count."""

import torch
from torch import nn, Tensor

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.networks.features import Spectrogram


class Magnitude(nn.Module):
    """
    Magnitude spectrogram of each ear, neither logarithm nor normalisation: (N, 2, 257, frames).

    Always computed in float32: squares of faint echoes are lost in shorter floats.

    :param fmt: gives n_fft, window and hop.
    """

    _LEAST = 1e-12
    """Keeps the slope of the square root finite in digital silence."""

    def __init__(self, fmt: PingFormat = PingFormat()) -> None:
        super().__init__()
        self.transform = Spectrogram(fmt)

    def forward(self, waveform: Tensor) -> Tensor:
        """Map (N, 2, samples) to (N, 2, n_fft / 2 + 1, frames)."""
        with torch.autocast(waveform.device.type, enabled=False):
            real, imag = self.transform(waveform.float())
            return torch.sqrt(real.square() + imag.square() + self._LEAST)


def masked_mean(values: Tensor, depth: Tensor) -> Tensor:
    """
    Mean of ``values`` over the pixels with a return.

    :param values: (N, H, W).
    :param depth: (N, H, W) true metres; 0 (or less) = hole.
    :returns: scalar; 0 when no pixel has a return.
    """
    valid = depth > 0
    # A product would turn an infinite value in a hole into NaN.
    kept = torch.where(valid, values, torch.zeros_like(values))
    return kept.sum() / valid.sum().clamp_min(1)


def normal_start(network: nn.Module) -> None:
    """
    Start as pix2pix does, and EchoNet after it.

    Kernels are normal(0, 0.02), scales of batch normalisation normal(1, 0.02), biases 0.
    """
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)
