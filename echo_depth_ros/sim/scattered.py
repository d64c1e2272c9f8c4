# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""First-order scattered sound: every rough patch of surface sends a little of the chirp back."""

import numpy as np

from echo_depth_ros.sim.hearing import fibonacci_sphere
from echo_depth_ros.sim.scene import Hits, Scene


class Scatterers:
    """
    Patches of surface seen from the speaker, one per ray, each a Lambert scatterer.

    A ray of solid angle 4 pi / n carries that share of the emitted power to its patch, which
    sends the share ``scattering (1 - absorption)`` of it back by Lambert's law. Phases of
    neighbouring patches are unrelated, so each gets a random sign.
    """

    def __init__(self, scene: Scene, rays: int):
        self._scene = scene
        self._sphere = fibonacci_sphere(rays)

    def illuminate(self, speaker: np.ndarray, rng: np.random.Generator,
                   ) -> tuple[np.ndarray, Hits, np.ndarray]:
        """
        Cast the rays; a random turn of the sphere decorrelates one ping from the next.

        :returns: directions that met a surface (n, 3), their hits, and random signs (n,).
        """
        directions = self._sphere @ _random_rotation(rng).T
        hits = self._scene.cast(speaker, directions)
        met = hits.surface >= 0
        signs = rng.choice(np.array([-1.0, 1.0]), size=int(met.sum()))
        return directions[met], Hits(
            hits.distance[met], hits.normal[met], hits.surface[met]), signs

    def towards(self, ear: np.ndarray, points: np.ndarray, hits: Hits, signs: np.ndarray,
                ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """
        Sound that the patches send to an ear.

        :returns: unit vectors from ear to patch (n, 3), metres travelled in all (n,), amplitude
            per band (n, 8), before the speaker's and the ear's directivity.
        """
        ray = points - ear
        back = np.maximum(np.linalg.norm(ray, axis=1), 0.05)
        ray = ray / back[:, None]
        cosine = np.maximum(-np.einsum('ni,ni->n', ray, hits.normal), 0)
        scene = self._scene
        share = (scene.scattering * (1 - scene.absorption))[hits.surface]
        power = 4 / len(self._sphere) * share * (cosine / back ** 2)[:, None]
        return ray, hits.distance + back, signs[:, None] * np.sqrt(power)


def _random_rotation(rng: np.random.Generator) -> np.ndarray:
    """Draw a rotation matrix uniformly, from a random quaternion."""
    w, x, y, z = _unit(rng.standard_normal(4))
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]])


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)
