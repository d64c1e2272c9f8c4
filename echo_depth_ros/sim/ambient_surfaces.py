# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What surrounds the sensor head: surfaces that mirror ambient sound, and how near they are."""

from typing import NamedTuple

import numpy as np

from echo_depth_ros.acoustics.format import SPEED_OF_SOUND
from echo_depth_ros.sim.ambient_field import Mirrors
from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.scene import Scene
from echo_depth_ros.sim.world import Box

_RAYS = 96
_SIDE = np.radians(30)
_HORIZON = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])
_BEYOND = 50.0


class Around(NamedTuple):
    """
    Metres from the midpoint between the ears to the nearest surface at their height.

    Each side is what lies within 30 degrees of it, so that a wall on the left is not ahead as
    well; ``nearest`` is the least of the whole horizon.
    """

    ahead: float
    left: float
    behind: float
    right: float
    nearest: float


class Surroundings:
    """Surfaces around a robot in a scene, by ray casting at the height of its ears."""

    def __init__(self, scene: Scene, rig: Rig):
        self._scene, self._rig = scene, rig
        self._areas = surface_areas(scene)
        angles = 2 * np.pi * np.arange(_RAYS) / _RAYS
        self._circle = np.stack([np.cos(angles), np.sin(angles), np.zeros(_RAYS)], axis=1)
        self._sides = [np.cos(angles - side * np.pi / 2) >= np.cos(_SIDE) - 1e-9
                       for side in range(4)]

    def around(self, pose: Pose) -> Around:
        """Measure how near things are."""
        directions = self._circle @ pose.rotation().T
        reach = self._scene.cast(self._rig.head(pose), directions).distance
        reach = np.minimum(reach, _BEYOND)
        return Around(*(float(reach[side].min()) for side in self._sides), float(reach.min()))

    def mirrors(self, pose: Pose, frequencies: np.ndarray, crossover: np.ndarray) -> Mirrors:
        """
        Find the nearest surface along x and y, and the floor.

        A surface mirrors sound only as long as it is large for the wavelength: below Rindel's
        limit c·d/S of its distance d and area S its image fades (Rindel, Applied Acoustics 19,
        1986). Furniture that stands askew counts as parallel to the walls.

        :param crossover: of the octave bands at these frequencies, see
            :func:`~echo_depth_ros.sim.bands.crossover`.
        """
        head = self._rig.head(pose)
        hits = self._scene.cast(head, _HORIZON)
        towards, plane = np.empty(3), np.empty(3)
        reflection, filling = np.empty((3, len(frequencies))), np.ones(len(frequencies))
        for axis in (0, 1):
            pair = hits.distance[2 * axis:2 * axis + 2]
            which = int(np.argmin(pair))
            distance = min(float(pair[which]), _BEYOND)
            surface = int(hits.surface[2 * axis + which])
            towards[axis] = 1 - 2 * which
            plane[axis] = head[axis] + towards[axis] * distance
            reflection[axis], fill = self._reflection(surface, distance, frequencies, crossover)
            filling *= fill
        towards[2], plane[2] = -1, 0
        floor = len(self._scene.world.walls)
        reflection[2], fill = self._reflection(floor, head[2], frequencies, crossover)
        return Mirrors(towards, plane, reflection, filling * fill)

    def _reflection(self, surface: int, distance: float, frequencies: np.ndarray,
                    crossover: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if surface < 0:
            return np.zeros_like(frequencies), np.ones_like(frequencies)
        limit = SPEED_OF_SOUND * distance / self._areas[surface]
        whole = np.sqrt(1 - self._scene.absorption[surface]) @ crossover
        mirrored = whole * frequencies / np.hypot(frequencies, limit)
        return mirrored, np.sqrt((1 + whole ** 2) / (1 + mirrored ** 2))


def surface_areas(scene: Scene) -> np.ndarray:
    """Square metres of each surface as it is seen from its side."""
    world = scene.world
    corners = np.asarray(world.corners, float)
    edges = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    sides = [item.height * (max(item.length, item.width) if isinstance(item, Box)
                            else 2 * item.radius) for item in world.furniture]
    return np.array([*edges * world.height, world.outline.area, world.outline.area, *sides])
