# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A camera on the robot: depth, colour and material images from the same pose as the ears."""

from dataclasses import dataclass
import math

import numpy as np

from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.scene import Hits, Scene

_GROUND, _SKY = (0.42, 0.46, 0.40), (0.66, 0.76, 0.90)
_LEAVE = 1e-4
"""Metres that a ray starts off a pane, so that it does not meet it again."""
_SUN = np.array([0.35, 0.25, 0.90]) / np.linalg.norm([0.35, 0.25, 0.90])


@dataclass(frozen=True)
class Frame:
    """
    What the camera sees.

    :ivar depth: metres along the optical axis, float32, shape (h, w); infinity where nothing is.
    :ivar rgb: uint8, shape (h, w, 3).
    :ivar material: numbers of :mod:`materials`, uint8, shape (h, w).
    """

    depth: np.ndarray
    rgb: np.ndarray
    material: np.ndarray


class Camera:
    """
    A pinhole camera between the ears, looking ahead.

    In colour, a wall that is a mirror shows what it reflects, and one of clear glass the yard
    outside; depth and material are the pane's.

    :param size: pixels in height and width.
    :param fov_deg: horizontal (and vertical) field of view in degrees.
    :param scale: of the world, see :mod:`~echo_depth_ros.sim.scaled`: the texture is that much
        coarser.
    """

    def __init__(self, scene: Scene, rig: Rig = Rig(), size: int = 128, fov_deg: float = 90.0,
                 scale: float = 1.0):
        self._scene, self._rig, self.size, self.fov_deg = scene, rig, size, fov_deg
        self._scale = scale
        walls = [wall.material for wall in scene.world.walls]
        self._mirrors, self._clear = ([i for i, name in enumerate(walls) if name == pane]
                                      for pane in ('mirror', 'clear_glass'))
        # Pixel centres on the plane one metre ahead: x forward, y left, z up.
        edge = math.tan(math.radians(fov_deg) / 2)
        across = edge * (1 - 2 * (np.arange(size) + 0.5) / size)
        rays = np.stack([np.ones((size, size)), np.broadcast_to(across, (size, size)),
                         np.broadcast_to(across[:, None], (size, size))], axis=-1).reshape(-1, 3)
        self._length = np.linalg.norm(rays, axis=1)
        self._rays = rays / self._length[:, None]

    def render(self, pose: Pose) -> Frame:
        """Look from ``pose``."""
        origin = self._rig.head(pose)
        directions = self._rays @ pose.rotation().T
        hits = self._scene.cast(origin, directions)
        met = hits.surface >= 0
        shape = (self.size, self.size)
        points = origin + directions * np.where(met, hits.distance, 0)[:, None]
        rgb = self._look(points, hits) * 255
        if self._mirrors or self._clear:
            self._see_on(rgb, points, directions, hits)
        depth = (hits.distance / self._length).astype(np.float32)
        return Frame(depth.reshape(shape),
                     np.clip(rgb, 0, 255).astype(np.uint8).reshape(*shape, 3),
                     np.where(met, self._scene.material_ids[np.maximum(hits.surface, 0)], 0)
                     .astype(np.uint8).reshape(shape))

    def _look(self, points: np.ndarray, hits: Hits) -> np.ndarray:
        """Colours, 0 to 1, of surfaces as they are; black where nothing was met."""
        shade = self._shade(points, hits.normal) * (hits.surface >= 0)
        return self._scene.colours[np.maximum(hits.surface, 0)] * shade[:, None]

    def _see_on(self, rgb: np.ndarray, points: np.ndarray, directions: np.ndarray,
                hits: Hits) -> None:
        """Put what panes show into ``rgb`` (n, 3), 0 to 255."""
        colours = self._scene.colours[np.maximum(hits.surface, 0)]
        at = np.flatnonzero(np.isin(hits.surface, self._mirrors))
        if len(at):
            normal, came = hits.normal[at], directions[at]
            back = came - 2 * np.sum(came * normal, axis=1, keepdims=True) * normal
            origins = points[at] + _LEAVE * normal
            seen = self._scene.cast_each(origins, back)
            there = origins + back * np.where(seen.surface >= 0, seen.distance, 0)[:, None]
            rgb[at] = self._look(there, seen) * colours[at] * 255
        at = np.flatnonzero(np.isin(hits.surface, self._clear))
        if len(at):
            rgb[at] = self._yard(points[at], directions[at]) * colours[at] * 255

    def _yard(self, points: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Colours of paved ground up to the horizon, and of the sky above it."""
        down = directions[:, 2] < -1e-3
        far = np.where(down, points[:, 2] / np.where(down, -directions[:, 2], 1.0), 0.0)
        ground = points + directions * far[:, None]
        up = np.broadcast_to([0.0, 0.0, 1.0], points.shape)
        paved = np.array(_GROUND) * self._shade(ground, up)[:, None]
        return np.where(down[:, None], paved, np.array(_SKY))

    def _shade(self, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        return _shade(points / self._scale, normals)

    def nearest(self, pose: Pose) -> float:
        """Distance in metres to the nearest surface in view."""
        hits = self._scene.cast(self._rig.head(pose), self._rays @ pose.rotation().T)
        return float(hits.distance.min())


def _shade(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Brightness from an overhead light and a tiled texture half a metre wide."""
    light = 0.55 + 0.45 * np.abs(normals @ _SUN)
    tile = np.floor(points * 2 + 1e-6).astype(np.int64)
    texture = ((tile[:, 0] * 73856093 ^ tile[:, 1] * 19349663 ^ tile[:, 2] * 83492791)
               % 16) / 15.0
    return light * (0.88 + 0.12 * texture)
