# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frame numbers and clock times: one line between them, given or tracked."""

import math
from typing import Optional

_NS = 1_000_000_000


class FrameClock:
    """
    The line between frame numbers and nanoseconds.

    With the two points of one reference alone it is exact arithmetic at the nominal rate: what
    a simulation needs, and what turns the stamps of its blocks back into frame numbers.

    A sound card's crystal is off by up to 100 ppm and its time stamps jitter by milliseconds, so
    there :meth:`observe` feeds a delay-locked loop (Adriaensen, "Using a DLL to filter time",
    2005): second order, hence without lag under a constant rate error. A stamp further off than
    ``jump`` seconds is no jitter but a step of either clock: the line is laid anew through it
    once ``patience`` stamps in a row say so, and :attr:`jumps` counts it.
    """

    def __init__(self, sample_rate: int, stamp: Optional[int] = None, frame: int = 0, *,
                 bandwidth_hz: float = 0.05, jump: float = 0.05, patience: int = 5):
        """
        Lay the line through a reference, or wait for the first :meth:`observe`.

        :param stamp: nanoseconds at which ``frame`` happens.
        :param bandwidth_hz: of the loop; lower is smoother and slower.
        """
        if sample_rate <= 0:
            raise ValueError(f'sample rate is {sample_rate}; expected a positive number of Hz')
        self.sample_rate = sample_rate
        self.jumps = 0
        self._nominal = _NS / sample_rate
        self._period = self._nominal
        self._frame = frame
        self._stamp = stamp
        self._fraction = 0.0
        self._bandwidth = bandwidth_hz
        self._jump_ns = jump * _NS
        self._patience = patience
        self._strangers = 0

    @property
    def locked(self) -> bool:
        """Whether there is a line at all."""
        return self._stamp is not None

    @property
    def rate_error_ppm(self) -> float:
        """How much faster than nominal the frames come, in parts per million."""
        return (self._nominal / self._period - 1) * 1e6

    def stamp_of(self, frame: float) -> int:
        """
        Nanoseconds at which ``frame`` happens.

        :raises RuntimeError: nothing has been observed yet.
        """
        return self._reference() + round(
            (frame - self._frame) * self._period + self._fraction)

    def frame_at(self, stamp: int) -> float:
        """
        Frame number, with its fraction, at that time; ``round`` it for a block's first frame.

        :raises RuntimeError: nothing has been observed yet.
        """
        return self._frame + (stamp - self._reference() - self._fraction) / self._period

    def observe(self, frame: int, stamp: int) -> None:
        """Learn that ``frame`` was seen at ``stamp``, give or take the stamp's jitter."""
        if self._stamp is None:
            self._anchor(frame, stamp)
            return
        frames = frame - self._frame
        if frames <= 0:
            return
        predicted = self.stamp_of(frame)
        error = stamp - predicted
        if abs(error) > self._jump_ns:
            self._strangers += 1
            if self._strangers >= self._patience:
                self.jumps += 1
                self._anchor(frame, stamp)
            return
        self._strangers = 0
        # Above one radian per update the loop would ring, so long pauses count as shorter ones.
        omega = min(2 * math.pi * self._bandwidth * frames / self.sample_rate, 0.5)
        exact = (frame - self._frame) * self._period + self._fraction
        corrected = exact + math.sqrt(2) * omega * error
        self._stamp += math.floor(corrected)
        self._fraction = corrected - math.floor(corrected)
        self._frame = frame
        self._period += omega * omega * error / frames

    def _anchor(self, frame: int, stamp: int) -> None:
        self._frame, self._stamp, self._fraction = frame, stamp, 0.0
        self._period = self._nominal
        self._strangers = 0

    def _reference(self) -> int:
        if self._stamp is None:
            raise RuntimeError(
                'the frame clock has no reference yet; give it one, or wait for the first block')
        return self._stamp
