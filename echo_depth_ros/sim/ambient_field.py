# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How a room's diffuse sound builds up near its surfaces.

Far from everything, sound that comes evenly from everywhere has the same level anywhere. Near a
rigid surface each wave meets its own reflection, and the mean-square pressure at distance d is
``1 + sin(2kd) / (2kd)`` times that level: 3 dB more in the lows, a ripple above (Waterhouse,
JASA 27, 1955). In an edge every wave has three reflections, in a corner seven, and the terms add
up over the microphone's mirror images: 6 and 9 dB.

Here each wave is multiplied, axis by axis, by ``1 + R exp(-2jk d cos)``; its mean over directions
is Waterhouse's sum exactly, and a single draw of waves keeps the fluctuation from place to place
that a real room has.
"""

from dataclasses import dataclass

import numpy as np

from echo_depth_ros.acoustics.format import SPEED_OF_SOUND


def build_up(frequencies: np.ndarray, distances: tuple[float, ...],
             reflection: tuple[float, ...] | None = None) -> np.ndarray:
    """
    Mean-square pressure over that far from the surfaces, in closed form.

    :param frequencies: Hz, shape (n,).
    :param distances: metres to up to three surfaces at right angles to one another.
    :param reflection: amplitude that each reflects; 1 when omitted. Incidence counts as the same,
        so far from a surface the level is ``(1 + R²) / 2`` of what it is before a rigid one.
    :returns: shape (n,).
    """
    k = 2 * np.pi * np.asarray(frequencies, float) / SPEED_OF_SOUND
    reflection = reflection or (1.0,) * len(distances)
    total = np.zeros_like(k)
    far = np.prod([1 + r * r for r in reflection])
    for images in range(2 ** len(distances)):
        chosen = [images >> axis & 1 for axis in range(len(distances))]
        apart = 2 * np.sqrt(sum((d * c) ** 2 for d, c in zip(distances, chosen)))
        weight = np.prod([2 * r if c else 1 + r * r for r, c in zip(reflection, chosen)])
        total += weight * np.sinc(k * apart / np.pi)
    return total / far


@dataclass(frozen=True)
class Mirrors:
    """
    The nearest surface along each axis of the world: x, y, and z, which is the floor.

    :ivar towards: sign of the direction in which it lies, -1 or 1, shape (3,).
    :ivar plane: its coordinate on that axis, metres, shape (3,).
    :ivar reflection: amplitude that it reflects, shape (3, frequencies).
    :ivar filling: factor that makes up for what small surfaces bend elsewhere instead of
        mirroring it, for that stays in the room; shape (frequencies,).
    """

    towards: np.ndarray
    plane: np.ndarray
    reflection: np.ndarray
    filling: np.ndarray

    def distance(self, place: np.ndarray) -> np.ndarray:
        """Metres of a place from each, shape (3,); never less than a centimetre."""
        return np.maximum((self.plane - place) * self.towards, 0.01)

    def image(self, place: np.ndarray, mirrored: tuple[int, int, int]) -> np.ndarray:
        """Mirror a place on those axes that are 1, shape (3,)."""
        return np.where(mirrored, 2 * self.plane - place, place)


def octant(count: int, rng: np.random.Generator) -> np.ndarray:
    """
    Draw directions that cover an eighth of the sphere evenly, all components positive.

    With the reflections of three surfaces they cover all of it.

    :returns: unit vectors, shape (count, 3).
    """
    index = np.arange(count)
    z = (index + rng.random()) / count
    angle = np.pi / 2 * ((index * (np.sqrt(5) - 1) / 2 + rng.random()) % 1)
    radius = np.sqrt(1 - z * z)
    vectors = np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)
    # The even spacing is along the first axis of three; no axis is to be favoured.
    return np.roll(vectors, int(rng.integers(3)), axis=1)


def waves_at(directions: np.ndarray, distance: np.ndarray, wavenumber: np.ndarray,
             reflection: np.ndarray, reception: np.ndarray | None = None) -> np.ndarray:
    """
    Pressure that plane waves of unit amplitude and their reflections make at a place.

    :param directions: towards the surfaces, shape (waves, 3), see :func:`octant`.
    :param distance: of the place to each surface, metres, shape (3,).
    :param wavenumber: radians per metre, shape (n,).
    :param reflection: shape (3, n).
    :param reception: how well a microphone hears what comes from the room, from the surface on x,
        on y, and from both: shape (4, waves, n); evenly when omitted.
    :returns: complex, shape (waves, n), of mean square one far from rigid surfaces.
    """
    across = [_phase(directions[:, axis] * distance[axis], wavenumber) for axis in range(3)]
    incoming_x, incoming_y, incoming_z = across
    back_x, back_y, back_z = (wave.conj() * r.astype(np.float32)
                              for wave, r in zip(across, reflection))
    vertical = (incoming_z + back_z) * np.float32(8 ** -0.5)
    if reception is None:
        return (incoming_x + back_x) * (incoming_y + back_y) * vertical
    return vertical * (
        incoming_y * (reception[0] * incoming_x + reception[1] * back_x)
        + back_y * (reception[2] * incoming_x + reception[3] * back_x))


def _phase(path: np.ndarray, wavenumber: np.ndarray) -> np.ndarray:
    """Return phasors exp(jk path), complex64, shape (waves, n), for an even grid from its step."""
    # Products of coarse and fine steps: a fifth of the time of as many exponentials.
    step = wavenumber[1] - wavenumber[0]
    fine = 64
    coarse = -(-len(wavenumber) // fine)
    start = wavenumber[0] + step * fine * np.arange(coarse)
    whole = np.exp(1j * path[:, None] * start)[:, :, None] * np.exp(
        1j * path[:, None] * step * np.arange(fine))[:, None, :]
    return whole.reshape(len(path), -1)[:, :len(wavenumber)].astype(np.complex64)
