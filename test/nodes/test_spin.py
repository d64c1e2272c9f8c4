# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Nodes as processes: how they start, and how they stop."""

import os
import signal
import subprocess
import sys

import pytest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def start(name, *arguments, **extra):
    """Start a node as a process, and wait for its first words."""
    env = {**os.environ, 'PYTHONPATH': os.pathsep.join(
        [SOURCE, os.environ.get('PYTHONPATH', '')]), **extra}
    return subprocess.Popen(
        [sys.executable, '-m', f'echo_depth_ros.nodes.{name}', '--ros-args', *arguments],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_node_cleanly(ros, student, number):
    process = start('depth_inference', '-p', f'model:={student()}')
    assert 'runs on CPUExecutionProvider' in process.stdout.readline()
    process.send_signal(number)
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0 and 'Traceback' not in rest


def test_a_node_that_cannot_be_configured_lives_on(ros):
    process = start('depth_inference', '-p', 'model:=/nowhere/none.onnx')
    assert 'model /nowhere/none.onnx does not exist' in process.stdout.readline()
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_a_parameter_out_of_range_is_one_clear_line(ros):
    process = start('chirp_emitter', '-p', 'ping_rate:=1000.0')
    words, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert 'ping_rate' in words and 'Max: 100.0' in words and 'Traceback' not in words
