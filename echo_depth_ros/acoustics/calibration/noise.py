# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How loud it is, and at which frequencies, while nobody plays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import welch

from echo_depth_ros.acoustics.errors import WindowError

OCTAVES = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0)
"""Centres of the octave bands in Hz."""
_LONGEST = 4096
_SHORTEST = 256
_QUIETEST = 1e-20
_SAME = 1e-4


@dataclass(frozen=True, eq=False)
class NoiseFloor:
    """
    What the ears hear when nothing is played.

    Levels are the root mean square in dB of full scale 1.0, an offset of the converter left out;
    a sine of full scale is at -3 dB.

    :ivar level_db: of the left and the right ear, all frequencies, (2,).
    :ivar octave_db: the same in octave bands around :data:`OCTAVES`, (2, 9); NaN where the
        stretches are too short to tell.
    :ivar frequency: Hz of the spectrum, (k,).
    :ivar density: mean square per Hz, (2, k).
    :ivar offset: mean of each ear, (2,).
    :ivar seconds: how long was listened.
    :ivar alike: whether both channels carry the very same signal.
    """

    level_db: np.ndarray
    octave_db: np.ndarray
    frequency: np.ndarray
    density: np.ndarray
    offset: np.ndarray
    seconds: float
    alike: bool


def noise_floor_of(parts: Sequence[np.ndarray], sample_rate: int) -> NoiseFloor:
    """
    Measure the noise in stretches in which nothing is played.

    :param parts: float arrays (2, n), n at least 256.
    :raises WindowError: when there is none that long.
    """
    parts = [part.astype(np.float64) for part in parts if part.shape[1] >= _SHORTEST]
    if not parts:
        raise WindowError(
            f'there is no stretch of {_SHORTEST} samples in which nothing is played; expected '
            'some silence before the first chirp, or before each: record a second of it first')
    length = min(_LONGEST, *(part.shape[1] for part in parts))
    weight = np.array([part.shape[1] for part in parts], float)
    spectra = [welch(part, sample_rate, nperseg=length, axis=1)[1] for part in parts]
    power = np.average([np.var(part, axis=1) for part in parts], axis=0, weights=weight)
    apart = np.average(
        [np.var(part[0] - part[1]) for part in parts], weights=weight)
    density = np.average(spectra, axis=0, weights=weight)
    frequency = np.fft.rfftfreq(length, 1 / sample_rate)
    return NoiseFloor(
        level_db=_decibels(power), octave_db=_octaves(frequency, density),
        frequency=frequency, density=density,
        offset=np.average([part.mean(axis=1) for part in parts], axis=0, weights=weight),
        seconds=float(weight.sum() / sample_rate),
        alike=bool(power.min() > _QUIETEST and apart < _SAME * power.mean()))


def quiet_parts(recording: np.ndarray, at: np.ndarray, sample_rate: int) -> list[np.ndarray]:
    """
    Cut out what precedes the first ping or, where that is short, what precedes each.

    :param at: samples on which pings begin, in order.
    """
    guard, long, short = (int(s * sample_rate) for s in (0.01, 0.25, 0.02))
    lead = int(at[0]) - guard
    if lead >= long:
        return [recording[:, :lead]]
    ends = [int(begin) - guard for begin in at]
    return [recording[:, max(end - short, 0):end] for end in ends if end >= _SHORTEST]


def _octaves(frequency: np.ndarray, density: np.ndarray) -> np.ndarray:
    bands = np.full((2, len(OCTAVES)), np.nan)
    step = frequency[1]
    for index, centre in enumerate(OCTAVES):
        low, high = centre / np.sqrt(2), min(centre * np.sqrt(2), frequency[-1])
        if high - low < 2 * step:
            continue
        # Each line of the spectrum stands for the frequencies half a step around it.
        share = np.clip((np.minimum(frequency + step / 2, high)
                         - np.maximum(frequency - step / 2, low)) / step, 0, 1)
        bands[:, index] = _decibels((density * share).sum(axis=1) * step)
    return bands


def _decibels(power: np.ndarray) -> np.ndarray:
    return 10 * np.log10(np.maximum(power, _QUIETEST))
