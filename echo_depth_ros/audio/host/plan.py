# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From what is asked of a card to what PortAudio is told."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Optional

from echo_depth_ros.audio.devices import choose, Device
from echo_depth_ros.audio.errors import DeviceError
from echo_depth_ros.audio.settings import CardSettings

Check = Callable[[str, Device, int, int], str]
"""``check(kind, device, channels, rate)`` says why a device cannot do that, '' if it can."""


class Plan(NamedTuple):
    """
    A stream that can be opened.

    :ivar inputs: columns of a callback's block that are the ears, None without input.
    :ivar outputs: columns that play, None without output.
    """

    input: Optional[Device]
    output: Optional[Device]
    rate: int
    block: int
    inputs: Optional[list[int]]
    outputs: Optional[list[int]]

    @property
    def channels(self) -> tuple[int, int]:
        """Return how many channels are opened, in and out."""
        return max(self.inputs or [-1]) + 1, max(self.outputs or [-1]) + 1


def plan(settings: CardSettings, devices: Sequence[Device], check: Check) -> Plan:
    """
    Choose the devices and the rate.

    :raises DeviceError: the devices that are there cannot do it; the text says why.
    """
    heard = played = inputs = outputs = None
    if settings.input_device is not None:
        inputs = [channel - 1 for channel in settings.input_channels]
        try:
            heard = choose(devices, settings.input_device, 'input', max(inputs) + 1)
        except DeviceError as error:
            if settings.output_device is None:
                raise
            raise DeviceError(f'{error} (speaker and microphones share one stream; with '
                              "shared_stream 'off' the speaker does without them)") from error
    if settings.output_device is not None:
        outputs = [channel - 1 for channel in settings.output_channels]
        played = choose(devices, settings.output_device, 'output', max(outputs or [0]) + 1)
        outputs = outputs or list(range(min(2, played.outputs)))
    if heard and played and heard.host_api != played.host_api:
        raise DeviceError(
            f'input device {heard} and output device {played} belong to different host APIs, '
            'and one stream cannot join them; choose devices of one API, or set shared_stream '
            "to 'off'")
    wanted = Plan(heard, played, 0, 0, inputs, outputs)
    rate = _rate(settings.rates, wanted, check)
    return wanted._replace(rate=rate, block=settings.block or rate // 100)


def _rate(rates: Sequence[int], wanted: Plan, check: Check) -> int:
    reasons = {}
    for rate in rates:
        for kind, device, channels in zip(
                ('input', 'output'), (wanted.input, wanted.output), wanted.channels):
            reason = check(kind, device, channels, rate) if device else ''
            if reason:
                reasons[rate] = f'{kind} device {device}: {reason}'
                break
        else:
            return rate
    listed = ', '.join(f'{rate} Hz' for rate in rates)
    raise DeviceError(f'cannot be opened with {listed}: {reasons[rates[0]]}; set device_rate to '
                      'one that it can, or end what else uses it')
