# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Somebody else's chirp in a window: another robot's, or a second emitter on this one.

It is the same sweep, so it looks like an echo. What gives it away is physics. An echo loses level
with the length of its path, and the room's sound only decays once the early echoes are through; a
chirp that another speaker sends comes late and loud, and its own echoes and reverberation follow.
One window shows that where the foreign chirp comes after most of this robot's own early echoes,
as loud as they are. `benchmarks/foreign_chirps.py` tells how often.
From window to window echoes stay where they are, and a chirp with another rate moves, which shows
it at any delay as long as windows without it came before.
"""

from typing import NamedTuple, Optional

import numpy as np
from scipy.ndimage import maximum_filter1d

from echo_depth_ros.acoustics.arrival import first_at_ear, GUARD
from echo_depth_ros.acoustics.checks import check_window
from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND
from echo_depth_ros.acoustics.pulse import compress, RANGING_BASELINE

_SINCE = 0.0023
"""Seconds after the direct sound from which on a foreign chirp is told; before, everything is loud
and short of its echoes."""
_PULSE = 0.0006
"""Seconds that a pulse takes at both ears."""
_PATH_DB = 17.5
"""A foreign pulse, times its path, exceeds whatever came before it, times theirs, by this at
_PATH_SECONDS after the window's start, and ..."""
_PATH_SECONDS = 0.0227
_PATH_SLOPE_DB = 4.0
"""... by so much less for each doubling of the time: late echoes are many, and alike."""
_RISE_DB = 7.5
"""It is louder by this than anything in the _RISE_SECONDS before it."""
_RISE_SECONDS = 0.0116
_TAIL_DB = 4.8
"""Its own echoes are louder by this than what was heard for as long before it."""
_TAIL_SECONDS = 0.009
_COHERENCE = 0.75
"""All frequencies of a sweep arrive together; of a knock or a voice they do not."""

_BLOCK_SECONDS = 32 / 44100
"""Resolution of what ForeignWatch remembers."""
_BLOCKS = 8
"""Blocks over which it compares energy: a foreign chirp with its early echoes."""
_NEW_DB = 4.0
"""Energy that exceeds the loudest remembered at each place by this is new."""
_CREST_DB = 11.0
"""Its loudest pulse exceeds their mean by this."""
_REMEMBERED = 4
_LEAST = 2
_STANDS = 3
_LONGEST = 10
_MOVES = 16
"""Samples by which an echo moves from window to window at most, as the robot drives at 0.5 m/s."""
_FORGOTTEN = 40
"""Windows after which an echo that seemed foreign, and has not been found again, is forgotten."""


class ForeignChirp(NamedTuple):
    """
    A chirp that this robot did not send with its ping.

    :ivar index: sample of the window on which it arrives; by comparison with other windows, where
        it or an echo of it is loudest.
    :ivar excess_db: how far it exceeds what an echo may be there.
    """

    index: int
    excess_db: float


def find_foreign(window: np.ndarray, fmt: PingFormat) -> Optional[ForeignChirp]:
    """
    Find a foreign chirp in one window, where one window can show it.

    One that arrives before this ping's own early echoes have decayed, or much weaker than they
    are, looks like one of them and is not found.

    :param window: float array of shape ``(2, fmt.window)``, direct sound on
        ``fmt.direct_index``.
    :param fmt: the ping that was played.
    :returns: the one that exceeds an echo the most, or None.
    :raises WindowError: when the window is not a finite ``(2, fmt.window)`` float array.
    """
    check_window(window, fmt)
    return _find(compress(window, fmt, RANGING_BASELINE), fmt)


