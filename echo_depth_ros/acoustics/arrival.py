# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Arrivals in a compressed recording: which pulses stand out, and when exactly they came."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import fft

GUARD = 10
"""Samples on either side of a pulse that belong to it, even where its path took its highs."""
BACKGROUND = 96
"""Samples before the guard that tell how loud it was before an arrival."""
ONSET_DB = 14.0
"""An arrival stands this far out of what preceded it: noise does so once in 1e7 windows."""

_FLOOR_BLOCK = 64
_FLOOR_QUANTILE = 0.1
_TINY = 1e-14
_GATE = np.sqrt(np.hanning(34)[1:-1]).astype(np.float32)
_UPSAMPLE = 16
_TOP_BIN = 15
"""Of 17 bins of the gate's spectrum; above it (20 kHz) there is no sweep."""


class Arrival(NamedTuple):
    """
    One arrival at one ear.

    :ivar position: sample on which its sweep begins, with the fraction.
    :ivar height: magnitude of the compressed pulse.
    :ivar coherence: 1 where all frequencies agree on ``position``, 0.3 or so for noise.
    """

    position: float
    height: float
    coherence: float


def noise_floor(power: np.ndarray) -> float:
    """
    Level of the quietest tenth of a recording, a robust stand-in for its noise.

    :param power: 1-D array, squares of a compressed recording.
    :returns: mean square, never zero.
    """
    blocks = power[:power.size // _FLOOR_BLOCK * _FLOOR_BLOCK].reshape(-1, _FLOOR_BLOCK)
    levels = np.sort(blocks.mean(axis=1)) if blocks.size else np.array([power.mean()])
    return float(levels[int(_FLOOR_QUANTILE * levels.size)]) + _TINY


def level_before(power: np.ndarray, lo: int, hi: int, span: int = BACKGROUND) -> np.ndarray:
    """
    Mean of the ``span`` samples that end ``GUARD`` before each sample of ``lo..hi``.

    :param power: 1-D array; ``lo`` is above ``GUARD``.
    :returns: array of length ``hi - lo``.
    """
    total = np.concatenate(([0.0], np.cumsum(power, dtype=np.float64)))
    stop = np.arange(lo, hi) - GUARD
    start = np.maximum(stop - span, 0)
    return (total[stop] - total[start]) / (stop - start)


def pulses(power: np.ndarray, least: np.ndarray, lo: int) -> Iterator[int]:
    """
    Local maxima of ``power`` above a threshold, in order of time, at least a guard apart.

    :param power: 1-D array.
    :param least: the threshold for samples ``lo`` and on.
    """
    tried = lo
    for at in lo + np.flatnonzero(power[lo:lo + least.size] > least):
        if at < tried:
            continue
        peak = int(at) + int(np.argmax(power[at:at + GUARD]))
        tried = peak + GUARD
        if peak > at or power[peak] >= power[peak - 1]:
            yield peak


def first_at_ear(
        response: np.ndarray, near: int, reach: int, fraction: float,
        noise: float = 0.0, since: int = 0) -> Arrival:
    """
    First pulse within ``reach`` samples of ``near`` that is a fraction of the highest there.

    :param response: one ear of a compressed recording.
    :param noise: mean square of its noise; a pulse lower than five times its root never counts,
        unless it is the highest.
    :param since: what came before this sample does not count.
    """
    lo = max(near - reach, since)
    part = np.abs(response[lo:near + reach + 1])
    highest = part.max()
    if highest <= 0:
        return Arrival(float(near), 0.0, 0.0)
    least = min(max(fraction * highest, 5 * noise**0.5), highest)
    at = int(np.argmax(part >= least))
    at += int(np.argmax(part[at:at + GUARD]))
    position, coherence = _by_phase(response, lo + at)
    return Arrival(position, float(part[at]), coherence)


def _by_phase(response: np.ndarray, coarse: int) -> tuple[float, float]:
    """
    Refine an arrival by the phase of its spectrum (GCC-PHAT, Knapp and Carter 1976).

    Whatever the path did to the level of the highs, phase tells when the sound came. Each
    frequency weighs as much as it stands out of the noise that precedes the arrival.
    """
    size = _GATE.size
    start = coarse - size // 2
    gated = np.zeros((2, size), np.float32)
    for row, begin in enumerate((start, start - size)):
        lo, hi = max(begin, 0), min(begin + size, response.size)
        if lo < hi:
            gated[row, lo - begin:hi - begin] = response[lo:hi]
    arrival, noise = fft.rfft(gated * _GATE)[:, :_TOP_BIN]
    power = arrival.real**2 + arrival.imag**2
    weight = power / (power + np.vdot(noise, noise).real / _TOP_BIN + 1e-20)
    phase = arrival * (weight / np.sqrt(power + 1e-20))
    # No sweep at 0 Hz.
    phase[0] = weight[0] = 0
    fine = np.abs(fft.ifft(phase, size * _UPSAMPLE))
    centre, span = size // 2 * _UPSAMPLE, 4 * _UPSAMPLE
    near = fine[centre - span:centre + span + 1]
    at = int(np.argmax(near))
    coherence = float(near[at]) * fine.size / (float(weight.sum()) + 1e-20)
    return coarse + refine_peak(near, at) / _UPSAMPLE - span / _UPSAMPLE, coherence


def refine_peak(values: np.ndarray, index: int) -> float:
    """
    Sub-sample position of a local maximum, by the parabola through it and its neighbours.

    :param values: 1-D array.
    :param index: sample of the maximum.
    :returns: position in samples; ``index`` itself at the ends or where no maximum is.
    """
    if not 0 < index < len(values) - 1:
        return float(index)
    before, at, after = (float(v) for v in values[index - 1:index + 2])
    curvature = before - 2 * at + after
    if curvature >= 0:
        return float(index)
    return index + min(max((before - after) / (2 * curvature), -0.5), 0.5)
