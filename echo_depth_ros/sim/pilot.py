# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A driver that tours a room without touching anything, so that demos have something to see."""

import math

import numpy as np

from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.scene import Scene

_HEIGHTS = (0.15, 0.35, 0.60)
_FAN = np.radians(np.linspace(-100, 100, 41))


class TourPilot:
    """
    Drives ahead and turns towards open floor; it sees the simulator's geometry, not the echoes.

    :param cruise: metres per second.
    """

    def __init__(self, scene: Scene, rig: Rig = Rig(), cruise: float = 0.3):
        self._scene, self._rig, self._cruise = scene, rig, cruise
        self._turning = 0.0

    def command(self, pose: Pose) -> tuple[float, float]:
        """Return forward speed in m/s and turn rate in rad/s for a robot at ``pose``."""
        clear = self._clearances(pose)
        ahead = float(clear[np.abs(_FAN) < math.radians(25)].min())
        near = float(clear[np.abs(_FAN) < math.radians(70)].min())
        if self._turning and ahead > 1.2 and near > 0.35:
            self._turning = 0.0
        if not self._turning and (ahead < 0.8 or near < 0.30):
            left = float(np.mean(np.minimum(clear[_FAN > 0], 4)))
            right = float(np.mean(np.minimum(clear[_FAN < 0], 4)))
            self._turning = 1.0 if left >= right else -1.0
        if self._turning:
            return 0.0, 0.8 * self._turning
        weight = np.minimum(clear, 4) - 0.5
        bias = float(np.sum(weight * np.sin(_FAN)) / np.sum(np.abs(weight) + 1e-6))
        return self._cruise * min(1.0, ahead / 1.5), 0.8 * bias

    def _clearances(self, pose: Pose) -> np.ndarray:
        """Free distance from the robot's edge in each direction of the fan, metres."""
        angles = pose.yaw + _FAN
        rays = np.stack([np.cos(angles), np.sin(angles), np.zeros(len(angles))], axis=1)
        distances = [self._scene.cast(np.array([pose.x, pose.y, z]), rays).distance
                     for z in _HEIGHTS]
        return np.min(distances, axis=0) - self._rig.robot_radius
