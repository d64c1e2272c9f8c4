# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot that drives straight at a wall, in empty box rooms."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.sim.camera import Camera
from echo_depth_ros.sim.claim import claim
from echo_depth_ros.sim.dataset import simulate_window
from echo_depth_ros.sim.echoes import EchoRenderer
from echo_depth_ros.sim.hearing import Hearing
from echo_depth_ros.sim.noise import Noise
from echo_depth_ros.sim.random_world import random_world, RoomStyle
from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.room_files import write_rooms
from echo_depth_ros.sim.scene import Scene

FIRST_SEED = 2_000_000
"""Far from the rooms of any training set, and of those away from home."""
DISTANCES = tuple(np.round(np.arange(6.0, 0.99, -0.25), 2))
"""Metres from the wall, from far to near."""
_STYLE = RoomStyle(boxes=((7.5, 10.0), (3.5, 6.0), (2.4, 3.4)))
_ASIDE = 0.4
"""Metres from the middle line of the room that the robot may keep."""


def approach_room(seed: int, distances: tuple[float, ...] = DISTANCES) -> dict[str, np.ndarray]:
    """Return the arrays of one room, as :func:`~echo_depth_ros.sim.dataset.simulate_room` has."""
    chance = np.random.default_rng([seed, 9])
    world = replace(random_world(seed, 'box', _STYLE), furniture=())
    rig = Rig()
    scene = Scene(world, rig.robot_radius)
    renderer = EchoRenderer(scene, rig, Hearing.random(chance), seed=seed)
    camera, noise = Camera(scene, rig), Noise.random(chance)
    length, width = np.max(world.corners, axis=0)
    y = width / 2 + chance.uniform(-_ASIDE, _ASIDE)
    rows: dict[str, list] = {name: [] for name in (
        'waveform', 'depth', 'rgb', 'material', 'pose', 'first_range')}
    for distance in distances:
        pose = Pose(length - distance, y, 0.0)
        frame = camera.render(pose)
        window = simulate_window(renderer, pose, noise, 0.3, chance)
        rows['waveform'].append(np.rint(window * 32767).astype(np.int16))
        rows['depth'].append(np.rint(frame.depth * 1000).astype(np.uint16))
        rows['rgb'].append(frame.rgb)
        rows['material'].append(frame.material)
        rows['pose'].append(np.array([pose.x, pose.y, pose.yaw], np.float32))
        rows['first_range'].append(np.float32(camera.nearest(pose)))
    return {name: np.stack(values) for name, values in rows.items()} | {
        'shape': np.array(world.shape)}


def simulate_approach(out: Path, rooms: int, workers: int) -> None:
    """
    Make what is missing of the approaches.

    :raises EchoDepthError: the folder holds something else.
    """
    about = {'simulation': True, 'what': 'a robot that drives straight at a wall', 'rooms': rooms,
             'distances_m': [float(distance) for distance in DISTANCES]}
    problem = claim(out, ('test',), about, ('what', 'distances_m'))
    if problem:
        raise EchoDepthError(problem)
    paths = {FIRST_SEED + number: out / 'test' / f'room_{FIRST_SEED + number:07d}.npz'
             for number in range(rooms)}
    write_rooms(partial(approach_room), paths, len(DISTANCES), 'samples', workers)
