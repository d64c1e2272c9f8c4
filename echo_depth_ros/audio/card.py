# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A real sound card behind the two devices of :mod:`echo_depth_ros.audio.interface`."""

from collections.abc import Callable
import json
import logging
from threading import Lock
from time import monotonic, monotonic_ns
from typing import Optional

import numpy as np

from echo_depth_ros.audio.errors import DeviceLostError, GapError, OverrunError, ReadTimeoutError
from echo_depth_ros.audio.host.lanes import handed_over, LONGEST
from echo_depth_ros.audio.host.link import Link
from echo_depth_ros.audio.host.memory import Field, Line
from echo_depth_ros.audio.interface import Played
from echo_depth_ros.audio.resampling import Resampler
from echo_depth_ros.audio.settings import CardSettings
from echo_depth_ros.audio.wiring import wire

_NS = 1_000_000_000
_SNAP_NS = 5_000_000
_MARGIN = 0.01
_LOOK = 0.02
_SOON = 0.001


def _same(stamp: int) -> int:
    return stamp


def _to_logging(level: str, text: str) -> None:
    logging.getLogger(__name__).log(getattr(logging, level.upper()), text)


class Card:
    """
    A client of the sound card that the settings choose, shared with all who choose the same.

    Everything lives through the loss of the device: while it is away, playing raises, reading
    times out, and :attr:`problem` says why; then the same objects go on. Each stretch that was
    lost is a gap in the frame counter, which never runs backwards.
    """

    def __init__(self, settings: CardSettings, *, to_clock: Callable[[int], int] = _same,
                 from_clock: Callable[[int], int] = _same,
                 log: Callable[[str, str], None] = _to_logging):
        """
        Attach; a missing device is waited for.

        :param to_clock: maps monotonic nanoseconds to the caller's clock, in which all stamps are.
        :param from_clock: the way back.
        :param log: takes a level, 'info', 'warning' or 'error', and a text; from a thread.
        :raises AudioError: there is no place for the memory that is shared with the host.
        """
        self.settings = settings
        self._to_clock, self._from_clock = to_clock, from_clock
        self._link = Link(settings, log)

    @property
    def state(self) -> str:
        """Return 'starting', 'waiting' (see :attr:`problem`) or 'streaming'."""
        if self._link.streaming:
            return 'streaming'
        return 'waiting' if self._link.memory.text('problem') else 'starting'

    @property
    def problem(self) -> str:
        """Why nothing streams; empty while it does."""
        if self._link.closed:
            return 'the sound card was closed'
        if self._link.streaming:
            return ''
        return self._link.memory.text('problem') or 'the sound card is being opened'

    @property
    def generation(self) -> int:
        """How many streams were opened so far."""
        return self._word(Field.GENERATION)

    @property
    def discontinuities(self) -> int:
        """How many times the delay from speaker to ears may have changed."""
        return self.overflows + self.underflows + self.restarts

    @property
    def overflows(self) -> int:
        """How many times frames were lost on their way from the microphones."""
        return self._word(Field.OVERFLOWS)

    @property
    def underflows(self) -> int:
        """How many times frames were missing on their way to the speaker."""
        return self._word(Field.UNDERFLOWS)

    @property
    def restarts(self) -> int:
        """How many times the stream was opened anew."""
        return self._word(Field.RESTARTS)

    @property
    def late_sounds(self) -> int:
        """How many sounds came too late to be played."""
        return self._word(Field.LATE)

    @property
    def device_rate(self) -> int:
        """Frames per second of the card, 0 until it is known."""
        return self._word(Field.RATE)

    @property
    def input_name(self) -> str:
        """Name of the microphones, empty without."""
        return self._name('input')

    @property
    def output_name(self) -> str:
        """Name of the speaker, empty without."""
        return self._name('output')

    @property
    def host_api(self) -> str:
        """Which of PortAudio's backends it is."""
        return self._name('api')

    @property
    def clock_ppm(self) -> float:
        """How much faster than its nominal rate the card counts, by the computer's clock."""
        line = self._line('input') or self._line('output')
        rate = self.device_rate
        return (_NS / rate / line.period - 1) * 1e6 if line and rate else 0.0

    @property
    def latency_s(self) -> tuple[float, float]:
        """Latencies that PortAudio reports, in seconds: input, output."""
        floats = self._link.memory.floats
        return floats[Field.INPUT_LATENCY], floats[Field.OUTPUT_LATENCY]

    @property
    def callback_gap_ms(self) -> float:
        """Longest time between two callbacks in the last 5 s."""
        return self._word(Field.RECENT_PAUSE) / 1e6

    def reopen(self, why: str) -> None:
        """Have the device closed and opened anew, for all clients."""
        self._link.reopen(why)

    def speaker(self) -> 'CardSpeaker':
        """
        Return the speaker.

        :raises ValueError: the settings have none.
        """
        if self.settings.output_device is None:
            raise ValueError('output_device is None: this card was opened without a speaker')
        return CardSpeaker(self)

    def microphones(self) -> 'CardMicrophones':
        """
        Return the ears.

        :raises ValueError: the settings have none.
        """
        if self.settings.input_device is None:
            raise ValueError('input_device is None: this card was opened without microphones')
        return CardMicrophones(self)

    def close(self) -> None:
        """Let go of the card; calling it again does nothing."""
        self._link.close()

    def _word(self, field: Field) -> int:
        return self._link.memory.words[field]

    def _name(self, what: str) -> str:
        text = self._link.memory.text('names')
        return json.loads(text)[what] if text else ''

    def _line(self, kind: str) -> Optional[Line]:
        return self._link.memory.lines()[kind == 'output']

    def _known_line(self, kind: str) -> Line:
        line = self._line(kind)
        if line is None:
            raise DeviceLostError(f'no frame has a time yet: {self.problem}')
        return line