def _find(response: np.ndarray, fmt: PingFormat) -> Optional[ForeignChirp]:
    rate = fmt.sample_rate
    first = fmt.direct_index + round(_SINCE * rate)
    gap, rise, tail = (round(s * rate) for s in (_PULSE / 2, _RISE_SECONDS, _TAIL_SECONDS))
    power = np.sum(response**2, axis=0) + 1e-14
    size = power.size
    index = np.arange(size)
    path = np.maximum((index - fmt.direct_index) * SPEED_OF_SOUND / rate, 0) + fmt.direct_distance
    spread = power * path.astype(np.float32)**2
    so_far = np.maximum.accumulate(spread)
    # The loudest of the `rise` samples that end `gap` before each sample.
    recent = np.roll(maximum_filter1d(power, rise), gap + rise // 2)
    at = first + np.flatnonzero(
        (power[first:] > _ratio(_RISE_DB) * recent[first:])
        & (power[first:] == maximum_filter1d(power, 2 * GUARD + 1)[first:]))
    at = at[at < size - 2 * gap]
    if not at.size:
        return None
    since = np.maximum((at / rate - 0.04 * _PATH_SECONDS) / _PATH_SECONDS, 1e-3)
    total = np.concatenate(([0.0], np.cumsum(power, dtype=np.float64)))
    excess = np.minimum.reduce([
        _decibels(spread[at] / so_far[at - gap]) - _PATH_DB + _PATH_SLOPE_DB * np.log2(since),
        _decibels(power[at] / recent[at]) - _RISE_DB,
        2 * (_decibels(_mean(total, at + gap, at + tail) / _mean(total, at - tail, at - gap))
             - _TAIL_DB)])
    for best in np.argsort(-excess):
        if excess[best] <= 0:
            break
        if _is_chirp(response, int(at[best])):
            return ForeignChirp(int(at[best]), float(excess[best]))
    return None


class ForeignWatch:
    """
    Compares each window with those before it: echoes stay, foreign chirps come and move.

    For one robot's windows in their order, at whatever rate, without its own thread. The
    windows that a foreign chirp is found in are not remembered, so that one that goes on
    does not become the custom. What stays where it is for three windows is the room's, and is let
    pass for as long as it does; or it is a foreign chirp in step with this robot's own, which no
    comparison can tell from an echo: give the emitter some jitter. After a longer run of refusals
    all is forgotten. Levels are compared with the direct sound's, so that a soft start, or another
    volume, changes nothing.

    :param fmt: the ping that is played.
    """

    def __init__(self, fmt: PingFormat = PingFormat()):
        self._fmt = fmt
        self._block = round(_BLOCK_SECONDS * fmt.sample_rate)
        self.start_over()

    def start_over(self) -> None:
        """Forget all windows: the stream has a gap, or the robot was moved."""
        self._seen: list[np.ndarray] = []
        self._found: list[int] = []
        self._stood: dict[int, int] = {}

    def judge(self, window: np.ndarray) -> Optional[ForeignChirp]:
        """
        Look for a foreign chirp in the next window, by itself and against those before it.

        :param window: float array of shape ``(2, fmt.window)``, aligned.
        :returns: what was found, or None.
        :raises WindowError: when the window is not a finite ``(2, fmt.window)`` float array.
        """
        check_window(window, self._fmt)
        response = compress(window, self._fmt, RANGING_BASELINE)
        blocks = window.shape[1] // self._block
        power = np.sum(response[:, :blocks * self._block]**2, axis=0)
        direct = self._fmt.direct_index
        # A foreign chirp may lie on the direct sound, but not on every one.
        reference = power[direct - GUARD:direct + GUARD + 1].max() + 1e-14
        level = power.reshape(blocks, self._block).mean(axis=1) / reference + 1e-14
        found = self._compare(level, power, response) or _find(response, self._fmt)
        self._stood = {place: age + 1 for place, age in self._stood.items() if age < _FORGOTTEN}
        # A moving robot's echoes may have moved into the next block.
        widened = maximum_filter1d(level, 3)
        if found is None or self._is_of_the_room(found.index):
            self._found = []
            self._seen = [*self._seen, widened][-_REMEMBERED:]
            return None
        self._found.append(found.index)
        if self._stands():
            self._stood[found.index] = 0
        if found.index in self._stood or len(self._found) >= _LONGEST:
            self._seen, self._found = [widened], []
        return found

    def _is_of_the_room(self, index: int) -> bool:
        """Whether an echo stands there that has seemed foreign before, and follow it."""
        place = min(self._stood, key=lambda place: abs(place - index), default=None)
        if place is None or abs(place - index) > _MOVES:
            return False
        del self._stood[place]
        self._stood[index] = 0
        return True

    def _compare(self, level: np.ndarray, power: np.ndarray,
                 response: np.ndarray) -> Optional[ForeignChirp]:
        if len(self._seen) < _LEAST:
            return None
        known = np.max(self._seen, axis=0)
        run = np.ones(_BLOCKS)
        excess = _decibels(np.convolve(level, run, 'valid') / np.convolve(known, run, 'valid'))
        # The block of the direct sound itself is as it is.
        skipped = (self._fmt.direct_index + GUARD) // self._block + 1
        if excess.size <= skipped:  # a window that is hardly longer than the chirp
            return None
        best = skipped + int(np.argmax(excess[skipped:]))
        if excess[best] <= _NEW_DB:
            return None
        part = power[best * self._block:(best + _BLOCKS) * self._block]
        at = best * self._block + int(np.argmax(part))
        # Noise is new as well, but has no pulse that sticks out once it is compressed.
        if (part.max() < _ratio(_CREST_DB) * part.mean()
                or level[at // self._block] < _ratio(_NEW_DB) * known[at // self._block]
                or not _is_chirp(response, at)):
            return None
        return ForeignChirp(at, float(excess[best] - _NEW_DB))

    def _stands(self) -> bool:
        last = self._found[-_STANDS:]
        return len(last) == _STANDS and max(last) - min(last) <= 2 * self._block


def _is_chirp(response: np.ndarray, at: int) -> bool:
    """Whether the pulse there is a sweep's, in either ear."""
    return any(first_at_ear(ear, at, GUARD, 0.7).coherence >= _COHERENCE for ear in response)


def _mean(total: np.ndarray, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    start, stop = (np.clip(edge, 0, total.size - 1) for edge in (start, stop))
    return (total[stop] - total[start]) / np.maximum(stop - start, 1)


def _ratio(decibels: float) -> float:
    return 10**(decibels / 10)


def _decibels(ratio: np.ndarray) -> np.ndarray:
    return 10 * np.log10(ratio)
