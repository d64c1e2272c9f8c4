# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What speakers, microphones and machines do to sounds and to their spectra."""

from functools import lru_cache
import math

import torch
from torch import Generator, Tensor

LOWEST_HZ, HIGHEST_HZ = 125.0, 16000.0
"""Between these the responses vary; beyond, they go on flat."""
KNOTS = 15
"""Half an octave apart."""
DB = math.log(10) / 20
"""Natural logarithm of the amplitude of one decibel."""
_HUM = (1, 2, 3, 5)
"""Harmonics of a motor."""


class Draw:
    """Random numbers, one or a shape of them for each sample of a batch."""

    def __init__(self, count: int, generator: Generator):
        self.count, self.generator = count, generator

    def __call__(self, low: float, high: float, *shape: int) -> Tensor:
        """Draw evenly between two limits, (B, *shape)."""
        return low + (high - low) * torch.rand(self.count, *shape, generator=self.generator)

    def about(self, most: float, *shape: int) -> Tensor:
        """Draw evenly between -most and most."""
        return self(-most, most, *shape)

    def chosen(self, share: float) -> Tensor:
        """Choose a share of the samples, (B,) bool."""
        return torch.rand(self.count, generator=self.generator) < share


def overload(waveform: Tensor, chosen: Tensor, excess_db: Tensor) -> Tensor:
    """
    Compress with a hyperbolic tangent, which leaves quiet sounds as they are.

    :param chosen: bool (B,), which samples.
    :param excess_db: (B,) peak of the window over the level at which compression sets in.
    """
    if not chosen.any():
        return waveform
    loud = waveform[chosen]
    peak = loud.abs().amax((1, 2), keepdim=True).clamp_min(1e-9)
    limit = peak * torch.exp(-DB * excess_db[chosen])[:, None, None]
    waveform = waveform.clone()
    waveform[chosen] = limit * torch.tanh(loud / limit)
    return waveform


def add_noise(spectrum: Tensor, length: int, size: int, chosen: Tensor, snr_db: Tensor,
              draw: Draw, sample_rate: int) -> None:
    """
    Add noise to the spectra of some samples, in place: white, as of rooms or as of motors.

    :param spectrum: complex (B, 2, size // 2 + 1) of windows padded from ``length`` to ``size``.
    :param chosen: bool (B,), which samples.
    :param snr_db: (B,) RMS of the window over RMS of the noise.
    """
    rows = chosen.nonzero()[:, 0]
    kind = (draw(0, 3)[rows]).long()
    pitch = draw(150, 600)[rows] * size / sample_rate
    if not len(rows):
        return
    bins = spectrum.shape[2]
    frequencies = torch.arange(bins) * sample_rate / size
    shapes = torch.stack([
        torch.ones(bins), frequencies.clamp_min(60).rsqrt(),
        1 / (1 + (frequencies / 2500).square())])
    shapes[:, 0] = 0  # no converter passes a constant
    shape = shapes[kind]
    noise = torch.randn(len(rows), 2, bins, 2, generator=draw.generator)
    hums = (kind == 2).nonzero()[:, 0]
    noise[hums, 1] = noise[hums, 0]
    for harmonic in _HUM:
        line = (harmonic * pitch[hums]).round().long()
        # As strong as 200 bins of hiss over the harmonic's number; a motor's tone is steady.
        shape[hums, line] += 200 ** 0.5 * 2 / harmonic
        tones = noise[hums, :, line]
        noise[hums, :, line] = tones * (2 ** 0.5 / tones.norm(dim=-1, keepdim=True))
    # Spectra of a window of RMS r in a longer frame: energy r² · length, as Parseval has it.
    norm = torch.linalg.vector_norm(torch.view_as_real(spectrum).flatten(1), dim=1)[rows]
    level = norm / (size * length) ** 0.5 * torch.exp(-DB * snr_db[rows])
    # Real and imaginary part of a bin have variance shape² each; twice over half the bins.
    own = (shape.square().sum(1) * 4 / size ** 2).sqrt()
    scale = shape * (level / own)[:, None]
    noise *= scale[:, None, :, None]
    spectrum.index_add_(0, rows, torch.view_as_complex(noise))


def fast_length(least: int) -> int:
    """Smallest product of twos and at most one three and one five that is large enough."""
    candidates = (factor << power for factor in (1, 3, 5, 15) for power in range(1, 32))
    return min(size for size in candidates if size >= least)


@lru_cache(maxsize=8)
def omega(size: int) -> Tensor:
    """Radians per sample of each bin, (size // 2 + 1,)."""
    return 2 * math.pi * torch.arange(size // 2 + 1) / size


@lru_cache(maxsize=8)
def minimum_phase_basis(size: int, sample_rate: int) -> tuple[Tensor, Tensor]:
    """
    Bumps of gain half an octave wide, and the phase that each brings, (knots, bins) twice.

    The logarithm of a minimum-phase response is linear in its logarithmic gain: its phase is the
    negative Hilbert transform of it (Oppenheim and Schafer, *Discrete-Time Signal Processing*,
    12.4). So one basis serves every response: exp(levels @ (gains + j phases)).
    """
    finer = 8  # the transform is periodic too; on a finer grid that does not matter
    full = size * finer
    frequencies = torch.arange(full // 2 + 1, dtype=torch.float64) * sample_rate / full
    octaves = torch.log2(frequencies.clamp_min(1) / LOWEST_HZ)
    position = octaves / math.log2(HIGHEST_HZ / LOWEST_HZ) * (KNOTS - 1)
    distance = (position.clamp(0, KNOTS - 1) - torch.arange(KNOTS)[:, None]).abs().clamp(max=1)
    gains = 0.5 + 0.5 * torch.cos(math.pi * distance)
    cepstrum = torch.fft.irfft(gains.to(torch.complex128), full)
    cepstrum[:, 1:full // 2] *= 2
    cepstrum[:, full // 2 + 1:] = 0
    phases = torch.fft.rfft(cepstrum, full).imag
    return gains[:, ::finer].float().contiguous(), phases[:, ::finer].float().contiguous()
