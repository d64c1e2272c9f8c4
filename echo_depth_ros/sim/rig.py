# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where speaker, ears and camera sit on the robot, and where the robot is."""

from dataclasses import dataclass
import math

import numpy as np

from echo_depth_ros.acoustics.format import PingFormat


@dataclass(frozen=True)
class Pose:
    """Robot on the floor: metres and radians in the world, REP-103 (yaw counter-clockwise)."""

    x: float
    y: float
    yaw: float

    def rotation(self) -> np.ndarray:
        """Rotation from the robot's frame to the world's, shape (3, 3)."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True)
class Rig:
    """
    The sensor head.

    :ivar height: metres from the floor to the midpoint between the ears (`echo_depth_link`).
    :ivar ear_spacing: metres between the ears.
    :ivar speaker: position of the speaker seen from the ears' midpoint, x forward, y left, z up.
    :ivar robot_radius: metres; the base is round.
    """

    height: float = 0.5
    ear_spacing: float = PingFormat.ear_spacing
    speaker: tuple[float, float, float] = (0.10, 0.0, -0.08)
    robot_radius: float = 0.20

    @property
    def direct_distance(self) -> float:
        """Metres from the speaker to an ear."""
        x, _, z = self.speaker
        return math.hypot(x, self.ear_spacing / 2, z)

    def head(self, pose: Pose) -> np.ndarray:
        """Midpoint between the ears in the world, shape (3,)."""
        return np.array([pose.x, pose.y, self.height])

    def ears(self, pose: Pose) -> np.ndarray:
        """Left and right ear in the world, shape (2, 3)."""
        offsets = np.array([[0, self.ear_spacing / 2, 0], [0, -self.ear_spacing / 2, 0]])
        return self.head(pose) + offsets @ pose.rotation().T

    def mouth(self, pose: Pose) -> np.ndarray:
        """Speaker in the world, shape (3,)."""
        return self.head(pose) + pose.rotation() @ np.array(self.speaker)
