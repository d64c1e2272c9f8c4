# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Record, inspect, train, export, evaluate and run, as docs/own_data.sh does it."""

import os
from pathlib import Path
import shutil
import subprocess
import sys

import pytest

from echo_depth_ros.bench import jack

ROOT = Path(__file__).parents[1]


def test_what_was_heard_through_portaudio_trains_a_student(tmp_path):
    pytest.importorskip('rclpy', reason='rclpy cannot be imported; source ROS 2, or run make')
    if reason := jack.missing():
        pytest.skip(reason)
    done = subprocess.run(
        ['bash', str(ROOT / 'docs' / 'own_data.sh'), str(tmp_path), '48'],
        env={**os.environ, 'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}'},
        capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert '16 of 16 images, protocol batvision' in done.stdout
    assert 'depth image   128x128' in done.stdout
    for name in ('samples.png', 'mine.onnx', 'run.png', 'data/kitchen/recording.json'):
        assert (tmp_path / name).is_file()
    assert len(list((tmp_path / 'data' / 'kitchen' / 'window').glob('*.npy'))) == 48
    shutil.rmtree(tmp_path)
