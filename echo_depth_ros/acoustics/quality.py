# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Judge a window before anything is made of it."""

from dataclasses import dataclass
import math
from typing import NamedTuple, Optional, Union

import numpy as np

from echo_depth_ros.acoustics.arrival import GUARD, refine_peak
from echo_depth_ros.acoustics.checks import check_window, check_window_shape
from echo_depth_ros.acoustics.foreign import find_foreign, ForeignChirp
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.pulse import compress, received_snr_db

__all__ = ['Quality', 'assess', 'check_window']

NUMBERS = 'numbers'
SILENT = 'silent'
CLIPPED = 'clipped'
IMBALANCE = 'imbalance'
SNR = 'snr'
LEVEL = 'level'
FOREIGN = 'foreign'
KINDS = (NUMBERS, SILENT, CLIPPED, IMBALANCE, SNR, LEVEL, FOREIGN)
"""What may be wrong with a window, in the order in which it is looked for."""

CLIPPED_AT = 0.999
"""Magnitude, of full scale 1.0, from which a sample counts as clipped."""
CLIPPED_FRACTION = 0.001
"""Share of samples of the worse ear that may be clipped."""
SILENT_PEAK = 1e-4
"""A window that never exceeds this (-80 dB of full scale) comes from a muted microphone."""
IMBALANCE_DB = 30.0
"""Ears that differ by more are not two ears of one head: one of them is dead or covered."""

_DIRECT_REACH = 16
"""Samples around its place within which the direct sound's level is looked for."""


@dataclass(frozen=True)
class Quality:
    """
    What a window is worth.

    :ivar snr_db: of the direct sound, as :func:`pulse.received_snr_db` defines it.
    :ivar clipped_fraction: share of clipped samples in the worse ear.
    :ivar peak: largest magnitude in either ear, of full scale 1.0.
    :ivar imbalance_db: level of the left ear against the right.
    :ivar problem: what is wrong and what to do, or ``None`` where nothing is.
    :ivar direct_level_db: level of the chirp by the direct path at the left and the right ear,
        peak in dB of full scale: its gain times the amplitude that it is played with, as
        calibration measures it.
    :ivar kind: one of :data:`KINDS`, which says of what kind the problem is; None without one.
    :ivar foreign: somebody else's chirp, where one was looked for and found.
    """

    snr_db: float
    clipped_fraction: float
    peak: float
    imbalance_db: float
    problem: str | None
    direct_level_db: tuple[float, float] = (math.nan, math.nan)
    kind: str | None = None
    foreign: ForeignChirp | None = None


def assess(window: np.ndarray, fmt: PingFormat, min_snr_db: float = 0.0,
           snr_db: float | None = None, *,
           min_direct_level_db: Union[float, tuple[float, float]] = -math.inf,
           look_for_foreign: bool = True) -> Quality:
    """
    Judge a window.

    :param window: float array of shape ``(2, fmt.window)``, direct sound on
        ``fmt.direct_index``.
    :param fmt: the ping that was played.
    :param min_snr_db: a direct sound weaker than this is a problem.
    :param snr_db: of the direct sound, where it is known already; measured otherwise.
    :param min_direct_level_db: least :attr:`Quality.direct_level_db`, of both ears or of each:
        what calibration measured less a tolerance.
    :param look_for_foreign: False saves the search for somebody else's chirp; it does not count
        as a problem then.
    :returns: the figures, and the first problem found in words and by kind.
    :raises WindowError: when the shape or type is wrong. NaN is a problem, not an error.
    """
    check_window_shape(window, fmt)
    nan = float('nan')
    bad = window.size - int(np.count_nonzero(np.isfinite(window)))
    if bad:
        return Quality(nan, nan, nan, nan, (
            f'{bad} of {window.size} samples are NaN or infinite: check the audio driver'),
            kind=NUMBERS)
    magnitude = np.abs(window)
    peak = float(magnitude.max())
    clipped = float(np.mean(magnitude >= CLIPPED_AT, axis=1).max())
    level = np.sqrt(np.mean(window.astype(np.float64)**2, axis=1)) + 1e-9
    imbalance = float(20 * np.log10(level[0] / level[1]))
    response = compress(window, fmt)
    if snr_db is None:
        snr_db = received_snr_db(
            window, response, [fmt.direct_index] * 2,
            slice(0, fmt.direct_index - GUARD), fmt)
    direct = _direct_level(response, fmt)
    problem = (
        _problem(peak, clipped, imbalance, snr_db, min_snr_db)
        or _level_problem(direct, min_direct_level_db))
    foreign = find_foreign(window, fmt) if look_for_foreign and not silence(peak) else None
    if foreign is not None:
        problem = problem or foreign_problem(foreign, fmt)
    return Quality(
        snr_db, clipped, peak, imbalance, problem.text if problem else None, direct,
        problem.kind if problem else None, foreign)


