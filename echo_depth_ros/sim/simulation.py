# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot in a room: the one object that stands for everything outside the computer."""

import numpy as np
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from echo_depth_ros.sim.air import SimulatedAir
from echo_depth_ros.sim.ambient_air import AmbientAir
from echo_depth_ros.sim.base import DifferentialDrive, MAX_SPEED
from echo_depth_ros.sim.camera import Camera
from echo_depth_ros.sim.echoes import EchoRenderer
from echo_depth_ros.sim.hearing import Hearing
from echo_depth_ros.sim.noise import Noise
from echo_depth_ros.sim.pilot import TourPilot
from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.scene import Scene
from echo_depth_ros.sim.world import World, WorldError

START_CLEARANCE = 0.35
"""Metres between a drawn pose and the nearest surface."""


class Simulation:
    """
    Room, air, camera, base and pilot over one world.

    :param ambience: whether the ears hear the room's ambient sound in place of ``noise``; it is
        drawn from the seed.
    :param start: where the robot begins; drawn on free floor when omitted.
    :raises WorldError: when the robot does not fit in.
    """

    def __init__(self, world: World, rig: Rig = Rig(), *, hearing: Hearing = Hearing(),
                 noise: Noise = Noise(), ambience: bool = False, seed: int = 0,
                 start: Pose | None = None):
        self.world, self.rig = world, rig
        _require_headroom(world, rig)
        clearance = max(START_CLEARANCE, rig.robot_radius, rig.ear_spacing / 2 + 0.02)
        self.scene = Scene(world, rig.robot_radius)
        if start is None:
            space = world.free_space(clearance)
            start = random_pose(space, np.random.default_rng([seed, 4]))
        self.base = DifferentialDrive(self.scene, start, rig.robot_radius)
        self.camera = Camera(self.scene, rig)
        self.pilot = TourPilot(self.scene, rig)
        renderer = EchoRenderer(self.scene, rig, hearing, seed=seed)
        self.ambience = AmbientAir(
            self.scene, rig, hearing, seed=seed,
            sample_rate=renderer.sample_rate) if ambience else None
        self.air = SimulatedAir(renderer, self.ambience or noise, seed=seed)

    @property
    def pose(self) -> Pose:
        """Where the robot is."""
        return self.base.pose

    @property
    def loudness(self) -> float:
        """How hard the wheels work, 0 standing to 1 full."""
        speed, turn = self.base.velocity
        return min(1.0, (abs(speed) + 0.2 * abs(turn)) / MAX_SPEED)

    def step(self, duration: float, speed: float, turn: float) -> Pose:
        """Drive for ``duration`` seconds; see :meth:`DifferentialDrive.step`."""
        return self.base.step(duration, speed, turn)

    def tour(self, duration: float) -> Pose:
        """Let the pilot drive for ``duration`` seconds."""
        return self.step(duration, *self.pilot.command(self.pose))

    def play(self, samples: np.ndarray, frame: int) -> None:
        """Play from where the robot is now; see :meth:`SimulatedAir.play`."""
        self.air.play(samples, frame, self.pose)

    def listen(self, count: int) -> np.ndarray:
        """Hear the next frames with the motors at the base's speed, shape (2, count)."""
        if self.ambience is not None:
            self.ambience.fill(count, self.pose, self.loudness)
        return self.air.listen(count, self.loudness)


def _require_headroom(world: World, rig: Rig) -> None:
    needed = rig.height + 0.1
    if world.height < needed:
        raise WorldError(
            f'the robot does not fit in this room: it is {world.height:.2f} m high, and the head '
            f'needs {needed:.2f} m; raise the ceiling')


def random_pose(space: BaseGeometry, rng: np.random.Generator) -> Pose:
    """Draw a pose evenly over free floor."""
    x0, y0, x1, y1 = space.bounds
    for _ in range(10000):
        x, y = rng.uniform((x0, y0), (x1, y1))
        if space.contains(Point(x, y)):
            return Pose(float(x), float(y), float(rng.uniform(-np.pi, np.pi)))
    point = space.representative_point()
    return Pose(point.x, point.y, float(rng.uniform(-np.pi, np.pi)))
