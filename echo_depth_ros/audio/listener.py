# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Listen for chirps where they must be, or anywhere until that is known."""

from typing import Optional

from echo_depth_ros.acoustics.errors import NoChirpError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.audio.interface import Microphones
from echo_depth_ros.audio.loop_delay import LoopDelay
from echo_depth_ros.audio.window_capture import Capture, WindowCapture

LONGEST_DELAY = 0.4
"""Seconds from a chirp to its direct sound, at most: sound servers buffer as much."""
SHORTEST_DELAY = 0.03
"""Seconds by which a chirp may seem to be heard before it is played."""


class Listener:
    """
    Windows from microphones, with and without knowing when chirps were played.

    While the loop delay is unknown chirps are found by their onset; those windows are as good as
    any, and they teach the delay. Once it is known, only a few samples around the place of each
    chirp are searched, so that an echo or a stranger's chirp is not taken for it.
    """

    def __init__(self, microphones: Microphones, fmt: PingFormat, search: int,
                 loop_delay: Optional[float] = None):
        """
        Listen to ``microphones``.

        :param search: samples by which a direct sound may miss its place.
        :param loop_delay: samples from a chirp's frame to its sound at the microphones, the way
            through the air left out; None to learn it.
        """
        self.delay = LoopDelay(
            search, max(search, round(LONGEST_DELAY * fmt.sample_rate)), loop_delay,
            min(-search, round(-SHORTEST_DELAY * fmt.sample_rate)))
        self._windows = WindowCapture(microphones, fmt, search)

    @property
    def knows_where(self) -> bool:
        """Whether :meth:`hear_chirp` can be asked."""
        return self.delay.known is not None

    def doubt(self) -> None:
        """Note that the stream lost frames, or was opened anew; the next ping tells."""
        self.delay.doubt()
        self.start_over()

    def start_over(self) -> None:
        """Have :meth:`hear_any` begin with the present: what came meanwhile is of no use."""
        self._windows.start_over()

    def hear_chirp(self, frame: int, timeout: float) -> Capture:
        """
        Wait for the window of the chirp of that frame.

        :raises NoChirpError: it was not heard; after three of them the delay is learned anew.
        :raises AudioError: see ``Microphones.read``.
        """
        expected = frame + self.delay.known
        self.start_over()
        try:
            capture = self._windows.after_chirp(expected, timeout)
        except NoChirpError:
            self.delay.miss()
            raise
        self.delay.confirm(self._windows.left_speaker(capture) - expected)
        return capture

    def hear_any(self, timeout: float) -> Capture:
        """
        Wait for whatever chirp comes next.

        :raises NoChirpError: none came; ask again.
        :raises AudioError: see ``Microphones.read``.
        """
        capture = self._windows.by_onset(timeout)
        if not self.knows_where:
            self.delay.arrival(self._windows.left_speaker(capture))
        return capture
