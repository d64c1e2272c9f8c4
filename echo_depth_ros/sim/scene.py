# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The room as MuJoCo geometry: rays for sound and light, contacts for the robot's base."""

from dataclasses import dataclass

import mujoco
import numpy as np

from echo_depth_ros.sim.materials import material, material_id
from echo_depth_ros.sim.world import Box, World

_THICK = 0.2


@dataclass(frozen=True)
class Hits:
    """
    Where rays met surfaces.

    :ivar distance: metres, shape (n,); infinity where nothing was met.
    :ivar normal: unit normals that face the ray's origin, shape (n, 3).
    :ivar surface: index into the scene's surfaces, shape (n,); -1 where nothing was met.
    """

    distance: np.ndarray
    normal: np.ndarray
    surface: np.ndarray


class Scene:
    """
    A world compiled for ray casting and driving.

    Surfaces are numbered walls first (in the world's order), then floor, ceiling, and furniture;
    :attr:`shell` counts the first group, so a surface below it belongs to the room itself.

    :ivar absorption: per surface and octave band, shape (surfaces, 8).
    :ivar scattering: likewise.
    :ivar material_ids: per surface, as material images use them.
    :ivar colours: per surface, shape (surfaces, 3).
    """

    def __init__(self, world: World, robot_radius: float = 0.20):
        self.world = world
        self.shell = len(world.walls) + 2
        surfaces = [*world.walls, world.floor, world.ceiling,
                    *(item.surface for item in world.furniture)]
        self.absorption = np.array([material(s.material).absorption for s in surfaces])
        self.scattering = np.array([material(s.material).scattering for s in surfaces])
        self.material_ids = np.array([material_id(s.material) for s in surfaces], np.uint8)
        self.colours = np.array([s.colour for s in surfaces], np.float32)
        self.model = mujoco.MjModel.from_xml_string(_mjcf(world, robot_radius))
        self.data = mujoco.MjData(self.model)
        mujoco.mj_forward(self.model, self.data)
        self.robot = self.model.body('robot').id
        # Geoms are compiled in the order of the surfaces; the robot's come last.
        self._surface_of_geom = np.append(np.arange(len(surfaces)), -1)

    def cast(self, origin: np.ndarray, directions: np.ndarray) -> Hits:
        """
        Cast rays from one point; the robot itself is never hit.

        :param origin: metres, shape (3,).
        :param directions: unit vectors, shape (n, 3).
        """
        count = len(directions)
        geom = np.full(count, -1, np.int32)
        distance = np.empty(count)
        normal = np.zeros(3 * count)
        mujoco.mj_multiRay(
            self.model, self.data, np.ascontiguousarray(origin, float),
            np.ascontiguousarray(directions, float).ravel(), None, 1, self.robot, geom,
            distance, normal, count, mujoco.mjMAXVAL)
        hit = distance >= 0
        return Hits(np.where(hit, distance, np.inf), normal.reshape(-1, 3),
                    np.where(hit, self._surface_of_geom[geom], -1))

    def cast_each(self, origins: np.ndarray, directions: np.ndarray) -> Hits:
        """Cast one ray from each origin; shapes (n, 3) and (n, 3)."""
        count = len(directions)
        geom = np.full(count, -1, np.int32)
        distance = np.empty(count)
        normal = np.zeros((count, 3))
        origins = np.ascontiguousarray(origins, float)
        directions = np.ascontiguousarray(directions, float)
        model, data, robot, ray = self.model, self.data, self.robot, mujoco.mj_ray
        for i in range(count):
            distance[i] = ray(model, data, origins[i], directions[i], None, 1, robot,
                              geom[i:i + 1], normal[i])
        hit = distance >= 0
        return Hits(np.where(hit, distance, np.inf), normal,
                    np.where(hit, self._surface_of_geom[geom], -1))


def _mjcf(world: World, robot_radius: float) -> str:
    """Write the room and the base as an MJCF model."""
    corners = np.asarray(world.corners, float)
    low, high = corners.min(axis=0) - _THICK, corners.max(axis=0) + _THICK
    geoms = [_wall(corners, i, world.height) for i in range(len(corners))]
    centre, half = (low + high) / 2, (high - low) / 2
    for z in (-_THICK / 2, world.height + _THICK / 2):
        geoms.append(_geom('box', (*centre, z), (*half, _THICK / 2)))
    for item in world.furniture:
        middle = (item.x, item.y, item.z + item.height / 2)
        if isinstance(item, Box):
            geoms.append(_geom('box', middle, (item.length / 2, item.width / 2, item.height / 2),
                               item.yaw))
        else:
            geoms.append(_geom('cylinder', middle, (item.radius, item.height / 2)))
    return f"""
<mujoco>
  <compiler angle="radian"/>
  <option timestep="0.005" gravity="0 0 0" integrator="implicitfast"/>
  <worldbody>
    {''.join(geoms)}
    <body name="robot" pos="0 0 0.35">
      <joint name="x" type="slide" axis="1 0 0"/>
      <joint name="y" type="slide" axis="0 1 0"/>
      <joint name="yaw" type="hinge" axis="0 0 1"/>
      <geom type="cylinder" size="{robot_radius} 0.30" mass="8" friction="0.2"/>
    </body>
  </worldbody>
</mujoco>"""


def _wall(corners: np.ndarray, i: int, height: float) -> str:
    """
    Make a slab behind the edge from corner i to the next.

    It is lengthened where the room's corner is convex, so that no ray slips out between two
    slabs, and not where it is reflex, where the slab would stick out into the room.
    """
    before, start, end, after = (corners[(i + k) % len(corners)] for k in (-1, 0, 1, 2))
    along = (end - start) / np.linalg.norm(end - start)
    outward = np.array([along[1], -along[0]])
    if _turns_left(before, start, end):
        start = start - along * _THICK
    if _turns_left(start, end, after):
        end = end + along * _THICK
    centre = (start + end) / 2 + outward * _THICK / 2
    size = np.abs(along) * np.linalg.norm(end - start) / 2 + np.abs(outward) * _THICK / 2
    return _geom('box', (*centre, height / 2), (*size, height / 2 + _THICK))


def _turns_left(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> bool:
    return (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]) > 0


def _geom(kind: str, position: tuple, size: tuple, yaw: float = 0.0) -> str:
    place = ' '.join(f'{value:.9g}' for value in position)
    extent = ' '.join(f'{value:.9g}' for value in size)
    return f'<geom type="{kind}" pos="{place}" size="{extent}" euler="0 0 {yaw:.9g}"/>\n    '
