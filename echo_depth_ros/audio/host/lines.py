# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Clock lines of a stream from what its callbacks noted."""

from statistics import fmean
from typing import NamedTuple, Optional

from echo_depth_ros.audio.clock import FrameClock
from echo_depth_ros.audio.host.memory import Line

_NS = 1_000_000_000
_ENOUGH = 3
_SETTLE_NS = 3 * _NS
_EARLIEST_ADC, _LATEST_ADC = -2.0, 0.1
_EARLIEST_DAC, _LATEST_DAC = -0.1, 2.0
_BANDWIDTH_HZ = 0.05
_STEP_NS = 3_000_000
_PATIENCE = 30


class Note(NamedTuple):
    """
    What one callback saw.

    :ivar frame: of its first sample.
    :ivar now: monotonic nanoseconds at which it was called.
    :ivar adc: seconds from PortAudio's present to when that sample was at the microphones.
    :ivar dac: seconds from PortAudio's present to when that sample will be at the speaker.
    """

    frame: int
    frames: int
    now: int
    adc: float
    dac: float


class Stamps:
    """
    When frames were heard and will be played, as far as PortAudio knows.

    Some of its backends give times in different time bases, or none; then the moment of the
    callback serves: a block is complete when it is handed over.
    """

    def __init__(self, sample_rate: int, output_latency: float):
        """Take the latency that the stream reports, in seconds."""
        self._rate = sample_rate
        self._output_latency = min(max(output_latency, 0.0), _LATEST_DAC)
        self.trusted = {'input': True, 'output': True}

    def judge(self, notes: list[Note]) -> None:
        """Decide by the first notes, but the very first, whether their times make sense."""
        self.trusted = {
            'input': all(note.adc and _EARLIEST_ADC < note.adc < _LATEST_ADC
                         for note in notes[1:]),
            'output': all(note.dac and _EARLIEST_DAC < note.dac < _LATEST_DAC
                          for note in notes[1:])}

    def heard(self, note: Note) -> int:
        """Nanoseconds at which the note's first sample was heard."""
        ago = note.adc if self.trusted['input'] else -note.frames / self._rate
        return note.now + round(ago * _NS)

    def played(self, note: Note) -> int:
        """Nanoseconds at which the note's first sample will be played."""
        ahead = note.dac if self.trusted['output'] else self._output_latency
        return note.now + round(ahead * _NS)


class LineTracker:
    """
    One clock line: in its first seconds through the mean of all stamps, then a slow loop.

    Single stamps are off by tens of milliseconds when a stream starts, and a loop that is slow
    enough to smooth them would take long to forget such a beginning, or a step such as a server
    makes that quietly plays silence in between.
    """

    def __init__(self, sample_rate: int, steady: bool = True):
        """
        Begin without a line.

        :param steady: whether stamps are good to a millisecond, so that several in a row that are
            off by more are a step.
        """
        self._rate, self._steady = sample_rate, steady
        self._period = _NS / sample_rate
        self.line: Optional[Line] = None
        self.ppm = 0.0
        self.begin_again()

    def begin_again(self) -> None:
        """Settle anew: frames were lost, or put in."""
        self._offsets: list[float] = []
        self._since: Optional[int] = None
        self._clock: Optional[FrameClock] = None
        self._strangers = 0

    def observe(self, frame: int, stamp: int) -> None:
        """Learn that ``frame`` happened at ``stamp``, give or take its jitter."""
        if self._clock is None:
            self._settle(frame, stamp)
            return
        off = abs(stamp - self._clock.stamp_of(frame))
        self._strangers = self._strangers + 1 if off > _STEP_NS else 0
        if self._steady and self._strangers >= _PATIENCE:
            self.begin_again()
            return
        self._clock.observe(frame, stamp)
        self.ppm = self._clock.rate_error_ppm
        self.line = Line(
            frame, self._clock.stamp_of(frame), self._period / (1 + self.ppm * 1e-6))

    def _settle(self, frame: int, stamp: int) -> None:
        self._since = stamp if self._since is None else self._since
        self._offsets.append(stamp - frame * self._period)
        if len(self._offsets) < _ENOUGH:
            return
        middle = round(_middle(self._offsets) + frame * self._period)
        self.line = Line(frame, middle, self._period)
        if stamp - self._since > _SETTLE_NS:
            self._clock = FrameClock(
                self._rate, middle, frame, bandwidth_hz=_BANDWIDTH_HZ)


def _middle(offsets: list[float]) -> float:
    """Return the mean without the tenth at either end."""
    out = len(offsets) // 10
    return fmean(sorted(offsets)[out:len(offsets) - out])