class CardSpeaker:
    """The speaker of a :class:`Card`; see :class:`~echo_depth_ros.audio.interface.Speaker`."""

    def __init__(self, card: Card):
        """Play on a card; closing this leaves the card open."""
        self._card = card
        self._link = card._link
        self._lock = Lock()
        self._closed = False

    @property
    def sample_rate(self) -> int:
        """Frames per second of the card; what was asked for until it is known."""
        settings = self._card.settings
        return self._card.device_rate or settings.device_rate or settings.sample_rate

    @property
    def connected(self) -> bool:
        """Whether sounds would be heard now."""
        return not self._closed and not self._link.closed and self._link.streaming

    @property
    def next_frame(self) -> int:
        """The earliest frame that can still be played for sure."""
        words = self._link.memory.words
        since = monotonic_ns() - words[Field.CALLBACK_AT]
        # After a pause callbacks come in a burst that makes up for it.
        ahead = max(since, words[Field.RECENT_PAUSE]) / _NS + _MARGIN
        return words[Field.END] + words[Field.BLOCK] + round(ahead * self.sample_rate)

    def stamp(self, frame: int) -> int:
        """
        Nanoseconds on the caller's clock at which ``frame`` leaves the speaker.

        :raises DeviceLostError: nothing has streamed yet.
        """
        return self._card._to_clock(self._card._known_line('output').stamp(frame))

    def play(self, samples: np.ndarray, at_frame: Optional[int] = None) -> Played:
        """
        Queue a sound and return at once.

        :param samples: float32 ``(n,)``, full scale +-1; copied before the call returns.
        :param at_frame: frame of the first sample; the earliest possible one when None.
        :raises ValueError: samples that are not one finite row, that are too long, or an
            ``at_frame`` that has passed.
        :raises DeviceLostError: the card does not stream now.
        :raises AudioError: too many sounds wait already.
        """
        samples = np.asarray(samples, np.float32)
        if samples.ndim != 1 or not 0 < len(samples) <= LONGEST or not np.isfinite(samples).all():
            raise ValueError(f'a sound of shape {samples.shape} cannot be played; expected 1 to '
                             f'{LONGEST} finite samples in one row')
        with self._lock:
            if not self.connected:
                raise DeviceLostError(f'nothing can be played: {self._card.problem}')
            words = self._link.memory.words
            generation = words[Field.GENERATION]
            frame = self.next_frame if at_frame is None else int(at_frame)
            earliest = words[Field.END] + words[Field.BLOCK]
            if frame < earliest:
                raise ValueError(f'frame {frame} has passed; the earliest that can be played is '
                                 f'{self.next_frame}')
            moment = self._card._known_line('output').stamp(frame)
            if not self._link.player().put(samples, frame, generation, moment):
                raise DeviceLostError('too many sounds wait to be played; hand them over later')
        return Played(frame, self._card._to_clock(moment))

    def close(self) -> None:
        """Play no more."""
        self._closed = True


