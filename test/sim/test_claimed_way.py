# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from echo_depth_ros.sim.base import ACCELERATION, MAX_SPEED, MAX_TURN
from echo_depth_ros.sim.claimed_way import ClaimedWay
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.simulation import Simulation
from echo_depth_ros.sim.world import box_room

TICK = 0.02


def driven(way, seconds, speed, turn):
    for _ in range(round(seconds / TICK)):
        way.step(TICK, speed, turn)
    return way.pose


def test_a_straight_way_is_speed_times_time_less_the_start():
    pose = driven(ClaimedWay(Pose(1.0, 2.0, math.pi / 2)), 4.0, 0.3, 0.0)
    assert pose.x == pytest.approx(1.0)
    assert pose.y == pytest.approx(2.0 + 0.3 * 4.0 - 0.3 ** 2 / (2 * ACCELERATION))


def test_a_circle_closes():
    way = ClaimedWay(Pose(0.0, 0.0, 0.0))
    driven(way, 1.0, 0.25, 0.5)
    before = way.pose
    after = driven(way, 4 * math.pi, 0.25, 0.5)
    assert math.hypot(after.x - before.x, after.y - before.y) < 0.01


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.floats(-9, 9), st.floats(-9, 9))
def test_wheels_turn_no_faster_than_the_motors_can(speed, turn):
    way = ClaimedWay(Pose(0.0, 0.0, 0.0))
    driven(way, 1.0, speed, turn)
    assert abs(way.velocity[0]) <= MAX_SPEED and abs(way.velocity[1]) <= MAX_TURN


@settings(max_examples=5, deadline=None, derandomize=True)
@given(st.floats(0.05, 0.4), st.floats(-0.8, 0.8))
def test_without_slip_it_is_where_the_base_is(speed, turn):
    simulation = Simulation(box_room(9, 9, 2.5), start=Pose(4.5, 4.5, 0.5))
    way = ClaimedWay(simulation.pose)
    for _ in range(100):
        simulation.step(TICK, speed, turn)
        way.step(TICK, speed, turn)
    assert math.dist((way.pose.x, way.pose.y), (simulation.pose.x, simulation.pose.y)) < 0.01
    assert way.pose.yaw == pytest.approx(simulation.pose.yaw, abs=0.02)


def test_a_wall_does_not_stop_the_wheels():
    simulation = Simulation(box_room(4, 4, 2.5), start=Pose(3.5, 2.0, 0.0))
    way = ClaimedWay(simulation.pose)
    for _ in range(100):
        simulation.step(TICK, 0.4, 0.0)
        way.step(TICK, 0.4, 0.0)
    assert simulation.pose.x < 3.85 and way.pose.x > 4.2
