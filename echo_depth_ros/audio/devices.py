# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sound devices by name or number, and which of them is meant."""

from collections.abc import Sequence
from dataclasses import dataclass

from echo_depth_ros.audio.errors import DeviceError

_KINDS = {'input': 'microphones', 'output': 'speaker'}


@dataclass(frozen=True)
class Device:
    """
    One device as PortAudio lists it.

    :ivar index: its number; it changes when devices come and go.
    :ivar inputs: channels that it records at most, 0 for a speaker.
    :ivar outputs: channels that it plays at most, 0 for a microphone.
    :ivar default_rate: frames per second that it prefers.
    """

    index: int
    name: str
    host_api: str
    inputs: int
    outputs: int
    default_rate: float
    is_default_input: bool = False
    is_default_output: bool = False

    def channels(self, kind: str) -> int:
        """Channels of one kind, 'input' or 'output'."""
        return self.inputs if kind == 'input' else self.outputs

    def is_default(self, kind: str) -> bool:
        """Whether it is what an empty name means."""
        return self.is_default_input if kind == 'input' else self.is_default_output

    def __str__(self) -> str:
        """Name it as the lists do."""
        return f"{self.index} '{self.name}' ({self.host_api})"


def list_devices() -> list[Device]:
    """
    Return what PortAudio found when it was initialised, which its import does.

    :raises DeviceError: PortAudio is not installed.
    """
    sound = portaudio()
    apis = [api['name'] for api in sound.query_hostapis()]
    chosen = tuple(_default(sound, kind) for kind in _KINDS)
    return [
        Device(index, info['name'], apis[info['hostapi']], info['max_input_channels'],
               info['max_output_channels'], info['default_samplerate'],
               index == chosen[0], index == chosen[1])
        for index, info in enumerate(sound.query_devices())]


def portaudio():
    """
    Return the module ``sounddevice``, importing it if need be: this takes time and may hang.

    :raises DeviceError: it, or the library behind it, is not installed.
    """
    try:
        import sounddevice
    except OSError as error:
        raise DeviceError(f'PortAudio cannot be loaded ({error}); install it: '
                          'sudo apt install libportaudio2') from error
    except ImportError as error:
        raise DeviceError(f'sounddevice cannot be imported ({error}); install it: '
                          'pip install sounddevice') from error
    return sounddevice


def choose(devices: Sequence[Device], wanted: str, kind: str, channels: int = 1) -> Device:
    """
    Return the one device that is meant.

    :param wanted: words that its name or host API contain, in any case, or an index as text;
        empty for the default.
    :param kind: 'input' or 'output'.
    :param channels: that it must have at least.
    :raises DeviceError: there is none, more than one, or it has too few channels.
    """
    able = [device for device in devices if device.channels(kind) > 0]
    if not able:
        asked = f" '{wanted}'" if wanted else ''
        raise DeviceError(
            f'no {kind} device{asked}: PortAudio lists {_listed(devices)}; plug one in, or start '
            'the sound server')
    device = _meant(able, wanted.strip(), kind)
    if device.channels(kind) < channels:
        raise DeviceError(
            f'{kind} device {device} has {device.channels(kind)} channels, but channel '
            f'{channels} is asked for; choose another device or other {kind}_channels')
    return device


def _meant(able: Sequence[Device], wanted: str, kind: str) -> Device:
    if not wanted:
        found = [device for device in able if device.is_default(kind)]
        if not found:
            raise DeviceError(f'there is no default {kind} device; name one of {_listed(able)} '
                              f'as {kind}_device')
        return found[0]
    if wanted.isdecimal():
        found = [device for device in able if device.index == int(wanted)]
    else:
        words = wanted.casefold().split()
        found = [device for device in able
                 if all(word in f'{device.name}, {device.host_api}'.casefold() for word in words)]
        exact = [device for device in found if device.name.casefold() == wanted.casefold()]
        found = exact or found
    if not found:
        raise DeviceError(f"no {kind} device '{wanted}' for the {_KINDS[kind]}: there are "
                          f'{_listed(able)}')
    if len(found) > 1:
        raise DeviceError(f"{kind} device '{wanted}' may be any of {_listed(found)}; give more "
                          'of its name, add the host API, or give its number')
    return found[0]


def _listed(devices: Sequence[Device]) -> str:
    return ', '.join(map(str, devices)) or 'none at all'


def _default(sound, kind: str) -> int:
    """Return the index of the default device, -1 if there is none."""
    api = sound.default.hostapi
    apis = sound.query_hostapis()
    if not 0 <= api < len(apis):
        return -1
    chosen = sound.default.device['input' if kind == 'input' else 'output']
    if isinstance(chosen, int) and chosen >= 0:
        return chosen
    return apis[api][f'default_{kind}_device']
