# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Overlapping clips of what two ears hear, at a rate of their own."""

from typing import NamedTuple, Optional

import numpy as np

from echo_depth_ros.audio.interface import Microphones
from echo_depth_ros.audio.resampling import Resampler


class Clip(NamedTuple):
    """
    A stretch of sound.

    :ivar stamp: nanoseconds on the microphones' clock at which its first sample was heard.
    :ivar ears: float32 (2, n) at the rate of the clips.
    :ivar heard: the same and a little around it as the microphones gave it, float32 (2, m).
    """

    stamp: int
    ears: np.ndarray
    heard: np.ndarray


class Clips:
    """
    Cuts clips every hop, always the newest.

    Who is slow misses clips and never gets late ones. Each is resampled for itself, so that a clip
    is the same whatever came before.

    :ivar skipped: clips that were left out because nobody asked in time.
    """

    def __init__(self, microphones: Microphones, sample_rate: int, seconds: float, hop: float):
        """
        Cut from microphones that are open.

        :param sample_rate: Hz of the clips.
        :param seconds: of a clip, and ``hop`` from the begin of one to that of the next.
        """
        self.skipped = 0
        self.sample_rate = sample_rate
        self._microphones = microphones
        self._resampler = Resampler(microphones.sample_rate, sample_rate)
        self._count, self._hop = round(seconds * sample_rate), round(hop * sample_rate)
        self._next: Optional[int] = None

    def start_over(self) -> None:
        """Let the next clip begin when it is asked for; as after a gap, or a pause."""
        self._next = None

    def read(self, patience: float) -> Clip:
        """
        Wait until the next clip is complete.

        :param patience: seconds for which it may be late.
        :raises AudioError: it cannot be had; the next call starts over.
        """
        begin, self._next = self._begin(), None
        first, needed = self._resampler.source_span(begin, self._count)
        ahead = (first + needed - self._microphones.end_frame) / self._microphones.sample_rate
        heard = self._microphones.read(first, needed, max(0.0, ahead) + patience)
        ears = self._resampler(heard, begin, self._count)
        self._next = begin + self._hop
        return Clip(self._microphones.stamp(self._resampler.to_source(begin)), ears, heard)

    def _begin(self) -> int:
        """Frame, at the rate of the clips, on which the next clip begins."""
        end = self._resampler.target_end(self._microphones.end_frame)
        if self._next is None:
            return end
        missed = max(0, (end - self._count - self._next) // self._hop)
        self.skipped += missed
        return self._next + missed * self._hop
