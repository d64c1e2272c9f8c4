# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The mapped file that an audio host shares with its clients: figures, and what is heard."""

from enum import auto, IntEnum
import mmap
import os
from pathlib import Path
import threading
import time
from typing import NamedTuple, Optional
import weakref

import numpy as np

from echo_depth_ros.audio.errors import GapError, OverrunError

RING_SECONDS = 10
"""How long what was heard can still be read."""
_RING_FRAMES = 1 << 21
_GAPS = 64
_TRIES, _PAUSE = 50, 0.001

# Byte offsets; the file has holes where nothing was ever written.
_TEXTS = {'problem': (4096, 8192), 'names': (12288, 4096)}
_GAPS_AT = 16384
LANES_AT = 20480
_RING_AT = 8 << 20
SIZE = _RING_AT + _RING_FRAMES * 8

STARTING, WAITING, STREAMING = range(3)


class Field(IntEnum):
    """The 64-bit words at the head of the file; each has one writer, or any order will do."""

    PID = 0
    HEARTBEAT = auto()
    STATE = auto()
    GENERATION = auto()
    RATE = auto()
    BLOCK = auto()
    CAPACITY = auto()
    OLDEST = auto()
    CLAIM = auto()
    END = auto()
    CALLBACK_AT = auto()
    LONGEST_PAUSE = auto()
    RECENT_PAUSE = auto()
    OVERFLOWS = auto()
    UNDERFLOWS = auto()
    RESTARTS = auto()
    LATE = auto()
    STARTED_AT = auto()
    FAILURES = auto()
    REOPEN = auto()
    DUPLEX = auto()
    GAPS = auto()
    GAPS_TURN = auto()
    LINES_TURN = auto()
    PROBLEM_TURN = auto()
    NAMES_TURN = auto()
    INPUT_FRAME = auto()
    INPUT_NS = auto()
    INPUT_PERIOD = auto()
    OUTPUT_FRAME = auto()
    OUTPUT_NS = auto()
    OUTPUT_PERIOD = auto()
    INPUT_LATENCY = auto()
    OUTPUT_LATENCY = auto()


_TURNS = {'problem': Field.PROBLEM_TURN, 'names': Field.NAMES_TURN}


class Line(NamedTuple):
    """
    Frame numbers against the monotonic clock.

    :ivar ns: nanoseconds at which ``frame`` happened.
    :ivar period: nanoseconds from one frame to the next.
    """

    frame: int
    ns: int
    period: float

    def stamp(self, frame: float) -> int:
        """Nanoseconds at which a frame happens."""
        return self.ns + round((frame - self.frame) * self.period)

    def frame_at(self, ns: int) -> float:
        """Frame number, with its fraction, at that time."""
        return self.frame + (ns - self.ns) / self.period


def fence(_lock=threading.Lock()) -> None:
    """
    Make what was written before visible to other processes before what is written after.

    Python has no memory barrier of its own, and ARM processors reorder; a lock that is released
    and then taken again orders everything on its two sides.
    """
    with _lock:
        pass
    with _lock:
        pass


