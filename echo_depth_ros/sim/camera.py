# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A camera on the robot: depth, colour and material images from the same pose as the ears."""

from dataclasses import dataclass
import math

import numpy as np

from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.scene import Scene

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

    :param size: pixels in height and width.
    :param fov_deg: horizontal (and vertical) field of view in degrees.
    """

    def __init__(self, scene: Scene, rig: Rig = Rig(), size: int = 128, fov_deg: float = 90.0):
        self._scene, self._rig, self.size, self.fov_deg = scene, rig, size, fov_deg
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
        surface = np.maximum(hits.surface, 0)
        shape = (self.size, self.size)
        points = origin + directions * np.where(met, hits.distance, 0)[:, None]
        shade = _shade(points, hits.normal) * met
        rgb = self._scene.colours[surface] * shade[:, None] * 255
        depth = (hits.distance / self._length).astype(np.float32)
        return Frame(depth.reshape(shape),
                     np.clip(rgb, 0, 255).astype(np.uint8).reshape(*shape, 3),
                     np.where(met, self._scene.material_ids[surface], 0)
                     .astype(np.uint8).reshape(shape))

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
