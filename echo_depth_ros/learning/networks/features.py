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
    are stored, and the exported graph holds a plain ``Conv``. It runs over blocks of one hop, a
    block's samples being its channels: a convolution of one channel would be several times
    slower. ``bin_step`` keeps every so many rows: 512/64 oversamples frequency eight times, and
    two times is all that a magnitude needs.

    :param fmt: gives n_fft, window and hop; the window must be a multiple of the hop.
    :param bin_step: keep bins 0, bin_step, 2 bin_step, …
    """

    def __init__(self, fmt: PingFormat = PingFormat(), bin_step: int = 1) -> None:
        super().__init__()
        self.hop, self.taps = fmt.stft_hop, fmt.stft_window
        if self.taps % self.hop:
            raise ValueError(f'stft_window is {self.taps}; expected a multiple of stft_hop, '
                             f'{self.hop}')
        offset = (fmt.n_fft - self.taps) // 2
        # Reflecting n_fft/2 samples and dropping the taps that are zero is reflecting less.
        self.reach = fmt.n_fft // 2 - offset
        self.bins = len(range(0, fmt.n_fft // 2 + 1, bin_step))
        self.frames = self.frames_of(fmt.window)
        taps = torch.arange(self.taps, dtype=torch.float64)
        hann = torch.hann_window(self.taps, periodic=True, dtype=torch.float64)
        bins = torch.arange(0, fmt.n_fft // 2 + 1, bin_step, dtype=torch.float64)
        angle = 2 * math.pi / fmt.n_fft * bins[:, None] * (taps + offset)
        kernels = torch.cat([hann * torch.cos(angle), -hann * torch.sin(angle)])
        blocks = kernels.unflatten(1, (-1, self.hop)).transpose(1, 2)
        self.register_buffer('kernels', blocks.contiguous().float(), persistent=False)

    def frames_of(self, length: int) -> int:
        """Frames of a signal of so many samples."""
        return length // self.hop + 1

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        """
        Transform a batch of windows of any length.

        :param waveform: (N, signals, length).
        :returns: real and imaginary part, each (N, signals, bins, frames).
        """
        count, signals, length = waveform.shape
        frames = self.frames_of(length)
        single = waveform.reshape(count * signals, 1, length)
        padded = functional.pad(single, (self.reach, self.reach), mode='reflect')
        used = padded[:, 0, :(frames - 1) * self.hop + self.taps]
        blocks = used.reshape(count * signals, -1, self.hop).transpose(1, 2)
        parts = functional.conv1d(blocks, self.kernels)
        parts = parts.reshape(count, signals, 2, self.bins, frames)
        return parts[:, :, 0], parts[:, :, 1]


class MatchedFilter(nn.Module):
    """
    Turn each sweep into a pulse on the sample where the sweep began.

    Correlation with the emitted sweep of unit energy, in blocks as :class:`Spectrogram`.

    :param fmt: the ping.
    """

    BLOCK = 16

    def __init__(self, fmt: PingFormat = PingFormat()) -> None:
        super().__init__()
        chirp = torch.from_numpy(linear_chirp(fmt)).double()
        chirp = (chirp / chirp.norm()).float()
        block = self.BLOCK
        self.ahead = -(-(len(chirp) + block - 1) // block) - 1
        # Output sample q of a block hears sample p of the j-th block on: tap 16 j + p - q.
        tap = (block * torch.arange(self.ahead + 1) + torch.arange(block)[:, None]
               - torch.arange(block)[:, None, None])
        inside = (tap >= 0) & (tap < len(chirp))
        kernels = torch.where(inside, chirp[tap.clamp(0, len(chirp) - 1)], 0.0)
        self.register_buffer('kernels', kernels, persistent=False)

    def forward(self, waveform: Tensor) -> Tensor:
        """Keep the shape, (N, ears, length)."""
        count, ears, length = waveform.shape
        # Rounded up; the exporter would round -length // BLOCK the other way.
        blocks = (length + self.BLOCK - 1) // self.BLOCK
        single = waveform.reshape(count * ears, length)
        padding = (blocks + self.ahead) * self.BLOCK - length
        padded = functional.pad(single, (0, padding))
        parts = padded.reshape(count * ears, -1, self.BLOCK).transpose(1, 2)
        pulses = functional.conv1d(parts, self.kernels).transpose(1, 2)
        return pulses.reshape(count, ears, -1)[..., :length]


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
        self.compress = MatchedFilter(fmt)
        self.last_frame = self.spectrogram.frames - 1

    def forward(self, waveform: Tensor) -> Tensor:
        """Map (N, 2, length) to (N, CHANNELS, bins, frames)."""
        power = waveform.square().mean(dim=(1, 2), keepdim=True)
        waveform = waveform * torch.rsqrt(power.clamp_min(1e-14))
        both = torch.cat([waveform, self.compress(waveform)], dim=1)
        real, imag = self.spectrogram(both)
        energy = real.square() + imag.square()
        # Half the log of the energy is the log of the magnitude, without its square root; and
        # half of that again, so that inputs are of the size that networks start well with.
        level = 0.25 * torch.log(energy + self.floor**2)
        # In units of the ping's own window, so that a delay looks the same in a longer one.
        time = torch.arange(level.shape[3], device=level.device) * (2 / self.last_frame) - 1
        ramp = time.to(level.dtype).expand(level.shape[0], 1, level.shape[2], -1)
        return torch.cat([level, ramp], dim=1)
