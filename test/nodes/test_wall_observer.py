# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the observer of the wall demo makes of what nodes publish."""

import json
import math

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Path
import pytest
from sensor_msgs.msg import Range
from visualization_msgs.msg import Marker

from echo_depth_ros.nodes.conversions import (
    line_from_marker,
    line_to_marker,
    path_to_msg,
    pose_to_msg,
    range_to_msg,
    status_to_msg,
    text_to_marker,
    values_from_diagnostics,
    velocity_to_msg,
)
from echo_depth_ros.nodes.health import Status
from echo_depth_ros.nodes.wall_observer import WallObserver


@pytest.fixture
def observer(bench, tmp_path):
    node = WallObserver()
    node.out = tmp_path
    bench.executor.add_node(node)
    yield node
    bench.executor.remove_node(node)
    node.destroy_node()


def send(bench, message_type, topic, message):
    bench.publisher(message_type, topic).publish(message)


def be_at(bench, observer, x, y, yaw=0.0):
    """Have the simulator say that the robot is there."""
    seen = len(observer.drive.outcome().poses)
    send(bench, Path, '/path', path_to_msg([pose_to_msg(x, y, yaw, 0, 'odom')], 0, 'odom'))
    assert bench.until(lambda: len(observer.drive.outcome().poses) > seen)


def bump(bench, observer, times):
    send(bench, DiagnosticArray, '/diagnostics', status_to_msg(
        Status(values={'bumps': times}), 'room_simulator', 0))
    assert bench.until(lambda: observer.drive.contacts == times)


def test_conversions_go_there_and_back():
    ends = [(-0.4, 0.6), (1.5, 0.7)]
    assert line_from_marker(line_to_marker(ends, 0, 'base_link', 1.0)) == ends
    assert line_from_marker(line_to_marker((), 0, 'base_link', 1.0)) == []
    told = status_to_msg(Status(values={'bumps': 2, 'room': 'l'}), 'robot_1/room_simulator', 0)
    assert values_from_diagnostics(told, 'room_simulator') == {'bumps': '2', 'room': 'l'}
    assert values_from_diagnostics(told, 'simulator') == {}


def test_status_line_tells_truth_and_belief(bench, observer):
    assert 'waiting for the simulator' in observer.status()
    send(bench, Marker, '/wall', text_to_marker('following', (0.0, 0.0, 1.0), 0, 'base_link', 1.0))
    # Aslant: its line passes the robot at 0.6 m.
    turned = [(c * math.cos(0.3) - 0.6 * math.sin(0.3), c * math.sin(0.3) + 0.6 * math.cos(0.3))
              for c in (0.5, 2.0)]
    send(bench, Marker, '/wall', line_to_marker(turned, 0, 'base_link', 1.0))
    send(bench, TwistStamped, '/cmd_vel', velocity_to_msg(0.25, 0.1, 0, 'base_link'))
    send(bench, Range, '/range', range_to_msg(0.6, (0.25, 12.0), math.pi, 0, 'ears'))
    assert bench.until(lambda: observer.believed and observer.speed and observer.heard)
    be_at(bench, observer, 3.55, 0.8)
    line = observer.status()
    assert 'following' in line and 'wall 0.60 m (true 0.80)' in line
    assert '0.25 m/s' in line and '0 contacts' in line and 'of 8.0 m' in line
    send(bench, Marker, '/wall', line_to_marker((), 0, 'base_link', 1.0))
    assert bench.until(lambda: observer.believed is None)


def drive_the_track(bench, observer):
    """Go along the middle of the corner track."""
    for place in ((3.55, 1.0), (5.0, 1.0), (6.4, 1.0), (7.8, 1.0), (8.4, 1.6), (8.4, 3.0),
                  (8.4, 4.2)):
        be_at(bench, observer, *place)


def test_a_whole_track_ends_the_drive_well(bench, observer, tmp_path, capsys):
    drive_the_track(bench, observer)
    assert observer.drive.whole and not observer.done  # a contact may still become known
    assert bench.until(lambda: observer.done)
    assert observer.finish() == 0
    assert 'The whole track: 8.0 m' in capsys.readouterr().out
    assert json.loads((tmp_path / 'live.json').read_text())['complete'] is True


def test_a_contact_at_the_very_end_is_not_overlooked(bench, observer, capsys):
    drive_the_track(bench, observer)
    bump(bench, observer, 1)
    assert observer.done and observer.finish() == 1
    assert 'it touched something' in capsys.readouterr().out


def test_time_that_is_up_tells_why_the_robot_stands(bench, observer, capsys):
    send(bench, DiagnosticArray, '/diagnostics', status_to_msg(
        Status(values={'why it stands': 'no ping for 0.7 s'}), 'wall_follower', 0))
    assert bench.until(lambda: observer.why)
    be_at(bench, observer, 3.55, 1.0)
    assert not observer.done and 'stands: no ping for 0.7 s' in observer.status()
    observer.seconds = 0.0
    assert observer.done and observer.finish() == 1
    assert 'time was up' in capsys.readouterr().out


def test_a_simulator_that_falls_silent_ends_the_drive(bench, observer, capsys):
    be_at(bench, observer, 3.55, 1.0)
    observer.last -= 10.0
    assert observer.done and observer.finish() == 1
    assert 'fell silent' in capsys.readouterr().out


def test_a_simulator_that_never_speaks_is_named(observer, tmp_path, capsys):
    observer.began -= 100.0
    assert observer.done and observer.finish() == 1
    assert 'no `path` came from room_simulator' in capsys.readouterr().out
    assert not (tmp_path / 'live.json').exists()
