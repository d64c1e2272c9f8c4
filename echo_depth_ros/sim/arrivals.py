# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sounds on their way to one ear, and how they add up to an impulse response."""

from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.sparse import csr_matrix

from echo_depth_ros.sim.bands import crossover

OVERSAMPLING = 4


@dataclass(frozen=True)
class Arrivals:
    """
    A set of delayed, coloured copies of the emitted sound at one ear.

    :ivar delay: seconds after emission, shape (n,).
    :ivar gain: amplitude per octave band, shape (n, 8).
    """

    delay: np.ndarray
    gain: np.ndarray

    @classmethod
    def join(cls, parts: list['Arrivals']) -> 'Arrivals':
        """Put several sets together."""
        return cls(np.concatenate([part.delay for part in parts]),
                   np.concatenate([part.gain for part in parts]))


def accumulate(arrivals: Arrivals, samples: int, sample_rate: int) -> np.ndarray:
    """
    Spectrum of the impulse response that the arrivals make, shape (samples // 2 + 1,).

    Each arrival is placed between two points of a grid four times finer than the samples, and
    only the audible part of the fine grid's spectrum is kept: a band-limited fractional delay.
    Arrivals after the last sample are left out.
    """
    fine = OVERSAMPLING * samples
    position = arrivals.delay * sample_rate * OVERSAMPLING
    keep = position < fine - 1
    position = position[keep]
    gain = arrivals.gain[keep]
    first = position.astype(np.int64)
    weight = position - first
    column = np.arange(len(position))
    spread = csr_matrix(
        (np.concatenate([1 - weight, weight]),
         (np.concatenate([first, first + 1]), np.concatenate([column, column]))),
        shape=(fine, len(position)))
    grid = (spread @ gain).T
    half = samples // 2 + 1
    spectrum = fft.rfft(np.ascontiguousarray(grid, np.float32), axis=1)[:, :half]
    return np.einsum('bf,bf->f', spectrum, crossover_of(samples, sample_rate))


def minimum_phase(gain: np.ndarray, delay: float, samples: int, sample_rate: int) -> np.ndarray:
    """
    Spectrum of one arrival whose colour is causal, shape (samples // 2 + 1,), complex.

    :func:`accumulate` colours sounds with zero phase, which rings a little before each arrival.
    Before the direct sound there is nothing else to hear, so it is made the physical way: phase
    follows from the logarithm of the gain (folded cepstrum; Oppenheim and Schafer).

    :param gain: amplitude per octave band, shape (8,), positive.
    :param delay: seconds.
    """
    magnitude = gain @ crossover_of(samples, sample_rate)
    cepstrum = fft.irfft(np.log(magnitude), samples)
    fold = np.zeros(samples)
    fold[0] = fold[samples // 2] = 1
    fold[1:samples // 2] = 2
    spectrum = np.exp(fft.rfft(cepstrum * fold))
    return spectrum * np.exp(-2j * np.pi * fft.rfftfreq(samples, 1 / sample_rate) * delay)


_crossovers: dict[tuple[int, int], np.ndarray] = {}


def crossover_of(samples: int, sample_rate: int) -> np.ndarray:
    """Band weights on the bins of a real FFT of so many samples, shape (8, samples // 2 + 1)."""
    key = (samples, sample_rate)
    if key not in _crossovers:
        _crossovers[key] = crossover(fft.rfftfreq(samples, 1 / sample_rate))
    return _crossovers[key]