class CardMicrophones:
    """
    The ears of a :class:`Card`; see :class:`~echo_depth_ros.audio.interface.Microphones`.

    Frames count at the settings' ``sample_rate``; a card that runs at another is resampled.

    :ivar gain: factors of the left and the right ear.
    :ivar swap: whether the two channels change places, before the gain.
    """

    def __init__(self, card: Card):
        """Listen on a card; closing this leaves the card open."""
        self.gain: tuple[float, float] = (1.0, 1.0)
        self.swap = False
        self._card = card
        self._link = card._link
        self._closed = False
        self._made: Optional[tuple[int, Resampler]] = None

    @property
    def sample_rate(self) -> int:
        """Frames per second that are delivered."""
        return self._card.settings.sample_rate

    @property
    def receiving(self) -> bool:
        """Whether sound comes in now."""
        return not self._closed and not self._link.closed and self._link.streaming

    @property
    def end_frame(self) -> int:
        """One past the newest frame that can be read now."""
        return self._resampler().target_end(self._link.memory.words[Field.END])

    @property
    def overflows(self) -> int:
        """How many times frames were lost."""
        return self._card.overflows

    def read(self, start_frame: int, count: int, timeout: float) -> np.ndarray:
        """
        Wait for frames ``start_frame ... start_frame + count - 1`` and copy them out.

        :param timeout: longest wait in seconds; 0 never blocks.
        :returns: float32 ``(2, count)``, owned by the caller.
        :raises ReadTimeoutError: not all of them arrived in time; ask again.
        :raises OverrunError: the first of them has been overwritten; go on at a later frame.
        :raises GapError: some of them were lost; go on behind the gap.
        :raises DeviceLostError: this was closed.
        """
        deadline = monotonic() + timeout
        while True:
            if self._closed or self._link.closed:
                raise DeviceLostError('the microphones were closed')
            resampler = self._resampler()
            first, needed = resampler.source_span(start_frame, count)
            block = self._heard(first, needed, resampler)
            if block is not None:
                return wire(resampler(block, start_frame, count), self.swap, self.gain)
            left = deadline - monotonic()
            if left <= 0:
                problem = self._card.problem
                raise ReadTimeoutError(
                    f'frames {start_frame} to {start_frame + count - 1} were asked for, but the '
                    f'newest one is {self.end_frame - 1}' + (f': {problem}' if problem else ''))
            self._link.wait(min(left, self._pause(first + needed)))

    def stamp(self, frame: int) -> int:
        """
        Nanoseconds on the caller's clock at which ``frame`` was at the ears.

        :raises DeviceLostError: nothing has streamed yet.
        """
        line = self._card._known_line('input')
        return self._card._to_clock(line.stamp(self._resampler().to_source(frame)))

    def frame_at(self, stamp: int) -> int:
        """
        Return the frame that was at the ears at that time.

        :raises DeviceLostError: nothing has streamed yet.
        """
        line = self._card._known_line('input')
        return round(self._resampler().to_target(line.frame_at(self._card._from_clock(stamp))))

    def chirp_frame(self, stamp: int) -> int:
        """
        Return the frame from which a sound's loop delay counts.

        On one stream it is the very frame on which the sound was played, so that the delay is
        the same to the sample for every sound; a sound that was not played here, or on another
        stream, is placed by time.

        :param stamp: that the speaker told, on the caller's clock.
        """
        if self._link.memory.words[Field.DUPLEX]:
            moment = self._card._from_clock(stamp)
            sounds = handed_over(self._link.memory)
            sound = min(sounds, key=lambda sound: abs(sound.announced - moment), default=None)
            if sound and abs(sound.announced - moment) <= _SNAP_NS:
                return round(self._resampler().to_target(sound.start))
        return self.frame_at(stamp)

    def close(self) -> None:
        """Read no more, and wake who is reading."""
        self._closed = True

    def _heard(self, first: int, count: int, resampler: Resampler) -> Optional[np.ndarray]:
        try:
            return self._link.memory.heard(first, count)
        except (GapError, OverrunError) as error:
            if resampler.identical:
                raise
            raise type(error)(f'{error} (frames of the card, which runs at '
                              f'{self._card.device_rate} Hz)') from None

    def _pause(self, end: int) -> float:
        """Seconds to sleep before it makes sense to look again."""
        words = self._link.memory.words
        block, rate = words[Field.BLOCK], words[Field.RATE]
        if not rate or self._closed:
            return _LOOK
        callbacks = -(-(end - words[Field.END]) // max(block, 1))
        due = words[Field.CALLBACK_AT] / _NS + callbacks * block / rate
        return min(max(due - monotonic_ns() / _NS + _SOON / 2, _SOON), _LOOK)

    def _resampler(self) -> Resampler:
        rate = self._card.device_rate or self.sample_rate
        if self._made is None or self._made[0] != rate:
            self._made = rate, Resampler(rate, self.sample_rate)
        return self._made[1]
