# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A driver that tours a room without touching anything, so that demos have something to see."""

import math

import numpy as np

from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.scene import Scene

_HEIGHTS = (0.10, 0.25, 0.35, 0.44, 0.50, 0.62)
_ROUND = np.radians(np.arange(-180, 180, 3))
_SLIGHT = np.abs(_ROUND) <= math.radians(42)
_MARGIN = 0.08
"""Metres kept free on either side."""
_NEAR, _FAR = 0.6, 4.0
"""Metres: with less ahead the robot turns on the spot; more does not make a way better."""


class TourPilot:
    """
    Drives where the way is free, and turns on the spot where it ends.

    It sees the simulator's geometry, not the echoes.

    :param cruise: metres per second.
    """

    def __init__(self, scene: Scene, rig: Rig = Rig(), cruise: float = 0.3):
        self._scene, self._rig, self._cruise = scene, rig, cruise
        self._goal: float | None = None

    def command(self, pose: Pose) -> tuple[float, float]:
        """Return forward speed in m/s and turn rate in rad/s for a robot at ``pose``."""
        if self._goal is not None:
            left = math.remainder(self._goal - pose.yaw, 2 * math.pi)
            if abs(left) > math.radians(4):
                return 0.0, math.copysign(min(0.8, 2 * abs(left)), left)
            self._goal = None
        free = np.minimum(self._free(pose), _FAR)
        ahead = float(free[np.argmin(np.abs(_ROUND))])
        best = int(np.argmax(free - 0.15 * np.abs(_ROUND)))
        # In a nook there may be little room anywhere: then the best there is has to do.
        if ahead < min(_NEAR, 0.7 * free[best]):
            self._goal = pose.yaw + float(_ROUND[best])
            return 0.0, math.copysign(0.8, float(_ROUND[best]))
        aim = float(_ROUND[np.argmax(np.where(_SLIGHT, free - np.abs(_ROUND), -np.inf))])
        return self._cruise * min(1.0, max(ahead, 0.0) / 0.8), 0.8 * aim

    def _free(self, pose: Pose) -> np.ndarray:
        """Metres that the whole width of the robot can go in each direction around it."""
        angles = pose.yaw + _ROUND
        rays = np.stack([np.cos(angles), np.sin(angles), np.zeros(len(angles))], axis=1)
        distance = np.min([self._scene.cast(np.array([pose.x, pose.y, z]), rays).distance
                           for z in _HEIGHTS], axis=0)
        # Each ray's end, seen along and across each direction.
        turn = _ROUND[None] - _ROUND[:, None]
        along, across = distance * np.cos(turn), distance * np.abs(np.sin(turn))
        radius = self._rig.robot_radius
        in_way = (across < radius + _MARGIN) & (along > 0)
        return np.min(np.where(in_way, along, np.inf), axis=1) - radius
