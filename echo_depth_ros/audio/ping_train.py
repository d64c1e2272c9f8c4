# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Chirps at a steady rate, each on a frame that was chosen long before: nothing jitters."""

from dataclasses import replace
from random import Random
from typing import Optional

import numpy as np

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.audio.errors import AudioError
from echo_depth_ros.audio.interface import Played, Speaker

SLACK = 0.08
"""Seconds by which a chirp is handed over earlier than it must be, for the sake of late timers."""
SOFTEST = 0.1
"""Share of the amplitude with which a soft start begins."""
_LONGEST_TICK = 0.1


class PingTrain:
    """
    Hands chirps to a speaker a little ahead of time; call :meth:`play_due` every :attr:`tick`.

    The sweep is drawn at the speaker's own rate: nothing is resampled on its way out. A speaker
    that was opened anew, at another rate perhaps, begins softly again.

    :ivar missed: chirps whose moment had passed, or that the speaker refused.
    :ivar refusal: why the speaker refused what was last missed, in words; empty where it did
        not, because the moment had passed.
    """

    def __init__(self, speaker: Speaker, fmt: PingFormat, rate_hz: float, *,
                 jitter: float = 0.0, soft_start: float = 0.0, random: Optional[Random] = None):
        """
        Prepare; nothing is played yet.

        :param speaker: one that also tells ``next_frame``, the earliest that can be played.
        :param rate_hz: chirps per second.
        :param jitter: seconds by which each pause is drawn out at most, evenly at random, so
            that two robots do not stay in step.
        :param soft_start: seconds in which chirps grow to their amplitude after :meth:`start`.
        :raises ValueError: a rate at which windows would overlap.
        """
        fmt.ping_period(rate_hz)
        self.tick = min(_LONGEST_TICK, 1 / rate_hz)
        self.emitted = self.missed = 0
        self.refusal = ''
        self._speaker, self._fmt, self._rate_hz = speaker, fmt, rate_hz
        self._jitter, self._soft_start = jitter, soft_start
        self._random = random or Random()
        self._stream: object = None
        self._next = self._began = 0

    def start(self) -> None:
        """Begin, or begin anew: softly, and clear of the last chirp's window."""
        self._prepare()
        self._next = self._began = self._earliest()

    def play_due(self, stream: object = None) -> list[Played]:
        """
        Play all chirps that would be in a hurry at the next tick.

        :param stream: anything that changes when the speaker was opened anew.
        :returns: what was handed over, in order.
        """
        if (self._speaker.sample_rate, stream) != self._stream:
            self._stream = self._speaker.sample_rate, stream
            self._next = self._speaker.next_frame
            self.start()
        earliest = self._speaker.next_frame
        horizon = earliest + round((self.tick + SLACK) * self._speaker.sample_rate)
        if self._next < earliest:
            late = -(-(earliest - self._next) // self._period)
            self.missed += late
            self.refusal = ''
            self._next += late * self._period
        elif self._next > horizon + self._longest_pause:  # the counter was set back
            self._next = self._speaker.next_frame
            self.start()
        played = []
        while self._next < horizon:
            sound = self._play(self._next, self._loudness(self._next))
            if sound is None:
                break
            played.append(sound)
        return played

    def play_one(self) -> Optional[Played]:
        """Play a single chirp as soon as it is clear of the last one; None if it was refused."""
        self._prepare()
        return self._play(self._earliest(), 1.0)

    def _prepare(self) -> None:
        rate = self._speaker.sample_rate
        self._samples = linear_chirp(replace(self._fmt, sample_rate=rate))
        window = -(-self._fmt.window * rate // self._fmt.sample_rate)
        self._period = max(round(rate / self._rate_hz), window)

    @property
    def _longest_pause(self) -> int:
        return self._period + round(self._jitter * self._speaker.sample_rate)

    def _earliest(self) -> int:
        slack = round(SLACK * self._speaker.sample_rate)
        return max(self._next, self._speaker.next_frame + slack)

    def _loudness(self, frame: int) -> float:
        growth = self._soft_start * self._speaker.sample_rate
        grown = (frame - self._began) / growth if growth else 1.0
        return min(1.0, SOFTEST + (1 - SOFTEST) * max(0.0, grown))

    def _play(self, frame: int, loudness: float) -> Optional[Played]:
        pause = self._random.uniform(0, self._jitter) if self._jitter else 0.0
        self._next = frame + self._period + round(pause * self._speaker.sample_rate)
        try:
            played = self._speaker.play(self._samples * np.float32(loudness), frame)
        except (AudioError, ValueError) as error:
            self.missed += 1
            self.refusal = str(error)
            return None
        self.emitted += 1
        return played
