# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`echo-depth calibrate` on real PortAudio streams, in a room whose response is known."""

import subprocess
import sys

import numpy as np
import pytest
import yaml

from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND

FMT = PingFormat()
TRAVEL = round(FMT.direct_distance / SPEED_OF_SOUND * FMT.sample_rate)


@pytest.fixture
def room(jack_room):
    response = np.zeros((2, 4096), np.float32)
    response[0, TRAVEL], response[1, TRAVEL] = 0.4, 0.2
    response[:, 900] = 0.05
    jack_room.respond(response)
    return jack_room


def calibrate(folder, *more):
    return subprocess.run(
        [sys.executable, '-m', 'echo_depth_ros.cli', 'calibrate', '--input-device', 'room',
         '--output-device', 'room', '--pings', '5', '--out', str(folder / 'my_robot.yaml'), *more],
        capture_output=True, text=True, timeout=90)


def test_the_loop_delay_levels_and_gains_of_a_known_room(room, tmp_path):
    done = calibrate(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    parameters = yaml.safe_load(
        (tmp_path / 'my_robot.yaml').read_text())['/**']['ros__parameters']
    # JACK hands blocks of 10 ms over twice on the way.
    assert parameters['loop_delay'] == pytest.approx(0.020, abs=2e-4)
    assert parameters['ear_gain_db'] == pytest.approx([-3.0, 3.0], abs=0.2)
    left, right = parameters['direct_level_db']
    assert left == pytest.approx(right, abs=0.2)
    assert parameters['input_device'] == parameters['output_device'] == 'room'
    assert (tmp_path / 'my_robot.png').stat().st_size > 10_000


def test_a_device_that_is_not_there_is_named_beside_those_that_are(room, tmp_path):
    done = calibrate(tmp_path, '--input-device', 'trumpet', '--wait', '1')
    assert done.returncode == 1
    assert "no input device 'trumpet'" in done.stdout + done.stderr
    assert "'room'" in done.stdout + done.stderr
    assert not list(tmp_path.iterdir())
