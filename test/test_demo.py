# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`echo-depth demo`, as a user runs it: separate processes, real DDS, the shipped model."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip('rclpy')


def _demo(out, *arguments):
    environment = {**os.environ, 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
                   'ROS_DOMAIN_ID': str(1 + os.getpid() % 100)}
    return subprocess.run(
        [sys.executable, '-m', 'echo_depth_ros.cli', 'demo', '--out', str(out), *arguments],
        env=environment, capture_output=True, text=True, timeout=120)


def test_a_short_drive_ends_with_a_picture_and_honest_figures(tmp_path):
    done = _demo(tmp_path, '--seconds', '3')
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((tmp_path / 'summary.json').read_text())
    assert summary['simulation'] is True
    assert summary['scored'] >= 3  # of 41; a machine that is busy otherwise loses most
    assert 0 < summary['rel'] < 0.4
    assert (tmp_path / 'echo_depth.png').stat().st_size > 20000
    assert 'REL' in done.stdout


def test_a_model_that_is_not_there_is_named(tmp_path):
    done = _demo(tmp_path, '--model', 'nowhere.onnx', '--seconds', '1')
    assert done.returncode != 0
    assert 'nowhere.onnx' in done.stdout + done.stderr
