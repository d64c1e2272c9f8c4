# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Judge a window before anything is made of it."""

from dataclasses import dataclass

import numpy as np

from echo_depth_ros.acoustics.arrival import GUARD
from echo_depth_ros.acoustics.checks import check_window, check_window_shape
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.pulse import compress, received_snr_db

__all__ = ['Quality', 'assess', 'check_window']

CLIPPED_AT = 0.999
"""Magnitude, of full scale 1.0, from which a sample counts as clipped."""
CLIPPED_FRACTION = 0.001
"""Share of samples of the worse ear that may be clipped."""
SILENT_PEAK = 1e-4
"""A window that never exceeds this (-80 dB of full scale) comes from a muted microphone."""
IMBALANCE_DB = 30.0
"""Ears that differ by more are not two ears of one head: one of them is dead or covered."""


@dataclass(frozen=True)
class Quality:
    """
    What a window is worth.

    :ivar snr_db: of the direct sound, as :func:`pulse.received_snr_db` defines it.
    :ivar clipped_fraction: share of clipped samples in the worse ear.
    :ivar peak: largest magnitude in either ear, of full scale 1.0.
    :ivar imbalance_db: level of the left ear against the right.
    :ivar problem: what is wrong and what to do, or ``None`` where nothing is.
    """

    snr_db: float
    clipped_fraction: float
    peak: float
    imbalance_db: float
    problem: str | None


def assess(window: np.ndarray, fmt: PingFormat, min_snr_db: float = 0.0,
           snr_db: float | None = None) -> Quality:
    """
    Judge a window.

    :param window: float array of shape ``(2, fmt.window)``, direct sound on
        ``fmt.direct_index``.
    :param fmt: the ping that was played.
    :param min_snr_db: a direct sound weaker than this is a problem.
    :param snr_db: of the direct sound, where it is known already; measured otherwise.
    :returns: the figures, and the first problem found in words.
    :raises WindowError: when the shape or type is wrong. NaN is a problem, not an error.
    """
    check_window_shape(window, fmt)
    nan = float('nan')
    bad = window.size - int(np.count_nonzero(np.isfinite(window)))
    if bad:
        return Quality(nan, nan, nan, nan, (
            f'{bad} of {window.size} samples are NaN or infinite: check the audio driver'))
    magnitude = np.abs(window)
    peak = float(magnitude.max())
    clipped = float(np.mean(magnitude >= CLIPPED_AT, axis=1).max())
    level = np.sqrt(np.mean(window.astype(np.float64)**2, axis=1)) + 1e-9
    imbalance = float(20 * np.log10(level[0] / level[1]))
    if snr_db is None:
        snr_db = received_snr_db(
            window, compress(window, fmt), [fmt.direct_index] * 2,
            slice(0, fmt.direct_index - GUARD), fmt)
    return Quality(
        snr_db, clipped, peak, imbalance,
        _problem(peak, clipped, imbalance, snr_db, min_snr_db))


def silence(peak: float) -> str | None:
    """Say what is wrong with a recording whose largest magnitude is ``peak``, if it is silent."""
    if not peak < SILENT_PEAK:
        return None
    return (f'silent: peak {peak:.1g}, expected at least {SILENT_PEAK:g}: unmute the '
            'microphones or raise their gain')


def _problem(
        peak: float, clipped: float, imbalance: float, snr_db: float,
        min_snr_db: float) -> str | None:
    silent = silence(peak)
    if silent:
        return silent
    if clipped > CLIPPED_FRACTION:
        return (f'clipped: {clipped:.1%} of the samples at full scale, expected at most '
                f'{CLIPPED_FRACTION:.1%}: lower the gain of the microphones or the speaker')
    if abs(imbalance) > IMBALANCE_DB:
        weak = 'right' if imbalance > 0 else 'left'
        return (f'{weak} ear is {abs(imbalance):.0f} dB below the other, expected at most '
                f'{IMBALANCE_DB:.0f} dB: check its microphone and cable')
    if not snr_db >= min_snr_db:
        return (f'direct sound {snr_db:.0f} dB against the noise, expected at least '
                f'{min_snr_db:.0f} dB: raise the volume, or check that the speaker plays')
    return None
