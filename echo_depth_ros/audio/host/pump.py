# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The callback: it copies between the stream and the mapped memory, and counts. Nothing else."""

from collections import deque
from collections.abc import Callable
from time import monotonic_ns
from typing import Optional

import numpy as np

from echo_depth_ros.audio.host.lanes import Mixer
from echo_depth_ros.audio.host.lines import Note
from echo_depth_ros.audio.host.memory import fence, Field, Memory

_MOST_LOST_SECONDS = 10
_NOTES = 512


class Pump:
    """
    One stream's callback.

    :ivar notes: what the callbacks saw, for the clock lines; the oldest are dropped.
    :ivar flags: how many times frames were lost or put in.
    :ivar expected: frame, with its fraction, that time says a note should begin with; by it lost
        frames are counted. None while nobody knows.
    """

    def __init__(self, memory: Memory, rate: int, frame: int,
                 inputs: Optional[list[int]], outputs: Optional[list[int]],
                 now: Callable[[], int] = monotonic_ns):
        """
        Prepare for a stream that begins with ``frame``.

        :param inputs: columns of the two ears, None for a stream without input.
        :param outputs: columns that play, None for a stream without output.
        """
        self.notes: deque[Note] = deque(maxlen=_NOTES)
        self.flags = 0
        self.expected: Optional[Callable[[Note], float]] = None
        self._words, self._ring, self._memory = memory.words, memory.ring, memory
        self._mixer = Mixer(memory)
        self._rate, self._frame = rate, frame
        self._capacity = self._words[Field.CAPACITY]
        self._inputs, self._outputs = inputs, outputs
        self._now = now
        self._last = 0

    @property
    def callback(self) -> Callable:
        """Return what sounddevice calls for this kind of stream."""
        if self._outputs is None:
            return self._on_input
        return self._on_output if self._inputs is None else self._on_both

    def _on_input(self, indata, frames, times, status) -> None:
        self._on_both(indata, None, frames, times, status)

    def _on_output(self, outdata, frames, times, status) -> None:
        self._on_both(None, outdata, frames, times, status)

    def _on_both(self, indata, outdata, frames, times, status) -> None:
        words = self._words
        now = self._now()
        note = Note(self._frame, frames, now, times.inputBufferAdcTime - times.currentTime,
                    times.outputBufferDacTime - times.currentTime)
        if status and self._last:  # Some servers flag the first of all.
            note = self._flagged(note, status)
        frame = note.frame
        if indata is not None:
            self._store(indata, frame, frames)
        if outdata is not None:
            outdata.fill(0)
            self._mixer.mix(outdata, frame, self._outputs)
        self._frame = frame + frames
        words[Field.CALLBACK_AT] = now
        fence()
        words[Field.END] = self._frame
        if self._last and now - self._last > words[Field.LONGEST_PAUSE]:
            words[Field.LONGEST_PAUSE] = now - self._last
        self._last = now
        self.notes.append(note)

    def _store(self, block: np.ndarray, frame: int, frames: int) -> None:
        words, ring = self._words, self._ring
        words[Field.CLAIM] = frame + frames
        fence()
        at = frame % self._capacity
        first = min(frames, self._capacity - at)
        left, right = self._inputs
        ring[at:at + first, 0] = block[:first, left]
        ring[at:at + first, 1] = block[:first, right]
        if first < frames:
            ring[:frames - first, 0] = block[first:, left]
            ring[:frames - first, 1] = block[first:, right]

    def _flagged(self, note: Note, status) -> Note:
        """Count what PortAudio says went wrong, and skip the frames that were lost."""
        words = self._words
        lost = self._inputs is not None and status.input_overflow
        filled = self._inputs is not None and status.input_underflow
        missed = self._outputs is not None and (status.output_underflow or status.output_overflow)
        if lost or filled or missed:
            self.flags += 1
        words[Field.OVERFLOWS] += lost
        words[Field.UNDERFLOWS] += filled or missed
        if lost:
            start = note.frame
            note = note._replace(frame=start + self._lost(note))
            self._memory.add_gap(start, note.frame)
        if filled:  # with silence, which is not what was heard
            self._memory.add_gap(note.frame, note.frame + note.frames)
        return note

    def _lost(self, note: Note) -> int:
        if self.expected is None:
            return 1
        lost = round(self.expected(note)) - note.frame
        return min(max(lost, 1), _MOST_LOST_SECONDS * self._rate)
