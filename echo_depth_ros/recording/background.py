# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Write samples in a thread of their own, so that a slow disk never holds up who listens."""

from queue import Empty, Full, Queue
from threading import Event, Thread

from echo_depth_ros.recording.intake import Arrived, Intake

_TICK = 0.1


class BackgroundIntake:
    """
    A bounded queue before an :class:`~.intake.Intake`.

    :ivar error: why writing has ended; None while it goes on.
    """

    def __init__(self, intake: Intake, capacity: int = 24) -> None:
        """Start the thread; ``capacity`` windows with their images may wait for the disk."""
        self.intake = intake
        self.error: Exception | None = None
        self._queue: Queue[Arrived] = Queue(capacity)
        self._stop = Event()
        self._thread = Thread(target=self._work, name='recorder', daemon=True)
        self._thread.start()

    def offer(self, arrived: Arrived) -> bool:
        """Hand over; False, and counted, where the disk has fallen behind."""
        try:
            self._queue.put_nowait(arrived)
        except Full:
            self.intake.tally.dropped += 1
            return False
        return True

    def close(self, timeout: float = 30.0) -> None:
        """Write what waits, and end the thread; safe to repeat."""
        self._stop.set()
        self._thread.join(timeout)

    def _work(self) -> None:
        while True:
            try:
                arrived = self._queue.get(timeout=_TICK)
            except Empty:
                if self._stop.is_set():
                    return
                continue
            try:
                self.intake.take(arrived)
            except Exception as error:  # the thread that waits for it will raise it
                self.error = error
                return
