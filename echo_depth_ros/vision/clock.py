# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The clocks that cameras stamp their frames by, and the clock that the caller goes by."""

from collections import deque
from statistics import median_low
from time import time_ns
from typing import Callable, Optional

_NS = 1_000_000_000
_MS = 1_000_000

GLOBAL, SYSTEM, HARDWARE = 'global', 'system', 'hardware'
"""Bases of a camera's stamps: its own clock as fitted to the computer's, the computer's clock at
arrival, and its own clock, which began at any time."""


class ArrivalDelay:
    """
    How long after their stamps frames arrive at the least, and whether a clock was set.

    Ways through cable, driver and scheduler only ever add time, so the least delay of the last
    seconds is what is left of the difference of the two clocks. A frame further off than ``jump``
    is strange; where such frames go on, it was no delay: one of the clocks was set.
    """

    def __init__(self, *, jump: float = 0.5, patience: int = 5, settle: float = 0.25,
                 memory: int = 10):
        """
        Know nothing yet.

        :param jump: seconds by which a frame has to be off to be strange.
        :param patience: strange frames in a row that make a jump.
        :param settle: seconds over which these must come, or it is a backlog that arrives at once.
        :param memory: seconds over which the least delay is kept.
        """
        self._jump, self._settle = round(jump * _NS), round(settle * _NS)
        self._patience, self._memory = patience, memory
        self._least: deque[tuple[int, int]] = deque()
        self._strangers: list[tuple[int, int]] = []
        self.frames = 0
        self.jumps = 0
        self.step = 0

    @property
    def least(self) -> Optional[int]:
        """Least nanoseconds from a stamp to its arrival; None before the first frame."""
        return min((delay for _, delay in self._least), default=None)

    @property
    def strange(self) -> bool:
        """Whether the last frame was off by so much that a clock may have been set."""
        return bool(self._strangers)

    def observe(self, stamp: int, arrival: int) -> bool:
        """
        Note a frame of ``stamp`` that came at ``arrival``, both in nanoseconds.

        :returns: whether it proves that a clock was set: :attr:`jumps` has counted it, and
            :attr:`step` is by how many nanoseconds the stamps went forward against the arrivals.
        """
        self.frames += 1
        delay, known = arrival - stamp, self.least
        if known is None or abs(delay - known) <= self._jump:
            self._strangers.clear()
            self._keep(arrival, delay)
            return False
        self._strangers.append((arrival, delay))
        if (len(self._strangers) < self._patience
                or abs(arrival - self._strangers[0][0]) < self._settle):
            return False
        # Only the newest of them are sure to be of one mind.
        fresh = self._strangers[-self._patience:]
        self.step = known - min(delay for _, delay in fresh)
        self.jumps += 1
        self._least.clear()
        self._strangers.clear()
        for at, value in fresh:
            self._keep(at, value)
        return True

    def _keep(self, arrival: int, delay: int) -> None:
        second = arrival // _NS
        if self._least and self._least[-1][0] == second:
            self._least[-1] = second, min(delay, self._least[-1][1])
        else:
            self._least.append((second, delay))
        while abs(second - self._least[0][0]) >= self._memory:
            self._least.popleft()


class StampClock:
    """
    Turns a camera's stamps into nanoseconds on the caller's clock.

    *Global* stamps (librealsense fits the camera's clock to the computer's) and *system* stamps
    are on the computer's clock, whose distance to the caller's can be read at any time: what is
    left is microseconds, or the coarseness of ``/clock``, which a median takes off. *Hardware*
    stamps, and stamps that prove to be on no clock of this computer (a recording that is played,
    a fit that went wrong), are exact among themselves only: they are laid on the caller's clock
    by the least delay of their arrival, hence late by the camera's own latency, some 10 to 40 ms.
    No stamp is ever further from the frame's arrival than a second.
    """

    def __init__(self, now: Callable[[], int], wall: Callable[[], int] = time_ns):
        """
        Take no stamp for granted.

        :param now: nanoseconds on the caller's clock.
        :param wall: nanoseconds on the computer's clock.
        """
        self._now, self._wall = now, wall
        self._offsets: deque[int] = deque(maxlen=9)
        self._delay = ArrivalDelay()
        self._domain = ''
        self._trusted: Optional[bool] = None
        self._doubts = 0
        self._last = 0
        self.jumps = 0

    @property
    def base(self) -> str:
        """What the stamps are made from now: global, system or hardware; '' before the first."""
        return HARDWARE if self._domain and not self._trusted else self._domain

    def stamp(self, device_ms: float, domain: str) -> int:
        """
        Return the time of a frame that has just come.

        :param device_ms: the camera's stamp in milliseconds.
        :param domain: GLOBAL, SYSTEM or HARDWARE.
        :returns: nanoseconds on the caller's clock, later than all before unless that clock was
            set back.
        """
        arrival = self._now()
        self._offsets.append(self._now() - self._wall())
        if domain != self._domain:
            self._domain, self._trusted, self._doubts = domain, None, 0
            self._delay = ArrivalDelay()
        device = round(device_ms * _MS)
        if self._delay.observe(device, arrival):
            self.jumps += 1
        stamp = self._by_arrival(device, arrival)
        if domain != HARDWARE:
            known = device + median_low(self._offsets)
            if self._judge(-0.1 * _NS < arrival - known < _NS):
                stamp = known if abs(arrival - known) < _NS else arrival
        # A smaller offset may push a frame before the last one; a clock set back is no such case.
        if self._last - 0.1 * _NS < stamp <= self._last:
            stamp = self._last + 1
        self._last = stamp
        return stamp

    def _by_arrival(self, device: int, arrival: int) -> int:
        return arrival if self._delay.strange else device + self._delay.least

    def _judge(self, plausible: bool) -> bool:
        """Trust the domain or not, slow to change."""
        if self._trusted is None:
            self._trusted = plausible
        elif plausible == self._trusted:
            self._doubts = 0
        else:
            self._doubts += 1
            if self._doubts >= 5:
                self._trusted, self._doubts = plausible, 0
        return self._trusted
