# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot that turns sees its wall where it is: pings are old, wheels without odometry late."""

import numpy as np
import pytest

from echo_depth_ros.navigation.messages import Command, Motion, Percept
from echo_depth_ros.navigation.safe_drive import DriveLimits
from echo_depth_ros.navigation.wall_follower import FollowSettings, WallFollower
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.simulation import Simulation
from echo_depth_ros.sim.world import box_room

TICK, PING_AGE = 0.025, 0.1
LIMITS = DriveLimits(latency=0.3, stop_within=1.0)
"""Wheels so late that to count it or not is 10 degrees of a wall's angle."""


@pytest.fixture(scope='module')
def room():
    return box_room(9, 4, 2.5)


@pytest.mark.parametrize('rate', [-0.6, 0.6])
def test_odometry_tells_of_what_wheels_have_done_whatever_their_latency(room, rate):
    camera = Simulation(room, start=Pose(4, 3.2, 0.0)).camera
    follower = WallFollower(FollowSettings(side='left'), LIMITS)
    for now in np.arange(0.0, 0.8, TICK):
        before = Pose(4, 3.2, rate * (now - PING_AGE - 0.4))
        command = follower.step(Percept(now - PING_AGE, 0.8, camera.render(before).depth), now,
                                Motion(0.0, rate * TICK if now else 0.0))
        if now > 0.3:
            assert command.wall.angle == pytest.approx(rate * (0.4 - now), abs=0.03)


@pytest.mark.parametrize('yaw', [-0.3, 0.5])
def test_without_odometry_wheels_are_taken_to_be_late(room, yaw):
    simulation = Simulation(room, start=Pose(4, 3.2, yaw))
    follower = WallFollower(FollowSettings(side='left'), LIMITS)
    poses, commands = [simulation.pose], []
    late, old = round(LIMITS.latency / TICK), round(PING_AGE / TICK)
    for count in range(60):
        now, before = count * TICK, poses[max(0, count - old)]
        depth = simulation.camera.render(before).depth
        commands.append(follower.step(Percept(now - PING_AGE, 0.8, depth), now))
        done = commands[count - late] if count >= late else Command(0.0, 0.0)
        poses.append(simulation.step(TICK, done.speed, done.turn))
    # The robot believes that it already is where its commands will have brought it.
    off = [abs(command.wall.angle + poses[count + late].yaw)
           for count, command in enumerate(commands[:-late]) if count >= late]
    assert max(abs(command.turn) for command in commands) > 0.3
    assert max(off) < 0.05
