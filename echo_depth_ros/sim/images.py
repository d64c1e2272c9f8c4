# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Mirror images of the speaker in the room's own walls, from pyroomacoustics."""

from dataclasses import dataclass

import numpy as np
import pyroomacoustics as pra
from pyroomacoustics.room import find_non_convex_walls

from echo_depth_ros.acoustics.format import SPEED_OF_SOUND
from echo_depth_ros.sim.bands import CENTRES
from echo_depth_ros.sim.scene import Scene

_DIFFRACTED = np.array([0.7, 0.6, 0.45, 0.3, 0.2, 0.1, 0.05, 0.03])
"""Amplitude that gets past a piece of furniture in the way, per band: lows bend around it."""


@dataclass(frozen=True)
class Images:
    """
    Reflections of the walls, floor and ceiling, without the direct sound.

    :ivar position: of each mirrored speaker, metres, shape (n, 3).
    :ivar emission: for each ear, unit vector in which the real speaker sends what arrives,
        shape (2, n, 3).
    :ivar gain: amplitude left after the reflections, per ear and band, shape (2, n, 8).
    :ivar visible: whether the path exists, per ear, shape (2, n).
    """

    position: np.ndarray
    emission: np.ndarray
    gain: np.ndarray
    visible: np.ndarray


class ShellImages:
    """Image sources of the room without its furniture (Allen and Berkley 1979; Borish 1984)."""

    def __init__(self, scene: Scene, order: int):
        world = scene.world
        # What is scattered at a wall is no longer in the mirror image, like what is absorbed.
        kept = (1 - scene.absorption) * (1 - scene.scattering)
        materials = [_pra_material(1 - kept[i]) for i in range(scene.shell)]
        room = pra.Room.from_corners(
            np.asarray(world.corners, float).T, fs=44100, max_order=order,
            materials=materials[:len(world.walls)], air_absorption=False)
        room.extrude(world.height, materials={'floor': materials[-2], 'ceiling': materials[-1]})
        self._walls = room.walls
        self._obstructing = find_non_convex_walls(room.walls)
        self._order = order
        self._scene = scene

    def find(self, speaker: np.ndarray, ears: np.ndarray) -> Images:
        """
        Mirror the speaker.

        :param speaker: metres, shape (3,).
        :param ears: metres, shape (2, 3).
        """
        engine = self._engine(ears)
        engine.image_source_model(np.asarray(speaker, np.float32))
        mirrored = engine.orders > 0
        position = engine.sources.T[mirrored].astype(float)
        emission = engine.source_directions.reshape(3, -1, 2).transpose(2, 1, 0)[:, mirrored]
        # The engine leaves zeros for paths that do not exist.
        emission = emission / np.maximum(np.linalg.norm(emission, axis=2, keepdims=True), 1e-9)
        gain = np.repeat(engine.attenuations.T[mirrored][None], 2, axis=0).astype(float)
        for ear in (0, 1):
            gain[ear, self._furniture_before(speaker, emission[ear])] *= _DIFFRACTED
            towards = position - ears[ear]
            towards /= np.linalg.norm(towards, axis=1, keepdims=True)
            gain[ear, self._furniture_before(ears[ear], towards)] *= _DIFFRACTED
        return Images(position, emission, gain, engine.visible_mics[:, mirrored].astype(bool))

    def _engine(self, ears: np.ndarray) -> pra.libroom.Room:
        """
        Make pyroomacoustics' C++ engine around the walls, with these ears.

        The engine cannot forget a microphone, and the Python class around it takes 5 ms to
        build; the engine alone takes microseconds, which is what a moving robot needs.
        """
        engine = pra.libroom.Room(
            self._walls, self._obstructing, [], SPEED_OF_SOUND, self._order, 1e-7, 1.0, 0.1, 0.004,
            False)
        for ear in ears:
            engine.add_mic(np.asarray(ear, np.float32)[:, None])
        return engine

    def _furniture_before(self, origin: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Whether a path that leaves ``origin`` meets furniture before it meets the room."""
        return self._scene.cast(origin, directions).surface >= self._scene.shell


def _pra_material(absorption: np.ndarray) -> pra.Material:
    return pra.Material(energy_absorption={
        'coeffs': absorption.tolist(), 'center_freqs': CENTRES.tolist()})
