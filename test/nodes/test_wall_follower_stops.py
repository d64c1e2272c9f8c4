# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What makes the wall follower stand, besides its input: ends, hangs, failures, clocks."""

import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from geometry_msgs.msg import TwistStamped
import pytest
from rclpy.lifecycle import TransitionCallbackReturn

from echo_depth_ros.nodes.conversions import velocity_from_msg
from echo_depth_ros.nodes.health import Level

from .followed_robot import AGE, Robot, Teller


@pytest.fixture
def robot(bench):
    return lambda **options: Robot(bench, **options)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_the_last_command_of_a_process_that_is_told_to_end_is_zero(bench, number):
    commands = []
    bench.node.create_subscription(
        TwistStamped, 'cmd_vel', lambda m: commands.append(velocity_from_msg(m)), 50)
    source = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, '-m', 'echo_depth_ros.nodes.wall_follower', '--ros-args', '-r',
         f'__ns:={bench.namespace}', '-p', 'start_enabled:=true', '-p', 'side:=right'],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(
            [str(source), os.environ.get('PYTHONPATH', '')])})
    try:
        teller = Teller(bench)
        assert teller.pings(lambda: commands and commands[-1][0] > 0.05, timeout=20.0)
        process.send_signal(number)
        assert teller.pings(lambda: process.poll() is not None, timeout=5.0)
        assert process.returncode == 0
        assert bench.until(lambda: commands[-1] == (0.0, 0.0), 1.0)
    finally:
        process.kill()


@pytest.mark.parametrize('how', ['deactivate', 'release'])
def test_the_last_command_of_one_that_ends_is_zero(robot, how):
    r = robot(side='right').get_going()
    count = len(r.commands)
    r.node.trigger_deactivate() if how == 'deactivate' else r.node.release()
    assert r.bench.until(lambda: len(r.commands) > count and r.stands(), 2.0)


def test_it_can_be_activated_again(robot):
    r = robot(side='right').get_going()
    assert r.node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    assert r.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    r.commands.clear()
    r.get_going()


def test_a_policy_that_fails_stands_until_it_is_enabled_again(robot):
    r = robot(side='right').get_going()

    def fail(*_):
        raise RuntimeError('out of order')

    r.node._policy.step = fail
    assert r.pings(r.stands)
    assert r.node.diagnose().level == Level.ERROR
    assert 'the policy failed: RuntimeError: out of order' in r.node.diagnose().message
    count = len(r.commands)
    r.pings(lambda: len(r.commands) > count + 10)
    assert all(command[1:] == (0.0, 0.0) for command in r.commands[count:])
    r.enable(True)
    r.get_going()


def test_zero_is_sent_while_the_nodes_thread_hangs(robot):
    r = robot(side='right').get_going()
    stamps = []
    other = r.bench.node.create_subscription(
        TwistStamped, 'cmd_vel',
        lambda m: stamps.append((m.header.stamp.sec + m.header.stamp.nanosec / 1e9,
                                 m.twist.linear.x)), 50)
    assert r.pings(lambda: stamps)
    began = time.time()
    time.sleep(0.6)  # the executor of node and test alike
    ended = time.time()
    assert r.bench.until(lambda: r.values()['zeros sent in its place'] == 1)
    r.bench.spin(0.1)
    meanwhile = [speed for stamp, speed in stamps if began + 0.05 < stamp < ended - 0.05]
    assert meanwhile == [0.0]
    r.bench.node.destroy_subscription(other)
    r.get_going()


def test_time_that_goes_back_stops_it_and_it_recovers(robot, monkeypatch):
    r = robot(side='right').get_going()
    real, shift = r.node.now, -30_000_000_000
    monkeypatch.setattr(r.node, 'now', lambda: real() + shift)
    count = len(r.commands)
    assert r.bench.until(lambda: len(r.commands) > count + 3, 2.0)
    assert r.stands() and 'time went back by' in r.values()['last start anew']
    assert r.pings(r.moves, age=AGE - shift / 1e9), r.why()


def test_a_clock_that_stands_still_stops_it(robot, monkeypatch):
    r = robot(side='right').get_going()
    still = r.node.now()
    monkeypatch.setattr(r.node, 'now', lambda: still)
    assert r.bench.until(lambda: 'the clock has stood still' in r.why(), 3.0)
    assert r.bench.until(r.stands, 1.0)
    monkeypatch.undo()
    r.get_going()


def test_simulated_time_that_nobody_publishes_lets_it_stand(robot):
    r = robot(side='right', use_sim_time=True)
    r.bench.spin(0.8)
    assert r.stands() and not any(speed for _, speed, _ in r.commands)
