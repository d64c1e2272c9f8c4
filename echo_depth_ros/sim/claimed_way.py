# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a robot's wheels claim of its way: odometry that knows of no slip and no contact."""

import math

from echo_depth_ros.sim.base import ACCELERATION, limited, MAX_SPEED, MAX_TURN, TURN_ACCELERATION
from echo_depth_ros.sim.rig import Pose


class ClaimedWay:
    """
    Adds up what the wheels turn by.

    They turn as they are commanded, as far as the motors can, also where they slip or the robot is
    held up by a wall.

    :ivar pose: where the robot would be without slip.
    :ivar velocity: m/s and rad/s of the wheels.
    """

    def __init__(self, start: Pose):
        self.pose = start
        self.velocity = (0.0, 0.0)

    def step(self, duration: float, speed: float, turn: float) -> Pose:
        """
        Turn the wheels for a while.

        :param duration: seconds.
        :param speed: commanded m/s, and ``turn`` rad/s, as the base is told.
        """
        before = self.velocity
        speed = limited(speed, MAX_SPEED, before[0], ACCELERATION * duration)
        turn = limited(turn, MAX_TURN, before[1], TURN_ACCELERATION * duration)
        self.velocity = speed, turn
        # What counts is the mean of the speeds before and after, on an arc's chord.
        ahead = (before[0] + speed) / 2 * duration
        turned = (before[1] + turn) / 2 * duration
        middle = self.pose.yaw + turned / 2
        self.pose = Pose(self.pose.x + ahead * math.cos(middle),
                         self.pose.y + ahead * math.sin(middle),
                         math.remainder(self.pose.yaw + turned, 2 * math.pi))
        return self.pose
