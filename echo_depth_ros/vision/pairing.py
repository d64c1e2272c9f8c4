# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which frame of a camera belongs to which window, decided as soon as it can be, and no later."""

from collections import deque
from statistics import median
from typing import Generic, NamedTuple, TypeVar

from echo_depth_ros.vision.clock import ArrivalDelay
from echo_depth_ros.vision.sync import FrameBuffer, Stamped

T = TypeVar('T')

_EVER = 1 << 62
_REMEMBERED = 8
"""Windows that are kept in mind to recognise a frame that came too late for one of them."""


class Pair(NamedTuple):
    """A window's stamp, and the frame that is published with it."""

    window: int
    frame: Stamped


class FramePairing(Generic[T]):
    """
    Pairs the frames of one camera with windows by nearest stamp inside a tolerance.

    A window is there at once while the frame next to it may still be on its way: a camera's
    latency is tens of milliseconds. So a window without a frame at or after its stamp waits, for
    ``wait`` at the most. Since a camera's frames come in order, a frame at or after the window
    ends the wait: no later one can be nearer.

    Not safe to use from several threads.

    :ivar paired: windows that got a frame, :ivar missing: and windows that got none.
    :ivar late: frames that would have been nearer to a window than what it got, but came after it
        had been decided upon.
    :ivar missed: windows in a row that got none.
    """

    def __init__(self, tolerance: int, wait: int, length: int = 30):
        """
        Hold no frame yet.

        :param tolerance: nanoseconds by which a frame may be off, inclusive.
        :param wait: nanoseconds for which a window waits for a frame.
        :param length: frames that are held.
        """
        self.tolerance, self.wait = tolerance, wait
        self.delay = ArrivalDelay()
        self.paired = self.missing = self.late = self.missed = 0
        self._frames: FrameBuffer[T] = FrameBuffer(length)
        self._waiting: deque[tuple[int, int]] = deque()
        self._decided: deque[list[int]] = deque(maxlen=_REMEMBERED)
        self._offsets: deque[int] = deque(maxlen=100)

    @property
    def jumps(self) -> int:
        """How many times the camera's clock, or ours, was set."""
        return self.delay.jumps

    @property
    def offset(self) -> float:
        """Median nanoseconds from a window to the frame nearest to it, NaN before the first."""
        offsets = list(self._offsets)
        return float(median(offsets)) if offsets else float('nan')

    def add(self, stamp: int, item: T, arrival: int, moment: int) -> list[Pair]:
        """
        Note a frame, and return the windows that it decides.

        :param stamp: the frame's, in nanoseconds.
        :param arrival: nanoseconds at which it came, on the clock of the windows' stamps.
        :param moment: the same on a clock that nobody sets.
        """
        pairs = self.settle(moment)
        jumped = self.delay.observe(stamp, arrival)
        for decided in self._decided:
            if abs(stamp - decided[0]) < decided[1]:
                decided[1] = abs(stamp - decided[0])
                self.late += 1
                break
        if jumped:
            # What came before is of another time and would pass for near by chance.
            self._frames.clear()
            self._offsets.clear()
        if not self.delay.strange:
            self._frames.add(stamp, item)
        return pairs + self.settle(moment)

    def window(self, stamp: int, moment: int) -> list[Pair]:
        """Ask for the frame of a window; return the windows that are decided by now."""
        self._waiting.append((stamp, moment + self.wait))
        return self.settle(moment)

    def awaits(self, stamp: int) -> bool:
        """Whether the window of that time still waits for its frame."""
        return any(stamp == waiting for waiting, _ in self._waiting)

    def settle(self, moment: int) -> list[Pair]:
        """Return the windows that need not, or may not, wait any longer."""
        pairs = []
        newest = self._frames.newest
        while self._waiting:
            stamp, deadline = self._waiting[0]
            if moment < deadline and (newest is None or newest < stamp):
                break
            self._waiting.popleft()
            pairs += self._decide(stamp)
        return pairs

    def clear(self) -> None:
        """Forget frames and windows, and what is known of the camera's clock; keep the counts."""
        jumps = self.delay.jumps
        self.delay = ArrivalDelay()
        self.delay.jumps = jumps
        self.missed = 0
        self._frames.clear()
        for memory in (self._waiting, self._decided, self._offsets):
            memory.clear()

    def _decide(self, stamp: int) -> list[Pair]:
        nearest = self._frames.nearest(stamp, _EVER)
        if nearest is not None:
            self._offsets.append(nearest.stamp - stamp)
        if nearest is None or abs(nearest.stamp - stamp) > self.tolerance:
            self._decided.append([stamp, self.tolerance + 1])
            self.missing += 1
            self.missed += 1
            return []
        self._decided.append([stamp, abs(nearest.stamp - stamp)])
        self.paired += 1
        self.missed = 0
        return [Pair(stamp, nearest)]
