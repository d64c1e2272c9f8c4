# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The line between the computer's monotonic clock, on which sound is timed, and a node's clock."""

from threading import Lock
from time import monotonic_ns
from typing import Callable

from echo_depth_ros.audio.clock import FrameClock

_NS = 1_000_000_000
_READINGS = 3


class RosClock:
    """
    Maps monotonic nanoseconds to the node's clock and back, smoothly.

    Sound is stamped by the monotonic clock, which nobody sets. The node's clock is adjusted by
    NTP, set by hand, or comes from ``/clock``; so its offset is filtered slowly, and a step shows
    as a step: :attr:`steps` counts them, :attr:`drift_ppm` tells how fast the two part.
    """

    def __init__(self, now: Callable[[], int], monotonic: Callable[[], int] = monotonic_ns):
        """
        Lay the line through the present moment.

        :param now: nanoseconds on the node's clock.
        """
        self._now, self._monotonic = now, monotonic
        self._lock = Lock()
        # A step has to be believed within a second of 5 Hz, jitter of /clock must not be one.
        self._line = FrameClock(_NS, bandwidth_hz=0.02, jump=0.05, patience=5)
        self.observe()

    @property
    def steps(self) -> int:
        """How many times the node's clock was set."""
        return self._line.jumps

    @property
    def drift_ppm(self) -> float:
        """How much faster than the monotonic clock the node's clock runs."""
        return -self._line.rate_error_ppm

    @property
    def offset_s(self) -> float:
        """Seconds by which the node's clock is ahead of the monotonic one."""
        moment = self._monotonic()
        return (self.to_ros(moment) - moment) / _NS

    def observe(self) -> None:
        """Compare the clocks; call it a few times a second."""
        # Of a few readings the quickest: whatever interrupts one makes it slow.
        best = None
        for _ in range(_READINGS):
            before = self._monotonic()
            stamp = self._now()
            after = self._monotonic()
            if best is None or after - before < best[0]:
                best = after - before, (before + after) // 2, stamp
        with self._lock:
            self._line.observe(best[1], best[2])

    def to_ros(self, moment: int) -> int:
        """Nanoseconds on the node's clock at a monotonic moment."""
        with self._lock:
            return self._line.stamp_of(moment)

    def from_ros(self, stamp: int) -> int:
        """Return the monotonic moment of a time on the node's clock."""
        with self._lock:
            return round(self._line.frame_at(stamp))
