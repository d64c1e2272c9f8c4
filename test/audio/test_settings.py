# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from echo_depth_ros.audio.errors import SettingsError
from echo_depth_ros.audio.settings import CardSettings

SOME = st.builds(
    CardSettings, input_device=st.one_of(st.none(), st.text()), output_device=st.text(),
    sample_rate=st.integers(8000, 384000), device_rate=st.sampled_from([0, 48000]),
    input_channels=st.lists(st.integers(1, 64), min_size=2, max_size=2, unique=True).map(tuple),
    output_channels=st.lists(st.integers(1, 64), unique=True).map(tuple),
    latency=st.one_of(st.sampled_from(['low', 'high']), st.floats(0.001, 2.0)),
    block=st.integers(0, 8192))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(wanted=SOME)
def test_settings_come_back_from_text(wanted):
    assert CardSettings.from_json(wanted.to_json()) == wanted


def test_lists_are_as_good_as_tuples():
    assert CardSettings(input_channels=[2, 1]) == CardSettings(input_channels=(2, 1))


@pytest.mark.parametrize('values, says', [
    ({'input_device': None, 'output_device': None}, 'neither'),
    ({'sample_rate': 100}, 'sample_rate is 100; expected 8000 to'),
    ({'device_rate': -1}, 'device_rate is -1; expected'),
    ({'input_channels': (1,)}, r'input_channels is \[1\]; expected two'),
    ({'input_channels': ()}, r'input_channels is \[\]; expected two'),
    ({'input_channels': (0, 1)}, 'counted from 1'),
    ({'input_channels': (1, 1)}, 'two different channels'),
    ({'output_channels': (1, 1)}, 'different channels'),
    ({'latency': 'medium'}, "latency is 'medium'; expected seconds"),
    ({'latency': 0.0}, 'latency is 0.0 s'),
    ({'latency': 2.5}, 'latency is 2.5 s'),
    ({'block': -1}, 'block is -1 frames'),
])
def test_nonsense_is_refused(values, says):
    with pytest.raises(SettingsError, match=says):
        CardSettings(**values)


def test_the_wanted_rate_comes_first():
    assert CardSettings(sample_rate=44100).rates == (44100, 48000, 96000, 88200, 192000)
    assert CardSettings(sample_rate=96000).rates[:2] == (96000, 48000)
    assert CardSettings(device_rate=32000).rates == (32000,)
