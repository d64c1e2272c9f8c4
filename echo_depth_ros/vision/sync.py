# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The camera frame nearest in time to an echo window."""

from bisect import bisect_left, insort
from threading import Lock
from typing import Generic, NamedTuple, Optional, TypeVar

T = TypeVar('T')

_LATE = 1_000_000_000
"""Nanoseconds by which a frame may be late without being taken for one of another time."""


class Stamped(NamedTuple):
    """Anything with a time in nanoseconds."""

    stamp: int
    item: object


class FrameBuffer(Generic[T]):
    """
    The newest few frames of one camera, found again by time.

    Frames may come out of order; of two with one stamp the later one counts. Safe to use from
    several threads.
    """

    def __init__(self, length: int = 30):
        """Hold at most ``length`` frames; the oldest by stamp go first."""
        if length < 1:
            raise ValueError(f'frame buffer length is {length}; expected at least 1')
        self._length = length
        self._frames: list[Stamped] = []
        self._lock = Lock()

    def __len__(self) -> int:
        """Return how many frames are held."""
        return len(self._frames)

    @property
    def newest(self) -> Optional[int]:
        """Stamp of the newest frame, or None where there is none."""
        with self._lock:
            return self._frames[-1].stamp if self._frames else None

    def add(self, stamp: int, item: T) -> None:
        """
        Hold a frame, which happened at ``stamp`` nanoseconds.

        A clock that went back by more than a second, and by more than the buffer spans (a bag
        played again, a simulation reset), empties it: what it holds belongs to another time.
        """
        with self._lock:
            frames = self._frames
            if frames and frames[0].stamp - stamp > max(
                    _LATE, frames[-1].stamp - frames[0].stamp):
                frames.clear()
            at = bisect_left(frames, stamp, key=_stamp)
            if at < len(frames) and frames[at].stamp == stamp:
                frames[at] = Stamped(stamp, item)
                return
            insort(frames, Stamped(stamp, item), key=_stamp)
            if len(frames) > self._length:
                del frames[0]

    def nearest(self, stamp: int, tolerance: int) -> Optional[Stamped]:
        """
        Return the frame nearest to ``stamp``, or None where none is within ``tolerance``.

        Both are nanoseconds; the tolerance is inclusive, and of two frames equally near the
        earlier one is taken, so that replays agree.
        """
        with self._lock:
            at = bisect_left(self._frames, stamp, key=_stamp)
            beside = self._frames[max(0, at - 1):at + 1]
        best = min(beside, key=lambda frame: abs(frame.stamp - stamp), default=None)
        if best is None or abs(best.stamp - stamp) > tolerance:
            return None
        return best

    def clear(self) -> None:
        """Forget all frames."""
        with self._lock:
            self._frames.clear()


def _stamp(frame: Stamped) -> int:
    return frame.stamp