class Problem(NamedTuple):
    """What is wrong: one of :data:`KINDS`, and in words."""

    kind: str
    text: str


def foreign_problem(foreign: ForeignChirp, fmt: PingFormat) -> Problem:
    """Say that somebody else's chirp is in a window."""
    late = 1e3 * (foreign.index - fmt.direct_index) / fmt.sample_rate
    return Problem(FOREIGN, (
        f"somebody else's chirp sets in {late:.0f} ms after the direct sound; expected only "
        'echoes there: stop the other emitter, or give each robot its own ping rate and jitter'))


def silence(peak: float) -> str | None:
    """Say what is wrong with a recording whose largest magnitude is ``peak``, if it is silent."""
    if not peak < SILENT_PEAK:
        return None
    return (f'silent: peak {peak:.1g}, expected at least {SILENT_PEAK:g}: unmute the '
            'microphones or raise their gain')


def _direct_level(response: np.ndarray, fmt: PingFormat) -> tuple[float, float]:
    near = slice(fmt.direct_index - _DIRECT_REACH, fmt.direct_index + _DIRECT_REACH + 1)
    heights = (_height(np.abs(ear[near])) * fmt.chirp_amplitude for ear in response)
    left, right = (20 * math.log10(height + 1e-9) for height in heights)
    return left, right


def _height(pulse: np.ndarray) -> float:
    """Height of a pulse, also between samples, by the parabola through its top."""
    at = int(np.argmax(pulse))
    off = refine_peak(pulse, at) - at
    if off == 0:
        return float(pulse[at])
    return float(pulse[at] - (pulse[at - 1] - pulse[at + 1]) * off / 4)


def _problem(
        peak: float, clipped: float, imbalance: float, snr_db: float,
        min_snr_db: float) -> Optional[Problem]:
    silent = silence(peak)
    if silent:
        return Problem(SILENT, silent)
    if clipped > CLIPPED_FRACTION:
        return Problem(CLIPPED, (
            f'clipped: {clipped:.1%} of the samples at full scale, expected at most '
            f'{CLIPPED_FRACTION:.1%}: lower the gain of the microphones or the speaker'))
    if abs(imbalance) > IMBALANCE_DB:
        weak = 'right' if imbalance > 0 else 'left'
        return Problem(IMBALANCE, (
            f'{weak} ear is {abs(imbalance):.0f} dB below the other, expected at most '
            f'{IMBALANCE_DB:.0f} dB: check its microphone and cable'))
    if not snr_db >= min_snr_db:
        return Problem(SNR, (
            f'direct sound {snr_db:.0f} dB against the noise, expected at least '
            f'{min_snr_db:.0f} dB: raise the volume, or check that the speaker plays'))
    return None


def _level_problem(levels: tuple[float, float],
                   least: Union[float, tuple[float, float]]) -> Optional[Problem]:
    limits = np.broadcast_to(least, 2)
    weak = [not level >= limit for level, limit in zip(levels, limits)]
    if all(weak):
        return Problem(LEVEL, (
            f'direct sound at {levels[0]:.0f} dB of full scale in the left ear and '
            f'{levels[1]:.0f} dB in the right, expected at least {limits[0]:.0f} and '
            f'{limits[1]:.0f} dB: turn the volume back up, free what covers the speaker or the '
            'ears, or calibrate anew'))
    for ear, level, limit, is_weak in zip(('left', 'right'), levels, limits, weak):
        if is_weak:
            return Problem(LEVEL, (
                f'direct sound at {level:.0f} dB of full scale in the {ear} ear, expected at '
                f'least {limit:.0f} dB; the other ear hears it well: free that ear of what covers '
                'it, check its microphone, or calibrate anew'))
    return None
