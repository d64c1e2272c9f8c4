# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from echo_depth_ros.audio.devices import Device
from echo_depth_ros.audio.errors import DeviceError
from echo_depth_ros.audio.host.plan import plan
from echo_depth_ros.audio.settings import CardSettings

USB = Device(0, 'USB', 'ALSA', 2, 2, 48000.0, True, True)
MONO = Device(1, 'Mono', 'ALSA', 1, 1, 44100.0)
ROOM = Device(2, 'room', 'JACK', 8, 8, 44100.0)
DEVICES = [USB, MONO, ROOM]


def can(*rates):
    def check(kind, device, channels, rate):
        return '' if rate in rates else f'Invalid sample rate {rate}'
    return check


def test_one_card_both_ways():
    chosen = plan(CardSettings(), DEVICES, can(44100, 48000))
    assert (chosen.input, chosen.output, chosen.rate, chosen.block) == (USB, USB, 44100, 441)
    assert (chosen.inputs, chosen.outputs, chosen.channels) == ([0, 1], [0, 1], (2, 2))


def test_a_card_without_the_wanted_rate_runs_at_another():
    assert plan(CardSettings(), DEVICES, can(48000, 96000)).rate == 48000
    assert plan(CardSettings(), DEVICES, can(192000)).block == 1920


def test_a_given_rate_is_not_exchanged():
    with pytest.raises(DeviceError, match="cannot be opened with 96000 Hz: input device 0 'USB'"):
        plan(CardSettings(device_rate=96000), DEVICES, can(48000))


def test_the_reason_of_the_wanted_rate_is_told():
    with pytest.raises(
            DeviceError, match='44100 Hz, 48000 Hz.*: Invalid sample rate 44100; set device_rate'):
        plan(CardSettings(), DEVICES, can())


def test_only_one_way():
    chosen = plan(CardSettings(output_device=None, input_channels=(4, 3), input_device='room'),
                  DEVICES, can(44100))
    assert chosen.output is None and chosen.outputs is None
    assert chosen.inputs == [3, 2] and chosen.channels == (4, 0)
    chosen = plan(CardSettings(input_device=None, output_device='Mono'), DEVICES, can(44100))
    assert chosen.inputs is None and chosen.outputs == [0] and chosen.channels == (0, 1)


def test_channels_that_play():
    chosen = plan(CardSettings(input_device=None, output_device='room', output_channels=(5,)),
                  DEVICES, can(44100))
    assert chosen.outputs == [4] and chosen.channels == (0, 5)


def test_too_few_channels():
    with pytest.raises(DeviceError, match='choose another device or other input_channels'):
        plan(CardSettings(input_device='Mono', output_device=None), DEVICES, can(44100))


def test_devices_of_two_apis_are_no_stream():
    with pytest.raises(DeviceError, match='different host APIs.*shared_stream to .off.'):
        plan(CardSettings(input_device='room', output_device='USB'), DEVICES, can(44100))


def test_a_block_of_ones_own():
    assert plan(CardSettings(block=256), DEVICES, can(44100)).block == 256
