# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which sound card, and how it is to be driven."""

from dataclasses import asdict, dataclass
import json
from typing import Optional, Union

from echo_depth_ros.audio.errors import SettingsError

_RATES = (8000, 384000)
_LATENCIES = ('low', 'high')
_LONGEST_LATENCY = 2.0
_LONGEST_BLOCK = 8192
_OTHER_RATES = (48000, 96000, 88200, 192000, 44100)


@dataclass(frozen=True)
class CardSettings:
    """
    What is asked of a sound card; whoever asks the same shares one stream.

    :ivar input_device: part of a name, or an index as text; empty for the default, None for no
        microphones at all.
    :ivar output_device: likewise for the speaker.
    :ivar sample_rate: frames per second that the microphones deliver.
    :ivar device_rate: frames per second of the card; 0 takes ``sample_rate`` where the card can,
        else the next that it can.
    :ivar input_channels: channels of the card, counted from 1, of the left and the right ear.
    :ivar output_channels: channels that play; none given are the first two, or the only one.
    :ivar latency: seconds that are asked of PortAudio, or 'low' or 'high'.
    :ivar block: frames that the card hands over at a time; 0 for 10 ms.
    """

    input_device: Optional[str] = ''
    output_device: Optional[str] = ''
    sample_rate: int = 44100
    device_rate: int = 0
    input_channels: tuple[int, int] = (1, 2)
    output_channels: tuple[int, ...] = ()
    latency: Union[float, str] = 0.04
    block: int = 0

    def __post_init__(self):
        """
        Check every value.

        :raises SettingsError: one that makes no sense.
        """
        object.__setattr__(self, 'input_channels', tuple(self.input_channels))
        object.__setattr__(self, 'output_channels', tuple(self.output_channels))
        if self.input_device is None and self.output_device is None:
            raise SettingsError(
                'neither input_device nor output_device is given; expected at least one')
        if not _RATES[0] <= self.sample_rate <= _RATES[1]:
            raise SettingsError(f'sample_rate is {self.sample_rate}; expected {_RATES[0]} to '
                                f'{_RATES[1]} Hz')
        if self.device_rate and not _RATES[0] <= self.device_rate <= _RATES[1]:
            raise SettingsError(f'device_rate is {self.device_rate}; expected {_RATES[0]} to '
                                f'{_RATES[1]} Hz, or 0 to let it be chosen')
        heard = self.input_channels
        if len(heard) != 2 or min(heard) < 1 or heard[0] == heard[1]:
            raise SettingsError(
                f'input_channels is {list(heard)}; expected two different channels, left and '
                'right, counted from 1: one microphone hears no depth')
        played = self.output_channels
        if played and (min(played) < 1 or len(set(played)) < len(played)):
            raise SettingsError(f'output_channels is {list(played)}; expected different channels, '
                                'counted from 1')
        self._check_pace()

    def _check_pace(self) -> None:
        if isinstance(self.latency, str):
            if self.latency not in _LATENCIES:
                raise SettingsError(
                    f"latency is '{self.latency}'; expected seconds, 'low' or 'high'")
        elif not 0 < self.latency <= _LONGEST_LATENCY:
            raise SettingsError(f'latency is {self.latency} s; expected more than 0 and at most '
                                f'{_LONGEST_LATENCY:g}')
        if not 0 <= self.block <= _LONGEST_BLOCK:
            raise SettingsError(f'block is {self.block} frames; expected 0 to {_LONGEST_BLOCK}')

    @property
    def rates(self) -> tuple[int, ...]:
        """Frames per second that the card may run at, the best first."""
        if self.device_rate:
            return (self.device_rate,)
        others = (rate for rate in _OTHER_RATES if rate != self.sample_rate)
        return (self.sample_rate, *others)

    def to_json(self) -> str:
        """Return all values as text; equal settings give equal text."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> 'CardSettings':
        """Return the settings that :meth:`to_json` wrote."""
        return cls(**json.loads(text))
