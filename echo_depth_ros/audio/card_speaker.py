# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The speaker of a sound card."""

from threading import Lock
from time import monotonic_ns
from typing import Optional, TYPE_CHECKING

import numpy as np

from echo_depth_ros.audio.errors import DeviceLostError
from echo_depth_ros.audio.host.lanes import LONGEST
from echo_depth_ros.audio.host.memory import Field
from echo_depth_ros.audio.interface import Played

if TYPE_CHECKING:
    from echo_depth_ros.audio.card import Card

_NS = 1_000_000_000
_MARGIN = 0.01


class CardSpeaker:
    """The speaker of a :class:`Card`; see :class:`~echo_depth_ros.audio.interface.Speaker`."""

    def __init__(self, card: 'Card'):
        """Play on a card; closing this leaves the card open."""
        self._card = card
        self._link = card.link
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
        return self._card.to_clock(self._card.known_line('output').stamp(frame))

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
            moment = self._card.known_line('output').stamp(frame)
            if not self._link.player().put(samples, frame, generation, moment):
                raise DeviceLostError('too many sounds wait to be played; hand them over later')
        return Played(frame, self._card.to_clock(moment))

    def close(self) -> None:
        """Play no more."""
        self._closed = True
