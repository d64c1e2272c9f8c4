# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Play chirps to the ears of a robot: silence first, then louder and louder, then for real."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
import math
from random import Random
import time

import numpy as np

from echo_depth_ros.acoustics.calibration.clipping import clipped_at
from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.audio.errors import AudioError, GapError, OverrunError, ReadTimeoutError

SILENCE = 1.5
"""Seconds that are listened to before anything is played."""
_STEPS_DB = (-30, -24, -18, -12, -6, 0)
_PER_STEP = 2
_LEAST_HEADROOM_DB = 8.0
_PAUSES = (0.3, 0.5)
"""Uneven, so that the loop delay is known beyond doubt; 0.3 s of echoes decay in between."""
_TAIL = 0.7
_PIECE = 0.1
_PATIENCE = 2.0
_ATTEMPTS = 4
_SETTLE = 0.3


class CalibrationError(AudioError):
    """The chirps could not be played, or not be heard without a gap."""


@dataclass(frozen=True, eq=False)
class Take:
    """
    What was played and heard.

    :ivar silence: before anything was played, float32 (2, m).
    :ivar recording: of the chirps that count, float32 (2, n).
    :ivar chirps: samples of it on which they would have been heard, had nothing taken any time.
    :ivar amplitude: peak of these chirps.
    :ivar clipped: whether louder ones clipped, and were given up.
    :ivar tap: while somebody tapped the left ear, float32 (2, k), or None.
    """

    silence: np.ndarray
    recording: np.ndarray
    chirps: list[int]
    amplitude: float
    clipped: bool
    tap: np.ndarray | None = None


class SoftStart:
    """
    Plays and listens; every sound is followed by its echoes before the next is played.

    :ivar speaker: as :class:`~echo_depth_ros.audio.interface.Speaker`.
    :ivar microphones: as :class:`~echo_depth_ros.audio.interface.Microphones`, plus
        ``chirp_frame(stamp)``, the frame on which a sound of that stamp would be heard at once.
    """

    def __init__(self, speaker, microphones, fmt: PingFormat, *,
                 stream: Callable[[], object] = lambda: None,
                 problem: Callable[[], str] = lambda: '',
                 say: Callable[[str], None] = print, random: Random | None = None):
        """
        Prepare; nothing is played yet.

        :param stream: anything that changes when the stream lost something or was opened anew.
        :param problem: why nothing comes in, in words.
        :param say: tells the user how far it has come.
        """
        self.speaker, self.microphones, self._fmt = speaker, microphones, fmt
        self._stream, self._problem, self._say = stream, problem, say
        self._random = random or Random()

    def take(self, max_level: float, pings: int, tap_seconds: float = 0.0) -> Take:
        """
        Listen, find the level, play the chirps that count, and have the left ear tapped.

        :param max_level: peak that no chirp exceeds, of full scale 1.0.
        :param tap_seconds: how long to listen for taps; 0 not to ask for any.
        :raises CalibrationError: when the stream keeps losing samples, or gives none.
        """
        tap = None
        if tap_seconds:
            self._say(f'tap the LEFT ear with a fingernail, a few times, now ({tap_seconds:g} s)')
            tap = self._unbroken(lambda: self._listen(tap_seconds))
        self._say(f'quiet, please: listening to the noise for {SILENCE:g} s')
        silence = self._unbroken(lambda: self._listen(SILENCE))
        amplitude, clipped = self._rise(max_level)
        self._say(f'playing {pings} chirps of amplitude {amplitude:.2g}')
        recording, chirps = self._unbroken(lambda: self._play(amplitude, pings))
        return Take(silence, recording, chirps, amplitude, clipped, tap)

    def _rise(self, max_level: float) -> tuple[float, bool]:
        """Return the loudest level with some head-room, and whether the next one clipped."""
        best = max_level * 10**(_STEPS_DB[0] / 20)
        for step in _STEPS_DB:
            level = max_level * 10**(step / 20)
            heard, _ = self._unbroken(lambda level=level: self._play(level, _PER_STEP))
            peak = 20 * math.log10(float(np.abs(heard).max()) + 1e-9)
            if any(not math.isnan(clipped_at(ear)) for ear in heard):
                self._say(f'  amplitude {level:.3f}: clips at {peak:.1f} dBFS; '
                          'that is loud enough')
                return best, True
            self._say(f'  amplitude {level:.3f}: peaks at {peak:.1f} dBFS')
            best = level
            if -peak < _LEAST_HEADROOM_DB:
                return best, False
        return best, False

    def _play(self, amplitude: float, count: int) -> tuple[np.ndarray, list[int]]:
        """Play chirps one after the other; return what was heard, and their samples of it."""
        samples = linear_chirp(replace(
            self._fmt, sample_rate=self.speaker.sample_rate, chirp_amplitude=amplitude))
        rate = self.microphones.sample_rate
        start = at = self.microphones.end_frame
        pieces, chirps = [], []
        for index in range(count):
            played = self.speaker.play(samples)
            frame = self.microphones.chirp_frame(played.stamp)
            chirps.append(frame - start)
            pause = _TAIL if index == count - 1 else self._random.uniform(*_PAUSES)
            for piece in self._pieces(at, frame + round(pause * rate)):
                pieces.append(piece)
                at += piece.shape[1]
        return np.concatenate(pieces, axis=1), chirps

    def _listen(self, seconds: float) -> np.ndarray:
        start = self.microphones.end_frame
        stop = start + round(seconds * self.microphones.sample_rate)
        return np.concatenate(list(self._pieces(start, stop)), axis=1)

    def _pieces(self, start: int, stop: int) -> Iterator[np.ndarray]:
        """Read in small pieces, so that no ring overruns."""
        longest = round(_PIECE * self.microphones.sample_rate)
        while start < stop:
            count = min(longest, stop - start)
            yield self.microphones.read(start, count, _PATIENCE)
            start += count

    def _unbroken(self, action):
        """Do something on a stream that loses nothing meanwhile, again if need be."""
        reason = ''
        for _ in range(_ATTEMPTS):
            before = self._stream()
            try:
                result = action()
            except ReadTimeoutError as error:
                raise CalibrationError(
                    f'no sound comes in: {self._problem() or error}; try `echo-depth devices`'
                    ) from error
            except (GapError, OverrunError) as error:
                reason = str(error)
            else:
                if self._stream() == before:
                    return result
                reason = 'the stream lost samples or was opened anew'
            self._say(f'  once more: {reason}')
            # A stream that was just opened loses a few blocks before it runs.
            time.sleep(_SETTLE)
        raise CalibrationError(
            f'{_ATTEMPTS} times in a row {reason}; expected a stream without gaps: close what '
            'else uses the card or the processor, or give a larger --latency')
