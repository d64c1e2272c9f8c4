# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One thread that works on the newest item: what waits when a newer one comes is dropped."""

from collections.abc import Callable
from threading import Condition, Thread
from typing import Generic, Optional, TypeVar

T = TypeVar('T')


class LatestWorker(Generic[T]):
    """
    A thread with a slot for one item; old items are never queued.

    An item must not be None. What is to be done with it must not raise: the thread would end.
    """

    def __init__(self, work: Callable[[T], None], name: str):
        """
        Start the thread.

        :param work: called with each item, on the thread.
        :param name: of the thread.
        """
        self._work = work
        self._changed = Condition()
        self._waiting: Optional[T] = None
        self._running = True
        self._thread = Thread(target=self._work_on, name=name, daemon=True)
        self._thread.start()

    def put(self, item: T) -> Optional[T]:
        """Give the thread an item; return the one that it takes the place of, if one waits."""
        with self._changed:
            dropped, self._waiting = self._waiting, item
            self._changed.notify()
        return dropped

    def stop(self) -> None:
        """Drop what waits, and end after what is at work."""
        with self._changed:
            self._running, self._waiting = False, None
            self._changed.notify()
        self._thread.join(5.0)

    def _work_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting is not None or not self._running)
                if not self._running:
                    return
                item, self._waiting = self._waiting, None
            self._work(item)
