# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Late energy: how a room's sound decays after the reflections that are modelled one by one."""

from dataclasses import dataclass

import numpy as np

from echo_depth_ros.acoustics.format import SPEED_OF_SOUND
from echo_depth_ros.sim.bands import AIR_ABSORPTION
from echo_depth_ros.sim.scene import Scene


@dataclass(frozen=True)
class Decay:
    """
    Share of the emitted energy still in the room's air over time, per octave band.

    :ivar time: seconds, shape (t,).
    :ivar total: all of it, shape (t, 8); for reverberation time.
    :ivar late: only what no image source and no first reflection accounts for, shape (t, 8).
    """

    time: np.ndarray
    total: np.ndarray
    late: np.ndarray

    def reverberation_time(self) -> np.ndarray:
        """
        Seconds for 60 dB, per band, shape (8,).

        Fitted from -5 to -25 dB (ISO 3382's T20), or to the end where a room rings longer.
        """
        level = 10 * np.log10(np.maximum(self.total, 1e-12))
        times = []
        for band in level.T:
            part = (band <= max(-5, 0.2 * band[-1])) & (band >= -25)
            times.append(-60 / np.polyfit(self.time[part], band[part], 1)[0])
        return np.array(times)


def trace_decay(scene: Scene, origin: np.ndarray, image_order: int, rng: np.random.Generator,
                rays: int = 192, duration: float = 0.28, step: float = 1e-3) -> Decay:
    """
    Follow rays through the room and record how much energy they still carry.

    Each ray loses ``absorption`` at each surface and turns into a random (Lambert) direction
    with the surface's mid-frequency ``scattering`` as probability, else mirrors. Energy of a
    ray that only ever mirrored, up to ``image_order`` times and never on furniture after its
    first reflection, is in the image sources already, so it is not late.

    :param origin: where the sound starts, metres, shape (3,).
    """
    time = np.arange(0, duration, step)
    length = SPEED_OF_SOUND * duration
    position = np.repeat(np.asarray(origin, float)[None], rays, axis=0)
    direction = _random_directions(rays, rng)
    travelled = np.zeros(rays)
    energy = np.ones((rays, 8))
    mirrored = np.ones((rays, 8))
    furnished = np.zeros(rays, bool)
    total, late = np.zeros((len(time), 8)), np.zeros((len(time), 8))
    bounces = 0
    while len(position):
        hits = scene.cast_each(position, direction)
        inside = hits.surface >= 0
        reach = np.where(inside, travelled + hits.distance, length)
        explicit = _explicit(mirrored, furnished, bounces, image_order)
        _record(total, travelled, reach, energy, time, step)
        _record(late, travelled, reach, energy * (1 - explicit), time, step)
        alive = inside & (reach < length)
        surface = hits.surface[alive]
        position = position[alive] + hits.distance[alive, None] * direction[alive]
        normal = hits.normal[alive]
        position += 1e-6 * normal
        direction = _reflect(direction[alive], normal, scene.scattering[surface, 3], rng)
        energy = energy[alive] * (1 - scene.absorption[surface])
        mirrored = mirrored[alive] * (1 - scene.scattering[surface])
        furnished = furnished[alive] | (surface >= scene.shell)
        travelled = reach[alive]
        bounces += 1
    air = np.exp(-np.outer(time * SPEED_OF_SOUND, AIR_ABSORPTION)) / rays
    # Energy that came and went may leave a rounding error, below zero, of nothing.
    return Decay(time, *(np.maximum(energy, 0) * air for energy in (total, late)))


def _explicit(mirrored: np.ndarray, furnished: np.ndarray, bounces: int,
              image_order: int) -> np.ndarray:
    """Share of each ray's energy that is modelled arrival by arrival."""
    if bounces <= 1:
        return np.ones_like(mirrored)
    if bounces > image_order:
        return np.zeros_like(mirrored)
    return np.where(furnished[:, None], 0, mirrored)


def _record(histogram: np.ndarray, start: np.ndarray, end: np.ndarray, energy: np.ndarray,
            time: np.ndarray, step: float) -> None:
    """Add each ray's energy to the moments at which it flies from start to end (metres)."""
    first = np.ceil(start / SPEED_OF_SOUND / step - 1e-9).astype(int)
    last = np.ceil(end / SPEED_OF_SOUND / step - 1e-9).astype(int)
    change = np.zeros((len(time) + 1, histogram.shape[1]))
    np.add.at(change, np.minimum(first, len(time)), energy)
    np.add.at(change, np.minimum(last, len(time)), -energy)
    histogram += np.cumsum(change[:-1], axis=0)


def _random_directions(count: int, rng: np.random.Generator) -> np.ndarray:
    vectors = rng.standard_normal((count, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _reflect(direction: np.ndarray, normal: np.ndarray, scattering: np.ndarray,
             rng: np.random.Generator) -> np.ndarray:
    """Mirror each direction, or scatter it by Lambert's cosine law."""
    mirror = direction - 2 * np.einsum('ni,ni->n', direction, normal)[:, None] * normal
    lambert = normal * (1 + 1e-6) + _random_directions(len(direction), rng)
    lambert /= np.linalg.norm(lambert, axis=1, keepdims=True)
    scattered = rng.random(len(direction)) < scattering
    return np.where(scattered[:, None], lambert, mirror)
