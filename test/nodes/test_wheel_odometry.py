# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from echo_depth_ros.navigation.reckoning import Reckoning
from echo_depth_ros.nodes.wheel_odometry import FRESH, WheelOdometry

NS = 10**9
MOST = 0.5, 1.5
quick = settings(max_examples=60, deadline=None, derandomize=True)


def test_commands_are_believed_until_a_second_pose_has_come():
    wheels = WheelOdometry('auto', MOST)
    assert wheels.motion(0) is None and not wheels.used
    wheels.take(0, (0.0, 0.0, 0.0))
    assert wheels.motion(0) is None
    assert wheels.motion(1).ahead == 0.0 and wheels.used


@quick
@given(st.floats(-3, 3), st.lists(st.tuples(st.floats(-0.02, 0.02), st.floats(-0.05, 0.05)),
                                  min_size=1, max_size=20))
def test_motions_add_up_to_the_way_that_the_poses_tell(yaw, steps):
    """Poses of arcs, wherever they begin, give the same way back by reckoning."""
    wheels, told, added = WheelOdometry('on', MOST), Reckoning(), Reckoning()
    wheels.take(0, (3.0, -2.0, yaw))
    wheels.motion(0)
    for number, (ahead, turned) in enumerate(steps, 1):
        at = number * NS // 30
        told.move(at / NS, ahead, turned)
        place = told.place
        x = 3.0 + place.x * math.cos(yaw) - place.y * math.sin(yaw)
        y = -2.0 + place.x * math.sin(yaw) + place.y * math.cos(yaw)
        wheels.take(at, (x, y, math.remainder(yaw + place.yaw, 2 * math.pi)))
        motion = wheels.motion(at)
        added.move(at / NS, motion.ahead, motion.turned)
    assert added.place.x == pytest.approx(told.place.x, abs=1e-9)
    assert added.place.y == pytest.approx(told.place.y, abs=1e-9)
    assert added.place.yaw == pytest.approx(told.place.yaw, abs=1e-9)
    assert wheels.jumps == 0


def test_what_is_old_or_off_is_not_used():
    wheels = WheelOdometry('auto', MOST)
    wheels.take(0, (0.0, 0.0, 0.0))
    wheels.motion(0)
    assert wheels.motion(round(2 * FRESH * NS)) is None
    assert wheels.problem(NS) == ''
    off = WheelOdometry('off', MOST)
    off.take(0, (0.0, 0.0, 0.0))
    assert off.motion(0) is None and off.motion(1) is None


def test_a_robot_that_was_put_elsewhere_has_not_driven_there():
    wheels = WheelOdometry('on', MOST)
    wheels.take(0, (0.0, 0.0, 0.0))
    wheels.motion(0)
    wheels.take(NS // 20, (5.0, 0.0, 0.0))
    assert wheels.motion(NS // 20) is None and wheels.jumps == 1
    wheels.take(NS // 10, (5.01, 0.0, 0.0))
    assert wheels.motion(NS // 10).ahead == pytest.approx(0.01)


def test_poses_that_come_late_are_left_out():
    wheels = WheelOdometry('on', MOST)
    wheels.take(NS, (0.0, 0.0, 0.0))
    wheels.motion(NS)
    wheels.take(NS - 1, (0.1, 0.0, 0.0))
    assert wheels.motion(NS).ahead == 0.0


def test_one_that_is_to_be_used_says_what_is_wrong():
    wheels = WheelOdometry('on', MOST)
    assert wheels.problem(0) == 'odometry is on, but nothing came on odom'
    wheels.take(0, (0.0, 0.0, 0.0))
    assert wheels.problem(0) == ''
    assert 'stamped 2.00 s ago; expected at most 0.25 s' in wheels.problem(2 * NS)
