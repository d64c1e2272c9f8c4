# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How far the robot went by its odometry, where that can be believed. No ROS here."""

import math
from typing import Literal, Optional

from echo_depth_ros.navigation.messages import Motion

_NS = 1_000_000_000
FRESH = 0.25
"""Seconds that a pose may be off the present moment."""
_TIMES, _METRES, _RADIANS = 2.0, 0.1, 0.5
"""A robot that went more than so many times what it can, and this, was put somewhere else."""

Pose = tuple[float, float, float]


class WheelOdometry:
    """
    Turns poses into motion from step to step.

    :param mode: 'on', 'off', or 'auto': whenever poses come.
    :param most: m/s and rad/s that the robot can do.
    """

    def __init__(self, mode: Literal['auto', 'on', 'off'], most: tuple[float, float]):
        self._mode, self._most = mode, most
        self._stamp: Optional[int] = None
        self._pose: Optional[Pose] = None
        self._from: Optional[Pose] = None
        self.jumps = 0
        self.used = False

    def take(self, stamp: int, pose: Pose) -> None:
        """Take a pose, metres and radians, of nanosecond ``stamp``; older ones are left out."""
        if self._stamp is not None and 0 <= self._stamp - stamp < _NS:
            return
        if self._stamp is not None and self._jumped(abs(stamp - self._stamp) / _NS, pose):
            self.jumps += 1
            self._from = None
        self._stamp, self._pose = stamp, pose

    def motion(self, now: int) -> Optional[Motion]:
        """Motion since the last call; None where commands are to be believed."""
        self.used = False
        if self._mode == 'off' or not self.fresh(now):
            self._from = None
            return None
        start, self._from = self._from, self._pose
        if start is None:
            return None
        self.used = True
        turned = math.remainder(self._pose[2] - start[2], 2 * math.pi)
        heading = start[2] + turned / 2
        return Motion((self._pose[0] - start[0]) * math.cos(heading)
                      + (self._pose[1] - start[1]) * math.sin(heading), turned)

    def fresh(self, now: int) -> bool:
        """Whether the last pose is of about now."""
        return self._stamp is not None and abs(now - self._stamp) / _NS < FRESH

    def problem(self, now: int) -> str:
        """Why the robot may not drive; empty where it may."""
        if self._mode != 'on' or self.fresh(now):
            return ''
        if self._stamp is None:
            return 'odometry is on, but nothing came on odom'
        return (f'odometry is on, but the last pose on odom is stamped '
                f'{(now - self._stamp) / _NS:.2f} s ago; expected at most {FRESH} s')

    def _jumped(self, seconds: float, pose: Pose) -> bool:
        way = math.hypot(pose[0] - self._pose[0], pose[1] - self._pose[1])
        turned = abs(math.remainder(pose[2] - self._pose[2], 2 * math.pi))
        speed, turn = self._most
        return (way > _TIMES * speed * seconds + _METRES
                or turned > _TIMES * turn * seconds + _RADIANS)
