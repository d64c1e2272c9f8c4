# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The command that lists and tries devices; each run is a process, as PortAudio is per process."""

import argparse
import json
import subprocess
import sys

import numpy as np
import pytest

from echo_depth_ros.audio import try_devices
from echo_depth_ros.audio.errors import DeviceError


def run(*arguments):
    """Run `echo-depth devices`; return its status, and what it said and complained about."""
    done = subprocess.run([sys.executable, '-m', 'echo_depth_ros.cli', 'devices', *arguments],
                          capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def device(**values):
    return {'index': 0, 'name': 'USB', 'host_api': 'ALSA', 'inputs': 2, 'outputs': 0,
            'default_rate': 44100.0, 'is_default_input': False, 'is_default_output': False,
            'input_rates': [44100], 'output_rates': [], **values}


def test_the_table_tells_what_each_device_can():
    lines = try_devices.table([
        device(is_default_input=True, input_rates=[44100, 48000]),
        device(index=12, name='room', host_api='JACK', outputs=8, output_rates=[96000]),
        device(index=2, name='taken', input_rates=[])])
    assert lines == [
        'ALSA',
        '   0  USB    in 2: 44.1 48 kHz <- in',
        '   2  taken  in 2: refuses (busy?)',
        'JACK',
        '  12  room   in 2: 44.1 kHz                out 8: 96 kHz']


def test_without_devices_the_table_says_what_to_do():
    assert 'group audio' in try_devices.table([])[0]


@pytest.mark.parametrize('samples, says', [
    (np.zeros(100), 'nothing at all: muted'),
    (np.ones(100), 'clipped: turn the gain down'),
    (np.full(100, 0.1), 'level  -20.0 dB, peak  -20.0 dB'),
])
def test_the_meter_tells_levels(samples, says):
    assert says in try_devices.meter(samples.astype(np.float32))


def test_the_meter_is_a_bar():
    quiet, loud = (try_devices.meter(np.full(9, level)) for level in (0.01, 0.5))
    assert quiet.count('#') < loud.count('#')
    assert quiet.index(']') == loud.index(']')


@pytest.mark.parametrize('level', ['0', '1.5'])
def test_levels_that_make_no_sense(level):
    parser = argparse.ArgumentParser()
    try_devices.add_arguments(parser)
    with pytest.raises(DeviceError, match='--level'):
        try_devices.main(parser.parse_args(['--try', '--level', level]))


def test_one_microphone_is_not_two_ears():
    status, _, said = run('--try', '--input-channels', '2', '2')
    assert status == 1
    assert 'input_channels is [2, 2]' in said and 'Traceback' not in said


def test_devices_of_a_server_are_listed_and_tried(jack_room):
    status, said, _ = run('--json')
    found = {one['name']: one for one in json.loads(said)}
    assert status == 0
    assert found['room']['input_rates'] == found['room']['output_rates'] == [44100]
    assert found['room']['inputs'] == found['room']['outputs'] == 2
    jack_room.respond(np.array([[0.5], [0.25]], np.float32))
    status, said, complaint = run('--try', '--input-device', 'room', '--output-device', 'room')
    assert status == 0, said + complaint
    assert 'chirps       heard, ' in said
    left, right = (line for line in said.splitlines() if line.startswith(('left', 'right')))
    assert 'peak  -26.0 dB' in left and 'peak  -32.0 dB' in right


def test_a_name_that_does_not_exist(jack_room):
    status, _, complaint = run('--try', '--input-device', 'Scarlett')
    assert status == 1
    assert "no input device 'Scarlett'" in complaint and 'system' in complaint
