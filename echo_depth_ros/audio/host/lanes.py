# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sounds on their way to the speaker: each client that plays has a lane in the mapped memory."""

from typing import NamedTuple, Optional

import numpy as np

from echo_depth_ros.audio.host.memory import fence, Field, LANES_AT, Memory

LANES = 4
"""Clients that may play at the same time."""
LONGEST = 1 << 18
"""Frames of the longest sound, and of all that one client may have queued."""
_KEPT = 256
_WORDS = 8
_LANE_WORDS = _WORDS * (_KEPT + 1)
_SAMPLES_AT = 1 << 20
_QUEUED, _WRITTEN = range(2)
_VALID, _GENERATION, _START, _LENGTH, _POSITION, _DONE, _ANNOUNCED = range(7)


class Sound(NamedTuple):
    """
    A sound that was handed over.

    :ivar announced: monotonic nanoseconds at which its first sample was said to be heard.
    """

    start: int
    length: int
    generation: int
    announced: int


def _header(lane: int) -> int:
    return LANES_AT // 8 + lane * _LANE_WORDS


def _entry(lane: int, number: int) -> int:
    return _header(lane) + _WORDS * (1 + number % _KEPT)


class _Lanes:
    def __init__(self, memory: Memory):
        self._words = memory.words
        self.memory = memory

    def _samples(self, lane: int) -> np.ndarray:
        return np.frombuffer(
            self.memory.bytes, np.float32, LONGEST, _SAMPLES_AT + 4 * lane * LONGEST)


class Player(_Lanes):
    """
    The client's end of one lane; whoever uses it holds the lane's lock.

    :ivar memory: that the lane lies in.
    """

    def __init__(self, memory: Memory, lane: int):
        """
        Take over a lane, with what its last owner may have left in it.

        :raises OSError: the file system of the memory is full.
        """
        super().__init__(memory)
        memory.allocate(_SAMPLES_AT + 4 * lane * LONGEST, 4 * LONGEST)
        self._lane = lane
        self._data = self._samples(lane)

    def put(self, samples: np.ndarray, start: int, generation: int, announced: int) -> bool:
        """
        Queue a sound.

        :param samples: float32 (n,), at most ``LONGEST``.
        :param start: frame of its first sample.
        :param generation: of the stream that the frame belongs to.
        :returns: False if too many wait already.
        """
        words, header = self._words, _header(self._lane)
        number, written = words[header + _QUEUED], words[header + _WRITTEN]
        count = len(samples)
        at = written % LONGEST
        if at + count > LONGEST:
            written += LONGEST - at
            at = 0
        if not self._free(number, written + count):
            return False
        self._data[at:at + count] = samples
        entry = _entry(self._lane, number)
        words[entry + _VALID] = 0
        fence()
        for field, value in ((_GENERATION, generation), (_START, start), (_LENGTH, count),
                             (_POSITION, written), (_DONE, 0), (_ANNOUNCED, announced)):
            words[entry + field] = value
        fence()
        words[entry + _VALID] = number + 1
        words[header + _WRITTEN] = written + count
        fence()
        words[header + _QUEUED] = number + 1
        return True

    def _free(self, number: int, end: int) -> bool:
        """Whether neither an entry nor samples that are still needed would be overwritten."""
        for older in range(max(0, number - _KEPT), number):
            entry = _entry(self._lane, older)
            if self._words[entry + _DONE] != older + 1:
                return (number - older < _KEPT
                        and end - self._words[entry + _POSITION] <= LONGEST)
        return True


def handed_over(memory: Memory) -> list[Sound]:
    """Return the newest sounds of all lanes, whether they have been played yet or not."""
    words = memory.words
    found = []
    for lane in range(LANES):
        queued = words[_header(lane) + _QUEUED]
        fence()
        for number in range(max(0, queued - _KEPT), queued):
            entry = _entry(lane, number)
            sound = Sound(words[entry + _START], words[entry + _LENGTH],
                          words[entry + _GENERATION], words[entry + _ANNOUNCED])
            fence()
            if words[entry + _VALID] == number + 1:
                found.append(sound)
    return found


class _Waiting(NamedTuple):
    start: int
    stop: int
    samples: np.ndarray
    entry: int
    number: int


class Mixer(_Lanes):
    """The host's end of all lanes; everything but the start runs in the callback."""

    def __init__(self, memory: Memory):
        """Begin with empty lanes: what is queued was meant for a stream that is gone."""
        super().__init__(memory)
        self._data = [self._samples(lane) for lane in range(LANES)]
        self._taken = [self._words[_header(lane) + _QUEUED] for lane in range(LANES)]
        for lane, taken in enumerate(self._taken):
            for number in range(max(0, taken - _KEPT), taken):
                self._words[_entry(lane, number) + _DONE] = number + 1
        self._waiting: list[_Waiting] = []

    def mix(self, out: np.ndarray, frame: int, channels: Optional[list[int]] = None) -> None:
        """
        Add what is to be played into a block; a sound whose start has passed is dropped.

        :param out: float32 (n, channels), zeroed.
        :param frame: of its first row.
        :param channels: columns that play.
        """
        for lane in range(LANES):
            queued = self._words[_header(lane) + _QUEUED]
            if queued != self._taken[lane]:
                self._collect(lane, queued, frame)
        if not self._waiting:
            return
        stop = frame + len(out)
        ended = False
        for sound in self._waiting:
            first, last = max(frame, sound.start), min(stop, sound.stop)
            if first < last:
                part = sound.samples[first - sound.start:last - sound.start, None]
                out[first - frame:last - frame, channels] += part
            ended = ended or sound.stop <= stop
        if ended:
            for sound in self._waiting:
                if sound.stop <= stop:
                    self._words[sound.entry + _DONE] = sound.number + 1
            self._waiting = [sound for sound in self._waiting if sound.stop > stop]

    def _collect(self, lane: int, queued: int, frame: int) -> None:
        fence()
        words = self._words
        for number in range(max(self._taken[lane], queued - _KEPT), queued):
            entry = _entry(lane, number)
            start, length = words[entry + _START], words[entry + _LENGTH]
            at = words[entry + _POSITION] % LONGEST
            late = start < frame
            foreign = words[entry + _GENERATION] != words[Field.GENERATION]
            if late or foreign or not 0 < length <= LONGEST - at:
                words[Field.LATE] += late and not foreign
                words[entry + _DONE] = number + 1
                continue
            samples = self._data[lane][at:at + length]
            self._waiting.append(_Waiting(start, start + length, samples, entry, number))
        self._taken[lane] = queued