class Memory:
    """The mapped file: made by the first client, written by the host, read by everyone."""

    def __init__(self, path: Path, create: bool = False):
        """
        Map the file.

        :param create: make it, empty, if it is not there.
        """
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o600)
        # Figures can be read for as long as somebody keeps this object, closed card or not.
        weakref.finalize(self, os.close, fd)
        self._fd = fd
        if create and os.fstat(fd).st_size < SIZE:
            os.truncate(fd, SIZE)
        self.allocate(0, LANES_AT)
        self._map = mmap.mmap(fd, SIZE)
        view = memoryview(self._map)
        self.words = view.cast('q')
        self.floats = view.cast('d')
        self.bytes = view
        self.ring = np.frombuffer(
            self._map, np.float32, 2 * _RING_FRAMES, _RING_AT).reshape(_RING_FRAMES, 2)
        self._known_gaps: tuple[int, list[tuple[int, int]]] = 0, []

    def allocate(self, offset: int, count: int) -> None:
        """
        Make sure that a stretch of bytes can be written.

        On a full file system a later write would end the process instead.

        :raises OSError: the file system is full.
        """
        if hasattr(os, 'posix_fallocate'):
            os.posix_fallocate(self._fd, offset, count)

    # What only the host writes.

    def settle(self) -> None:
        """Finish what a host that was killed may have left half written."""
        for turn in (Field.GAPS_TURN, Field.LINES_TURN, *_TURNS.values()):
            self.words[turn] += self.words[turn] & 1

    def begin(self, frame: int, rate: int, block: int) -> None:
        """
        Prepare for a stream whose first frame this is; what was heard before stays if it can.

        :raises OSError: the file system is full.
        """
        words = self.words
        capacity = min(RING_SECONDS * rate, _RING_FRAMES)
        self.allocate(_RING_AT, 8 * capacity)
        end = words[Field.END]
        if rate != words[Field.RATE]:
            words[Field.OLDEST] = words[Field.CLAIM] = words[Field.END] = frame
        elif end < frame:
            self.add_gap(end, frame)
            words[Field.CLAIM] = words[Field.END] = frame
        words[Field.CAPACITY] = capacity
        words[Field.RATE], words[Field.BLOCK] = rate, block

    def add_gap(self, start: int, stop: int) -> None:
        """Note that frames ``start ... stop - 1`` never arrived."""
        words = self.words
        words[Field.GAPS_TURN] += 1
        fence()
        count = words[Field.GAPS]
        last = _GAPS_AT // 8 + (count - 1) % _GAPS * 2
        if count and words[last + 1] == start:
            words[last + 1] = stop
        else:
            at = _GAPS_AT // 8 + count % _GAPS * 2
            words[Field.OLDEST] = max(words[Field.OLDEST], words[at + 1])  # what is forgotten
            words[at], words[at + 1] = start, stop
            words[Field.GAPS] += 1
        fence()
        words[Field.GAPS_TURN] += 1

    def put_lines(self, heard: Optional[Line], played: Optional[Line]) -> None:
        """Publish the clock lines."""
        self.words[Field.LINES_TURN] += 1
        fence()
        for at, line in ((Field.INPUT_FRAME, heard), (Field.OUTPUT_FRAME, played)):
            self.words[at] = line.frame if line else 0
            self.words[at + 1] = line.ns if line else 0
            self.floats[at + 2] = line.period if line else 0.0
        fence()
        self.words[Field.LINES_TURN] += 1

    def put_text(self, name: str, text: str) -> None:
        """Publish a text, 'problem' or 'names'."""
        at, size = _TEXTS[name]
        data = text.encode()[:size - 8]
        self.words[_TURNS[name]] += 1
        fence()
        self.words[at // 8] = len(data)
        self.bytes[at + 8:at + 8 + len(data)] = data
        fence()
        self.words[_TURNS[name]] += 1

    # What everyone reads.

    def text(self, name: str) -> str:
        """Return a text."""
        at, size = _TEXTS[name]

        def copy() -> bytes:
            count = min(self.words[at // 8], size - 8)
            return bytes(self.bytes[at + 8:at + 8 + count])
        return self._steady(_TURNS[name], copy).decode(errors='replace')

    def lines(self) -> tuple[Optional[Line], Optional[Line]]:
        """Return the clock lines of what is heard and what is played; None where there is none."""
        def copy() -> tuple[Optional[Line], Optional[Line]]:
            return tuple(
                Line(self.words[at], self.words[at + 1], self.floats[at + 2])
                if self.floats[at + 2] else None
                for at in (Field.INPUT_FRAME, Field.OUTPUT_FRAME))
        return self._steady(Field.LINES_TURN, copy)

    def gaps(self) -> list[tuple[int, int]]:
        """Return the newest gaps, each as its first frame and the one behind its last."""
        turn = self.words[Field.GAPS_TURN]
        if turn != self._known_gaps[0] or turn & 1:
            self._known_gaps = turn, self._steady(Field.GAPS_TURN, self._copy_gaps)
        return self._known_gaps[1]

    def _copy_gaps(self) -> list[tuple[int, int]]:
        count = min(self.words[Field.GAPS], _GAPS)
        at = _GAPS_AT // 8
        return [(self.words[at + 2 * i], self.words[at + 2 * i + 1]) for i in range(count)]

    def _steady(self, turn: Field, copy):
        """Copy something while nobody writes it; a writer that died counts as nobody."""
        for attempt in range(_TRIES):
            if attempt:  # It may have lost the processor half way: let it have ours.
                time.sleep(_PAUSE)
            before = self.words[turn]
            fence()
            copied = copy()
            fence()
            if self.words[turn] == before and not before & 1:
                break
        return copied

    def oldest(self) -> int:
        """Return the oldest frame that can still be read."""
        words = self.words
        return max(words[Field.OLDEST], words[Field.CLAIM] - words[Field.CAPACITY])

    def heard(self, start: int, count: int) -> Optional[np.ndarray]:
        """
        Copy frames ``start ... start + count - 1`` out; None if not all have arrived.

        :returns: float32 (2, count).
        :raises ValueError: a stretch that is never held at once.
        :raises OverrunError: it begins before the oldest frame that is held.
        :raises GapError: a gap lies inside it.
        """
        words = self.words
        capacity = words[Field.CAPACITY]
        end = words[Field.END]
        fence()
        if count < 1 or (capacity and count > capacity):
            raise ValueError(f'{count} frames cannot be read at once; expected 1 to {capacity}')
        self._require(start)
        for gap in self.gaps():
            if gap[0] < start + count and start < gap[1]:
                raise GapError(
                    f'frames {gap[0]} to {gap[1] - 1} were lost, and frames {start} to '
                    f'{start + count - 1} were asked for; go on at frame {gap[1]}')
        if end < start + count or not capacity:
            return None
        out = np.empty((2, count), np.float32)
        at = start % capacity
        first = min(count, capacity - at)
        out[:, :first] = self.ring[at:at + first].T
        out[:, first:] = self.ring[:count - first].T
        fence()
        self._require(start)
        return out

    def _require(self, start: int) -> None:
        oldest = self.oldest()
        if start < oldest:
            raise OverrunError(
                f'frame {start} was asked for, but the oldest one held is {oldest}: the reader '
                f'is {oldest - start} frames too late')
