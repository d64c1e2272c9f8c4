# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Chirps that were announced, on their way to whoever listens to them."""

from collections import deque
from queue import Empty, Full, Queue
from typing import Optional

_MOST = 256
"""Two emitters that announce their chirps 5 s ahead come to 140."""
_BACK = 100
"""Windows, some 7 s: no two chirps that are announced in turn lie so far back in time."""


class Announced:
    """
    Frames of chirps in the order in which they were announced.

    One thread announces them, another takes them. While nobody knows yet how long after its frame
    a chirp is heard, they are held, so that none is lost once that is known.
    """

    def __init__(self, window: int):
        """
        Begin with none.

        :param window: samples; chirps that are closer to each other spoil each other's windows.
        """
        self._window = window
        self._queue: Queue[int] = Queue(_MOST)
        self._recent: deque[int] = deque(maxlen=_MOST)
        self._overlapping: set[int] = set()
        self._held: deque[int] = deque(maxlen=_MOST)

    def nearest(self, frame: int) -> Optional[int]:
        """
        Note that a chirp was announced; ask before :meth:`put`.

        One from long before those that came last means that the clock was set back: they belong
        to another time, and are forgotten.

        :returns: samples to the nearest chirp that overlaps it, None where none does.
        """
        if self._recent and frame < max(self._recent) - _BACK * self._window:
            self._recent.clear()
            self._overlapping.clear()
            self.clear()
        # The very sample next to its end is spared: emitters round to frames.
        others = [other for other in self._recent if abs(other - frame) < self._window - 1]
        if others:
            self._overlapping.update((frame, *others))
        self._recent.append(frame)
        self._overlapping.intersection_update(self._recent)
        return min((abs(other - frame) for other in others), default=None)

    def put(self, frame: int) -> bool:
        """Announce a chirp; False if too many wait already."""
        try:
            self._queue.put_nowait(frame)
        except Full:
            return False
        return True

    def overlaps(self, frame: int) -> bool:
        """Whether another chirp sounds in the window of this one."""
        return frame in self._overlapping

    def take(self, timeout: float) -> Optional[int]:
        """Wait for the next one; None if none comes."""
        if self._held:
            return self._held.popleft()
        try:
            return self._queue.get(timeout=timeout)
        except Empty:
            return None

    def hold(self) -> list[int]:
        """Return all that were announced since the last time; :meth:`take` gives them later."""
        new = []
        while not self._queue.empty():
            new.append(self._queue.get_nowait())
        self._held.extend(new)
        return new

    def forget(self, before: float) -> list[int]:
        """Drop those that are held from before this frame, and return them."""
        old = [frame for frame in self._held if frame < before]
        self._held = deque((frame for frame in self._held if frame >= before), _MOST)
        return old

    def clear(self) -> int:
        """Drop all; return how many there were."""
        self.hold()
        return len(self.forget(float('inf')))
