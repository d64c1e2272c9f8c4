# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from echo_depth_ros.audio.devices import choose, Device
from echo_depth_ros.audio.errors import DeviceError

DEVICES = [
    Device(0, 'HDA Intel PCH: ALC257 (hw:0,0)', 'ALSA', 2, 2, 48000.0),
    Device(1, 'USB Audio: - (hw:1,0)', 'ALSA', 2, 2, 44100.0),
    Device(2, 'USB Audio: #1 (hw:1,1)', 'ALSA', 0, 2, 44100.0),
    Device(3, 'default', 'ALSA', 32, 32, 44100.0, True, True),
    Device(4, 'system', 'JACK Audio Connection Kit', 2, 2, 44100.0),
    Device(5, 'USB Audio', 'JACK Audio Connection Kit', 1, 0, 44100.0),
]


@pytest.mark.parametrize('wanted, kind, index', [
    ('', 'input', 3),
    ('', 'output', 3),
    ('ALC257', 'input', 0),
    ('alc257', 'output', 0),
    ('usb audio alsa', 'input', 1),
    ('usb hw:1,1', 'output', 2),
    ('USB Audio', 'input', 5),  # the whole name
    ('jack system', 'output', 4),
    ('2', 'output', 2),
    ('  4 ', 'input', 4),
])
def test_devices_are_found_by_words_and_numbers(wanted, kind, index):
    assert choose(DEVICES, wanted, kind).index == index


def test_an_unknown_name_lists_what_exists():
    with pytest.raises(DeviceError) as caught:
        choose(DEVICES, 'Scarlett', 'output')
    text = str(caught.value)
    assert "no output device 'Scarlett'" in text and "1 'USB Audio: - (hw:1,0)' (ALSA)" in text
    assert "5 'USB Audio'" not in text  # it plays nothing


def test_a_number_out_of_range_lists_what_exists():
    with pytest.raises(DeviceError, match="no input device '2' .* 0 'HDA Intel"):
        choose(DEVICES, '2', 'input')


def test_a_name_of_two_devices_asks_for_more():
    with pytest.raises(DeviceError, match='may be any of 1 .*, 2 .*; give more of its name'):
        choose(DEVICES, 'usb', 'output')


def test_too_few_channels():
    with pytest.raises(DeviceError, match='has 1 channels, but channel 2 is asked for'):
        choose(DEVICES, '5', 'input', 2)


def test_no_devices_at_all():
    with pytest.raises(DeviceError, match='no input device: PortAudio lists none at all'):
        choose([], '', 'input')


def test_no_default():
    with pytest.raises(DeviceError, match="no default input device; name one of 0 'HDA"):
        choose(DEVICES[:3], '', 'input')
