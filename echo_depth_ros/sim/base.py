# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A differential-drive base that bumps into things instead of driving through them."""

import math

import mujoco
import numpy as np

from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.scene import Scene
from echo_depth_ros.sim.world import WorldError

MAX_SPEED = 0.5
"""Metres per second."""
MAX_TURN = 1.5
"""Radians per second."""
ACCELERATION = 1.5
"""Metres per second squared."""
TURN_ACCELERATION = 5.0
"""Radians per second squared."""


class DifferentialDrive:
    """
    Moves the robot's body in the scene by commanded speeds, with MuJoCo's contacts.

    :raises WorldError: when ``start`` is not free floor.
    """

    def __init__(self, scene: Scene, start: Pose, radius: float = 0.20):
        from shapely.geometry import Point
        if not scene.world.free_space(radius).buffer(1e-6).contains(Point(start.x, start.y)):
            raise WorldError(f'the robot (radius {radius:.2f} m) does not fit at '
                             f'({start.x:.2f}, {start.y:.2f}); choose a place on free floor')
        self._model, self._data = scene.model, scene.data
        self._data.qpos[:3] = start.x, start.y, start.yaw
        self._data.qvel[:3] = 0
        self._speed = self._turn = 0.0
        mujoco.mj_forward(self._model, self._data)

    @property
    def pose(self) -> Pose:
        """Where the robot is; yaw is within -pi to pi."""
        x, y, yaw = self._data.qpos[:3]
        return Pose(float(x), float(y), math.remainder(yaw, 2 * math.pi))

    @property
    def velocity(self) -> tuple[float, float]:
        """Forward speed in m/s and turn rate in rad/s, as they really are."""
        vx, vy, turn = self._data.qvel[:3]
        yaw = self._data.qpos[2]
        return float(vx * math.cos(yaw) + vy * math.sin(yaw)), float(turn)

    @property
    def bumped(self) -> bool:
        """Whether the body touches something."""
        return self._data.ncon > 0

    def step(self, duration: float, speed: float, turn: float) -> Pose:
        """
        Drive for a while.

        :param duration: seconds.
        :param speed: commanded m/s forward; limited to :data:`MAX_SPEED`.
        :param turn: commanded rad/s counter-clockwise; limited to :data:`MAX_TURN`.
        :raises ValueError: for a command that is not finite.
        """
        if not (math.isfinite(speed) and math.isfinite(turn)):
            raise ValueError(f'velocity command ({speed}, {turn}) is not finite')
        tick = self._model.opt.timestep
        for _ in range(max(1, round(duration / tick))):
            self._speed = limited(speed, MAX_SPEED, self._speed, ACCELERATION * tick)
            self._turn = limited(turn, MAX_TURN, self._turn, TURN_ACCELERATION * tick)
            yaw = self._data.qpos[2]
            self._data.qvel[:3] = (
                self._speed * math.cos(yaw), self._speed * math.sin(yaw), self._turn)
            mujoco.mj_step(self._model, self._data)
        mujoco.mj_forward(self._model, self._data)
        return self.pose


def limited(wanted: float, bound: float, before: float, step: float) -> float:
    """Return the speed nearest to a wanted one within ``bound`` and one ``step`` of before."""
    return before + float(np.clip(np.clip(wanted, -bound, bound) - before, -step, step))
