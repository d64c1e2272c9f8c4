# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The ears of a sound card."""

from time import monotonic, monotonic_ns
from typing import Optional, TYPE_CHECKING

import numpy as np

from echo_depth_ros.audio.errors import DeviceLostError, GapError, OverrunError, ReadTimeoutError
from echo_depth_ros.audio.host.lanes import handed_over
from echo_depth_ros.audio.host.memory import Field
from echo_depth_ros.audio.resampling import Resampler
from echo_depth_ros.audio.wiring import wire

if TYPE_CHECKING:
    from echo_depth_ros.audio.card import Card

_NS = 1_000_000_000
_SNAP_NS = 5_000_000
_LOOK = 0.02
_SOON = 0.001


class CardMicrophones:
    """
    The ears of a :class:`Card`; see :class:`~echo_depth_ros.audio.interface.Microphones`.

    Frames count at the settings' ``sample_rate``; a card that runs at another is resampled.

    :ivar gain: factors of the left and the right ear.
    :ivar swap: whether the two channels change places, before the gain.
    """

    def __init__(self, card: 'Card'):
        """Listen on a card; closing this leaves the card open."""
        self.gain: tuple[float, float] = (1.0, 1.0)
        self.swap = False
        self._card = card
        self._link = card.link
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
        line = self._card.known_line('input')
        return self._card.to_clock(line.stamp(self._resampler().to_source(frame)))

    def frame_at(self, stamp: int) -> int:
        """
        Return the frame that was at the ears at that time.

        :raises DeviceLostError: nothing has streamed yet.
        """
        line = self._card.known_line('input')
        return round(self._resampler().to_target(line.frame_at(self._card.from_clock(stamp))))

    def chirp_frame(self, stamp: int) -> int:
        """
        Return the frame from which a sound's loop delay counts.

        On one stream it is the very frame on which the sound was played, so that the delay is
        the same to the sample for every sound; a sound that was not played here, or on another
        stream, is placed by time.

        :param stamp: that the speaker told, on the caller's clock.
        """
        if self._link.memory.words[Field.DUPLEX]:
            moment = self._card.from_clock(stamp)
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
