# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a student hears in a window: spectrograms and log levels, inside the graph."""

import math

import torch
from torch import nn, Tensor
from torch.nn import functional

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat


class Spectrogram(nn.Module):
    """
    Short-time Fourier transform of each signal, as one convolution.

    Same values as ``torch.stft`` with ``center=True``, reflect padding and a periodic Hann
    window. A 64-sample window zero-padded to 512 has 64 taps that are not zero, so only these
    are stored, and the exported graph holds a plain ``Conv``. ``bin_step`` keeps every so many
    rows: 512/64 oversamples frequency eight times, and two times is all that a magnitude needs.

    :param fmt: gives n_fft, window and hop.
    :param bin_step: keep bins 0, bin_step, 2 bin_step, …
    """

    def __init__(self, fmt: PingFormat = PingFormat(), bin_step: int = 1) -> None:
        super().__init__()
        self.hop = fmt.stft_hop
        self.padding = fmt.n_fft // 2
        offset = (fmt.n_fft - fmt.stft_window) // 2
        self.trim = offset
        self.bins = len(range(0, fmt.n_fft // 2 + 1, bin_step))
        self.frames = fmt.window // fmt.stft_hop + 1
        taps = torch.arange(fmt.stft_window, dtype=torch.float64)
        hann = torch.hann_window(fmt.stft_window, periodic=True, dtype=torch.float64)
        bins = torch.arange(0, fmt.n_fft // 2 + 1, bin_step, dtype=torch.float64)
        angle = 2 * math.pi / fmt.n_fft * bins[:, None] * (taps + offset)
        kernels = torch.cat([hann * torch.cos(angle), -hann * torch.sin(angle)])
        self.register_buffer('kernels', kernels[:, None].float(), persistent=False)

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        """
        Transform a batch of windows.

        :param waveform: (N, signals, window).
        :returns: real and imaginary part, each (N, signals, bins, frames).
        """
        count, signals, length = waveform.shape
        # Reflecting n_fft/2 samples and dropping the taps that are zero is reflecting less.
        reach = self.padding - self.trim
        single = waveform.reshape(count * signals, 1, length)
        padded = functional.pad(single, (reach, reach), mode='reflect')
        parts = functional.conv1d(padded, self.kernels, stride=self.hop)
        parts = parts.reshape(count, signals, 2, self.bins, self.frames)
        return parts[:, :, 0], parts[:, :, 1]


class EchoFeatures(nn.Module):
    """
    What the encoder sees of a window, independent of its overall gain.

    Channels: log magnitude of the left and the right ear, as heard; the same after a matched
    filter has turned every sweep into a pulse, so that echoes that overlap come apart; and a time
    ramp, since an echo's delay is its range and a convolution alone cannot tell it.

    :param fmt: the ping.
    :param bin_step: see :class:`Spectrogram`.
    :param floor: added to the magnitudes of a window of unit RMS, whose mean is near 5: hides
        faint noise, whose logarithm would move as much as an echo's.
    """

    CHANNELS = 5

    def __init__(self, fmt: PingFormat = PingFormat(), bin_step: int = 4,
                 floor: float = 0.1) -> None:
        super().__init__()
        self.floor = floor
        self.spectrogram = Spectrogram(fmt, bin_step)
        chirp = torch.from_numpy(linear_chirp(fmt)).double()
        self.register_buffer('chirp', (chirp / chirp.norm())[None, None].float(),
                             persistent=False)
        ramp = torch.linspace(-1, 1, self.spectrogram.frames)
        ramp = ramp.expand(1, 1, self.spectrogram.bins, -1).clone()
        self.register_buffer('ramp', ramp, persistent=False)

    def forward(self, waveform: Tensor) -> Tensor:
        """Map (N, 2, window) to (N, CHANNELS, bins, frames)."""
        power = waveform.square().mean(dim=(1, 2), keepdim=True)
        waveform = waveform * torch.rsqrt(power.clamp_min(1e-14))
        both = torch.cat([waveform, self.compress(waveform)], dim=1)
        real, imag = self.spectrogram(both)
        energy = real.square() + imag.square()
        # Half the log of the energy is the log of the magnitude, without its square root; and
        # half of that again, so that inputs are of the size that networks start well with.
        level = 0.25 * torch.log(energy + self.floor**2)
        return torch.cat([level, self.ramp.expand(waveform.shape[0], -1, -1, -1)], dim=1)

    def compress(self, waveform: Tensor) -> Tensor:
        """Turn each sweep into a pulse where the sweep began; (N, ears, window)."""
        count, ears, length = waveform.shape
        single = waveform.reshape(count * ears, 1, length)
        single = functional.pad(single, (0, self.chirp.shape[2] - 1))
        return functional.conv1d(single, self.chirp).reshape(count, ears, length)
