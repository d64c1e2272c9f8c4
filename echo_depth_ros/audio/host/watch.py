# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A thread of the host that sees whether PortAudio still lives, and keeps the figures."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
import time
from time import monotonic_ns
from typing import Optional

from echo_depth_ros.audio.host.lines import LineTracker, Stamps
from echo_depth_ros.audio.host.memory import Field, Memory, STREAMING
from echo_depth_ros.audio.host.pump import Pump

LOOK = 0.05
"""Seconds between two looks."""
REOPENING = 'the stream is being opened anew'
_MS = 1_000_000
_CALL_LIMIT = 3000 * _MS
_FIRST_LIMIT = 2000 * _MS
_GAP_LIMIT = 250 * _MS
_SETTLED = 3000 * _MS
_STUBBORN = 4
_ASLEEP = 150 * _MS
_BIN = 1000 * _MS
_BINS = 5
_NOTES = 4


class Stream:
    """What the watch knows about the stream that it follows."""

    def __init__(self, pump: Pump, stamps: Stamps, rate: int, began: int, *,
                 hears: bool, plays: bool):
        """Take over a stream that was started at ``began``, in monotonic nanoseconds."""
        self.pump, self.stamps, self.began = pump, stamps, began
        self.heard: Optional[LineTracker] = None
        self.played: Optional[LineTracker] = None
        self.judged = False
        self._rate, self._hears, self._plays = rate, hears, plays
        self._flags = 0

    def update(self) -> None:
        """Lay the clock lines through what the callbacks have noted since."""
        if not self.judged:
            if len(self.pump.notes) < _NOTES:
                return
            self._judge()
        if self.pump.flags != self._flags:
            self._flags = self.pump.flags
            for tracker in (self.heard, self.played):
                if tracker:
                    tracker.begin_again()
        while self.pump.notes:
            note = self.pump.notes.popleft()
            if self.heard:
                self.heard.observe(note.frame, self.stamps.heard(note))
            if self.played:
                self.played.observe(note.frame, self.stamps.played(note))

    def _judge(self) -> None:
        self.stamps.judge(list(self.pump.notes))
        self.judged = True
        if self._hears:
            self.heard = LineTracker(self._rate, self.stamps.trusted['input'])
            self.pump.expected = self._expected
        if self._plays:
            self.played = LineTracker(self._rate, self.stamps.trusted['output'])

    def _expected(self, note) -> float:
        line = self.heard.line
        return line.frame_at(self.stamps.heard(note)) if line else note.frame

    @property
    def ready(self) -> bool:
        """Whether it flows and its lines are laid."""
        return self.judged and all(
            tracker is None or tracker.line for tracker in (self.heard, self.played))


class Watch:
    """
    Ends the host when PortAudio hangs or dies, when it was asked to, or when nobody is left.

    It never tries to rescue anything: a stream that has stopped cannot be closed safely either,
    and a new process is ready within half a second.
    """

    def __init__(self, memory: Memory, *, fail: Callable[[str, bool], None],
                 alone: Callable[[], bool], finish: Callable[[], None],
                 now: Callable[[], int] = monotonic_ns):
        """
        Prepare; :meth:`start` begins.

        :param fail: ends the process with a reason, and whether it is a failure.
        :param alone: whether no client is left.
        :param finish: ends the process in order.
        """
        self._memory, self._words = memory, memory.words
        self._fail, self._alone, self._finish, self._now = fail, alone, finish, now
        self._reopen = self._words[Field.REOPEN]
        self._call: Optional[tuple[str, int]] = None
        self._stream: Optional[Stream] = None
        self._looked = now()
        self._awake = 0
        self._bin = now()
        self._pauses: deque[int] = deque(maxlen=_BINS)

    def start(self) -> None:
        """Look from a thread, as long as the process lives."""
        Thread(target=self._run, name='watch', daemon=True).start()

    @contextmanager
    def within(self, what: str) -> Iterator[None]:
        """Allow a call into PortAudio 3 s."""
        self._call = what, self._now()
        try:
            yield
        finally:
            self._call = None

    def follow(self, stream: Stream) -> None:
        """Watch a stream that was just started."""
        self._stream = stream

    def look(self) -> None:
        """Do what is due; every 50 ms."""
        now = self._now()
        self._words[Field.HEARTBEAT] = now
        if now - self._looked > _ASLEEP:
            self._awake = now  # The machine slept: that the others did as well is no fault.
        self._looked = now
        if self._alone():
            self._finish()
        if self._words[Field.REOPEN] != self._reopen:
            self._reopen = self._words[Field.REOPEN]
            self._fail(REOPENING, False)
        call = self._call
        if call and now - max(call[1], self._awake) > _CALL_LIMIT:
            self._fail(f'{call[0]} took longer than {_CALL_LIMIT / 1e9:g} s: the sound server '
                       'or the driver hangs', True)
        if self._stream:
            self._check(now, self._stream)
            self._publish(now, self._stream)

    def _run(self) -> None:
        while True:
            self.look()
            time.sleep(LOOK)

    def _check(self, now: int, stream: Stream) -> None:
        last = self._words[Field.CALLBACK_AT]
        if last < stream.began:
            if now - max(stream.began, self._awake) > _FIRST_LIMIT:
                self._fail('the stream was opened, but no sound came for 2 s', True)
            return
        # Some servers stall right after each start; after a stall the delays are never the same.
        patient = now - stream.began < _SETTLED and self._words[Field.FAILURES] >= _STUBBORN
        limit = _FIRST_LIMIT if patient else _GAP_LIMIT
        pause = now - max(last, self._awake)
        if pause > max(limit, 3 * self._block_ns()):
            self._fail(f'no sound for {pause / 1e9:.2f} s: the device or the sound server is '
                       'gone or hangs', True)

    def _publish(self, now: int, stream: Stream) -> None:
        stream.update()
        words = self._words
        if stream.ready:
            self._memory.put_lines(stream.heard and stream.heard.line,
                                   stream.played and stream.played.line)
            if words[Field.STATE] != STREAMING:
                self._memory.put_text('problem', '')
                words[Field.STATE] = STREAMING
        if now - stream.began > _SETTLED:
            words[Field.FAILURES] = 0
        if now - self._bin > _BIN:
            self._bin = now
            self._pauses.append(words[Field.LONGEST_PAUSE])
            words[Field.LONGEST_PAUSE] = 0
        words[Field.RECENT_PAUSE] = max([words[Field.LONGEST_PAUSE], *self._pauses])

    def _block_ns(self) -> int:
        return self._words[Field.BLOCK] * 1_000_000_000 // max(self._words[Field.RATE], 1)
