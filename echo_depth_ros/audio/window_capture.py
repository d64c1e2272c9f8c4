# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Cut aligned windows out of a running stream, in time for their last sample."""

from typing import NamedTuple, Optional

import numpy as np

from echo_depth_ros.acoustics.checks import check_recording
from echo_depth_ros.acoustics.errors import NoChirpError
from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND
from echo_depth_ros.acoustics.sync import DirectSound, find_direct_sound
from echo_depth_ros.audio.interface import Microphones

_BEFORE = 192
"""Samples ahead of the search range, by which the noise floor is judged."""
_AFTER_SECONDS = 0.024
"""How long after the direct sound its loudest echo is waited for; what is left of the window
is the time in which the search can be done without delaying it."""
_QUIET = 256
_QUIET_DB = 6.0
_ONSET_DB = 10.0


class Capture(NamedTuple):
    """
    One aligned window.

    :ivar frame: of its first sample, on the microphones' counter.
    :ivar window: float32 (2, window).
    :ivar direct: the direct sound; its indices count from the start of the window.
    """

    frame: int
    window: np.ndarray
    direct: DirectSound


class WindowCapture:
    """
    Finds direct sounds in a stream as it comes, and waits for the windows that they begin.

    The direct sound is searched for while the echoes are still arriving, so that a window is
    complete as soon as its last sample is.
    """

    def __init__(self, microphones: Microphones, fmt: PingFormat, search: int):
        """
        Listen to ``microphones``.

        :param search: samples by which a direct sound may miss the place that its chirp's time
            promises.
        """
        self._microphones = microphones
        self._fmt = fmt
        self._search = search
        self._after = int(_AFTER_SECONDS * fmt.sample_rate)
        self._next: Optional[int] = None

    @property
    def travel(self) -> float:
        """Samples that a direct sound takes from the speaker to the ears."""
        return self._fmt.direct_distance / SPEED_OF_SOUND * self._fmt.sample_rate

    def after_chirp(self, frame: float, timeout: float) -> Capture:
        """
        Wait for the window of the chirp that left the speaker at ``frame``.

        :param timeout: seconds to wait for each of the two stretches that are read.
        :raises NoChirpError: it was not heard where it should have been.
        :raises AudioError: frames were lost or did not come; see ``Microphones.read``.
        """
        start = round(frame + self.travel) - self._search - _BEFORE
        return self._cut(start, (_BEFORE, _BEFORE + 2 * self._search), timeout)

    def left_speaker(self, capture: Capture) -> float:
        """Frame on which a captured chirp left the speaker, by when it was heard."""
        return capture.frame + capture.direct.index - self.travel

    def start_over(self) -> None:
        """Forget where the next chirp was expected by onset: the stream has a gap."""
        self._next = None

    def by_onset(self, timeout: float) -> Capture:
        """
        Wait for the next window without knowing when a chirp is played.

        Right after the start, and after every doubt, listening begins at the end of the longest
        quiet stretch of two windows: with one ping after the other that is just before a direct
        sound, and not between a direct sound and its echoes. A window at whose end something
        loud sets in has taken an echo for the direct sound, and is one such doubt.

        :param timeout: seconds to wait for each stretch that is read.
        :raises NoChirpError: nothing there; ask again.
        :raises AudioError: frames were lost or did not come; see ``Microphones.read``.
        """
        if self._next is None:
            self._next = self._quiet_moment(timeout)
        start, self._next = self._next, None
        reach = self._fmt.window // 2
        try:
            capture = self._cut(start, (_BEFORE, _BEFORE + reach), timeout)
        except NoChirpError:
            self._next = start + reach
            raise
        if _sets_in_late(capture.window, self._fmt):
            raise NoChirpError(
                'another chirp sets in before this window ends; expected one chirp per window: '
                'listening anew')
        self._next = capture.frame + self._fmt.window - _BEFORE
        return capture

    def _cut(self, start: int, search: tuple[int, int], timeout: float) -> Capture:
        count = search[1] + self._fmt.chirp_samples + self._after
        recording = self._microphones.read(start, count, timeout)
        direct = find_direct_sound(recording, self._fmt, search)
        offset = round(direct.index) - self._fmt.direct_index
        window = self._microphones.read(start + offset, self._fmt.window, timeout)
        return Capture(start + offset, window, DirectSound(
            index=direct.index - offset,
            ear_indices=tuple(ear - offset for ear in direct.ear_indices),
            snr_db=direct.snr_db, peak=direct.peak))

    def _quiet_moment(self, timeout: float) -> int:
        start = self._microphones.end_frame
        recording = self._microphones.read(start, 2 * self._fmt.window, timeout)
        check_recording(recording)
        power = _power(recording)
        end = _longest_run(power <= 10**(_QUIET_DB / 10) * power.min())
        return start + (end - 1) * _QUIET - _BEFORE


def _power(recording: np.ndarray) -> np.ndarray:
    """Mean square of each stretch of 256 samples, both ears together."""
    blocks = recording.shape[1] // _QUIET
    return np.mean(recording[:, :blocks * _QUIET].reshape(2, blocks, _QUIET)**2, axis=(0, 2))


def _longest_run(flags: np.ndarray) -> int:
    """Return where the longest run of true values ends."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    starts, ends = edges[::2], edges[1::2]
    return int(ends[np.argmax(ends - starts)])


def _sets_in_late(window: np.ndarray, fmt: PingFormat) -> bool:
    """Whether the end of a window is louder than a moment in its second half."""
    power = _power(window[:, fmt.window // 2:][:, ::-1])
    loudest = np.maximum.accumulate(power)
    return bool((loudest > 10**(_ONSET_DB / 10) * (power + 1e-12)).any())
