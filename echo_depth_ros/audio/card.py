# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A real sound card: one client of its host, with a speaker and microphones."""

from collections.abc import Callable
import json
import logging
from typing import Optional

from echo_depth_ros.audio.card_microphones import CardMicrophones
from echo_depth_ros.audio.card_speaker import CardSpeaker
from echo_depth_ros.audio.errors import DeviceLostError
from echo_depth_ros.audio.host.link import Link
from echo_depth_ros.audio.host.memory import Field, Line
from echo_depth_ros.audio.settings import CardSettings

_NS = 1_000_000_000


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
        self.to_clock, self.from_clock = to_clock, from_clock
        self.link = Link(settings, log)

    @property
    def state(self) -> str:
        """Return 'starting', 'waiting' (see :attr:`problem`) or 'streaming'."""
        if self.link.streaming:
            return 'streaming'
        return 'waiting' if self.link.memory.text('problem') else 'starting'

    @property
    def problem(self) -> str:
        """Why nothing streams; empty while it does."""
        if self.link.closed:
            return 'the sound card was closed'
        if self.link.streaming:
            return ''
        return self.link.memory.text('problem') or 'the sound card is being opened'

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
        floats = self.link.memory.floats
        return floats[Field.INPUT_LATENCY], floats[Field.OUTPUT_LATENCY]

    @property
    def callback_gap_ms(self) -> float:
        """Longest time between two callbacks in the last 5 s."""
        return self._word(Field.RECENT_PAUSE) / 1e6

    def reopen(self, why: str) -> None:
        """Have the device closed and opened anew, for all clients."""
        self.link.reopen(why)

    def speaker(self) -> CardSpeaker:
        """
        Return the speaker.

        :raises ValueError: the settings have none.
        """
        if self.settings.output_device is None:
            raise ValueError('output_device is None: this card was opened without a speaker')
        return CardSpeaker(self)

    def microphones(self) -> CardMicrophones:
        """
        Return the ears.

        :raises ValueError: the settings have none.
        """
        if self.settings.input_device is None:
            raise ValueError('input_device is None: this card was opened without microphones')
        return CardMicrophones(self)

    def close(self) -> None:
        """Let go of the card; calling it again does nothing."""
        self.link.close()

    def _word(self, field: Field) -> int:
        return self.link.memory.words[field]

    def _name(self, what: str) -> str:
        text = self.link.memory.text('names')
        return json.loads(text)[what] if text else ''

    def _line(self, kind: str) -> Optional[Line]:
        return self.link.memory.lines()[kind == 'output']

    def known_line(self, kind: str) -> Line:
        line = self._line(kind)
        if line is None:
            raise DeviceLostError(f'no frame has a time yet: {self.problem}')
        return line
