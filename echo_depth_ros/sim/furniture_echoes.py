# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""First-order echoes of furniture: mirror reflections of box faces and cylinders."""

from dataclasses import dataclass

import numpy as np

from echo_depth_ros.acoustics.format import SPEED_OF_SOUND
from echo_depth_ros.sim.bands import CENTRES
from echo_depth_ros.sim.scene import Scene
from echo_depth_ros.sim.world import Box, Cylinder

_REACH = 0.02
"""Metres by which a path may miss the surface it reflects on before something blocks it."""


@dataclass(frozen=True)
class Reflections:
    """
    Mirror reflections on furniture for one ear.

    :ivar point: where they reflect, metres, shape (n, 3).
    :ivar amplitude: after spreading and reflection, per band, shape (n, 8).
    """

    point: np.ndarray
    amplitude: np.ndarray


class FurnitureEchoes:
    """
    Geometry of every reflecting face, gathered once per room.

    A face of finite size reflects less below the frequency at which the first Fresnel zone
    outgrows it (Rindel 1986); a cylinder spreads the sound by its curvature.
    """

    def __init__(self, scene: Scene):
        self._scene = scene
        faces, cylinders = [], []
        for number, item in enumerate(scene.world.furniture, start=scene.shell):
            if isinstance(item, Box):
                faces += [(*face, number) for face in _faces(item)]
            elif isinstance(item, Cylinder):
                cylinders.append((item.x, item.y, item.z, item.radius, item.height, number))
        self._centre = np.array([f[0] for f in faces]).reshape(-1, 3)
        self._normal = np.array([f[1] for f in faces]).reshape(-1, 3)
        self._axes = np.array([f[2] for f in faces]).reshape(-1, 2, 3)
        self._half = np.array([f[3] for f in faces]).reshape(-1, 2)
        self._face_surface = np.array([f[4] for f in faces], int)
        self._cylinders = np.array(cylinders).reshape(-1, 6)

    def find(self, speaker: np.ndarray, ear: np.ndarray) -> Reflections:
        """Find all reflections from the speaker to one ear, both in metres, shape (3,)."""
        point, amplitude, surface = (np.concatenate(both) for both in zip(
            self._from_faces(speaker, ear), self._from_cylinders(speaker, ear)))
        clear = self._clear(speaker, point, surface) & self._clear(ear, point, surface)
        point, amplitude, surface = point[clear], amplitude[clear], surface[clear]
        scene = self._scene
        kept = np.sqrt((1 - scene.absorption[surface]) * (1 - scene.scattering[surface]))
        return Reflections(point, amplitude * kept)

    def _from_faces(self, speaker: np.ndarray, ear: np.ndarray) -> tuple[np.ndarray, ...]:
        before = np.einsum('fi,fi->f', speaker - self._centre, self._normal)
        after = np.einsum('fi,fi->f', ear - self._centre, self._normal)
        front = (before > 1e-3) & (after > 1e-3)
        share = np.where(front, before / np.where(front, before + after, 1), 0)
        image = speaker - 2 * before[:, None] * self._normal
        point = image + share[:, None] * (ear - image)
        offset = np.einsum('fki,fi->fk', self._axes, point - self._centre)
        chosen = front & (np.abs(offset) <= self._half).all(axis=1)
        point, half = point[chosen], self._half[chosen]
        there = np.linalg.norm(point - speaker, axis=1)
        back = np.linalg.norm(point - ear, axis=1)
        cosine = before[chosen] / np.maximum(there, 1e-6)
        area = 4 * half[:, 0] * half[:, 1]
        amplitude = _rindel(there, back, area, cosine) / (there + back)[:, None]
        return point, amplitude, self._face_surface[chosen]

    def _from_cylinders(self, speaker: np.ndarray, ear: np.ndarray) -> tuple[np.ndarray, ...]:
        x, y, z, radius, height, number = self._cylinders.T
        middle = (speaker + ear) / 2
        away = np.stack([middle[0] - x, middle[1] - y], axis=1)
        distance = np.linalg.norm(away, axis=1)
        foot = np.stack([x, y], axis=1) + away * (radius / np.maximum(distance, 1e-6))[:, None]
        point = np.column_stack([foot, np.full(len(foot), middle[2])])
        chosen = (distance > radius + 1e-3) & (middle[2] > z) & (middle[2] < z + height)
        point, radius, height = point[chosen], radius[chosen], height[chosen]
        there = np.linalg.norm(point - speaker, axis=1)
        back = np.linalg.norm(point - ear, axis=1)
        # Sound from a point source spreads after a convex cylinder as from a nearer focus.
        spread = np.sqrt(radius / (radius + 2 * there * back / (there + back)))
        amplitude = _rindel(there, back, 2 * radius * height, np.ones(len(point)))
        return (point, amplitude * (spread / (there + back))[:, None],
                number[chosen].astype(int))

    def _clear(self, origin: np.ndarray, points: np.ndarray, surface: np.ndarray) -> np.ndarray:
        """Whether nothing but the reflecting surface lies between origin and each point."""
        if not len(points):
            return np.zeros(0, bool)
        ray = points - origin
        length = np.linalg.norm(ray, axis=1)
        hits = self._scene.cast(origin, ray / length[:, None])
        return (hits.surface == surface) & (np.abs(hits.distance - length) < _REACH)


def _rindel(there: np.ndarray, back: np.ndarray, area: np.ndarray,
            cosine: np.ndarray) -> np.ndarray:
    """Amplitude that a finite face reflects of what an infinite one would, shape (n, 8)."""
    characteristic = 2 * there * back / np.maximum(there + back, 1e-6)
    limit = SPEED_OF_SOUND * characteristic / (2 * area * np.maximum(cosine, 0.05))
    return np.minimum(1.0, CENTRES / np.maximum(limit, 1e-6)[:, None])


def _faces(box: Box) -> list[tuple]:
    """Centre, normal, in-plane axes and half extents of each of the six faces."""
    c, s = np.cos(box.yaw), np.sin(box.yaw)
    axes = np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
    half = np.array([box.length, box.width, box.height]) / 2
    middle = np.array([box.x, box.y, box.z + box.height / 2])
    faces = []
    for k in range(3):
        u, v = [j for j in range(3) if j != k]
        for sign in (1, -1):
            faces.append((middle + sign * half[k] * axes[k], sign * axes[k],
                          (axes[u], axes[v]), (half[u], half[v])))
    return faces
