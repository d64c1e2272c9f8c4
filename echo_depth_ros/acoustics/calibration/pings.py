# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Find every ping of a recording, and how long after its chirp each was heard."""

from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np

from echo_depth_ros.acoustics.errors import NoChirpError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.sync import DirectSound, find_direct_sound, PRE_ROLL

LONGEST_DELAY = 0.6
"""Seconds from a chirp to its direct sound, at most; sound servers buffer half a second."""
LEAST_DELAY = -0.1
"""Two streams that are matched by their clocks may seem to hear a chirp before it is played."""
MOST = 200
"""Pings of one recording that are looked at; more say nothing new."""
_STRETCH = 0.5
_BEFORE = 192
_AFTER = 0.027
_NEAR = 88
_AGREE = 44
_SAME_LEVEL_DB = 3.0


@dataclass(frozen=True, eq=False)
class Pings:
    """
    The pings of a recording that are as loud as most.

    :ivar at: sample on which each direct sound begins, mean of the ears that heard it, (n,).
    :ivar ears: the same for the left and the right ear, NaN where it did not, (n, 2).
    :ivar gains: of the direct path, heard over played, (n, 2).
    :ivar delays: samples from each chirp to its direct sound, (n,); None where nobody told when
        chirps were played.
    :ivar missed: chirps that were not heard; of a recording without chirp frames always 0.
    :ivar odd: pings that were more than 3 dB off the others, and are left out.
    :ivar ambiguous: whether other delays fit the chirps as well, for they came at a steady rate.
    """

    at: np.ndarray
    ears: np.ndarray
    gains: np.ndarray
    delays: np.ndarray | None
    missed: int
    odd: int
    ambiguous: bool = False

    def __len__(self) -> int:
        """Return how many."""
        return len(self.at)


def find_pings(
        recording: np.ndarray, fmt: PingFormat, chirps: Sequence[float] | None = None) -> Pings:
    """
    Find the direct sounds of a recording.

    :param recording: float array (2, n), full scale 1.0.
    :param chirps: samples of the recording on which the chirps would have been heard, had
        neither the electronics nor the air taken any time; None where that is not known.
    :raises WindowError: as :func:`~echo_depth_ros.acoustics.sync.find_direct_sound` does.
    :raises NoChirpError: when not a single chirp is heard.
    """
    found = _anywhere(recording, fmt)
    if not found:
        raise NoChirpError('no chirp is heard')
    if chirps is None:
        return _pings(found, None, 0, False)
    known = np.sort(np.asarray(chirps, float))
    delay, ambiguous = _common_delay(known, np.array([direct.index for direct in found]), fmt)
    heard, delays = [], []
    for chirp in known:
        direct = _near(recording, fmt, chirp + delay)
        if direct is not None:
            heard.append(direct)
            delays.append(direct.index - chirp)
    if not heard:
        raise NoChirpError('no chirp is heard')
    return _pings(heard, np.array(delays), len(known) - len(heard), ambiguous)


def _pings(found: list[DirectSound], delays, missed: int, ambiguous: bool) -> Pings:
    at = np.array([direct.index for direct in found])
    ears = np.array([direct.ear_indices for direct in found])
    gains = np.array([direct.peak for direct in found])
    level = 20 * np.log10(np.hypot(*gains.T) + 1e-12)
    same = np.abs(level - np.median(level)) <= _SAME_LEVEL_DB
    return Pings(at[same], ears[same], gains[same], None if delays is None else delays[same],
                 missed, int(np.count_nonzero(~same)), ambiguous)


def _anywhere(recording: np.ndarray, fmt: PingFormat) -> list[DirectSound]:
    """Find one ping after the other; the window of one ends before the next begins."""
    found: list[DirectSound] = []
    begin, samples = 0, recording.shape[1]
    stretch, after = int(_STRETCH * fmt.sample_rate), int(_AFTER * fmt.sample_rate)
    while begin < samples - PRE_ROLL - fmt.chirp_samples and len(found) < MOST:
        direct = _search(recording, fmt, begin, begin + stretch, after)
        if direct is None:
            begin += stretch
        else:
            found.append(direct)
            begin = math.ceil(direct.index) + fmt.window
    return found


def _near(recording: np.ndarray, fmt: PingFormat, expected: float) -> DirectSound | None:
    at = round(expected)
    return _search(recording, fmt, at - _NEAR, at + _NEAR, int(_AFTER * fmt.sample_rate))


def _search(
        recording: np.ndarray, fmt: PingFormat, first: int, last: int, after: int,
        ) -> DirectSound | None:
    """Find the first ping that begins from ``first`` to ``last``; indices of the recording."""
    lo = max(first - _BEFORE, 0)
    hi = min(last + after + fmt.chirp_samples, recording.shape[1])
    if hi - lo < PRE_ROLL + 2 * fmt.chirp_samples or last <= lo + PRE_ROLL:
        return None
    usable = hi - lo - fmt.chirp_samples // 2
    if max(first - lo, PRE_ROLL) >= usable:
        return None
    try:
        direct = find_direct_sound(recording[:, lo:hi], fmt, (first - lo, last - lo))
    except NoChirpError:
        return None
    return DirectSound(direct.index + lo, tuple(ear + lo for ear in direct.ear_indices),
                       direct.snr_db, direct.peak)


def _common_delay(
        chirps: np.ndarray, arrivals: np.ndarray, fmt: PingFormat) -> tuple[float, bool]:
    """Return the delay that most pairs agree on, and whether another one fits as well."""
    delays = np.sort((arrivals[:, None] - chirps[None, :]).ravel())
    rate = fmt.sample_rate
    delays = delays[(delays >= LEAST_DELAY * rate) & (delays <= LONGEST_DELAY * rate)]
    votes = np.searchsorted(delays, delays + _AGREE, 'right') - np.arange(delays.size)
    if votes.max(initial=0) < min(3, len(chirps)):
        raise NoChirpError(
            f'{len(arrivals)} chirps are heard, but not one delay below {LONGEST_DELAY} s after '
            f'the {len(chirps)} that were played fits three of them: they are of somebody else, '
            'or the frames of another recording')
    sooner = delays < -_AGREE
    # What is heard before it is played counts only where nothing else fits nearly as well.
    votes = np.where(sooner, np.maximum(votes - 2, 0), votes)
    # Of delays that fit as well the shortest: a steady rate leaves the delay open by periods.
    best = int(np.argmax(votes >= votes.max() - (1 if len(chirps) > 3 else 0)))
    group = delays[best:best + votes[best]]
    apart = np.abs(delays - np.median(group)) > 2 * _AGREE
    rivals = bool(np.any(votes[apart] >= max(votes.max() - 1, 2)))
    return float(np.median(group)), rivals
