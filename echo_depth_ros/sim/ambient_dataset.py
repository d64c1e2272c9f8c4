# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
`echo-depth simulate-ambient`: what quiet rooms sound like near walls and away from them.

Layout: ``OUT/dataset.json`` and ``OUT/{train,val,test}/ambient_{number:06d}.npz``, one a room, so
that a stopped run goes on where it was and no room is in two splits.
"""

import argparse
from dataclasses import asdict
from functools import partial
import os
from pathlib import Path

import numpy as np
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry
from shapely.prepared import prep

from echo_depth_ros import __version__
from echo_depth_ros.acoustics.ambient import AmbientFormat
from echo_depth_ros.sim.ambient_room import AmbientRoom
from echo_depth_ros.sim.ambient_surfaces import Around
from echo_depth_ros.sim.camera import Camera
from echo_depth_ros.sim.claim import claim
from echo_depth_ros.sim.dataset import split_of, SPLITS
from echo_depth_ros.sim.hearing import Hearing
from echo_depth_ros.sim.random_world import random_world
from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.room_files import write_rooms
from echo_depth_ros.sim.scene import Scene
from echo_depth_ros.sim.simulation import random_pose
from echo_depth_ros.sim.world import World

SIMULATOR = 1
"""Raised whenever rooms sound other than before, so that no data set mixes both."""
CLEARANCE = 0.22
"""Metres that the robot's middle keeps from everything: its radius and a little."""
NEAR = 0.5
"""Metres within which the paper calls a wall an obstacle."""
IMAGE = 64
_DRIVING = 0.15
_SAME = ('kind', 'simulator', 'poses', 'seed', 'images', 'format', 'rig')


def pose_by_wall(world: World, space: BaseGeometry, rng: np.random.Generator,
                 facing: bool = False) -> Pose:
    """
    Draw a pose near a wall in four of ten times; furniture and corners make near ones more.

    The wall is on either hand in six of ten, ahead in two, anywhere in the rest.

    :param facing: the wall is always ahead, as where the paper's camera looks.
    """
    corners = np.asarray(world.corners, float)
    edges = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(edges, axis=1)
    inside = prep(space)
    for _ in range(200):
        wall = int(rng.choice(len(corners), p=lengths / lengths.sum()))
        along = edges[wall] / lengths[wall]
        inward = np.array([-along[1], along[0]])
        distance = (rng.uniform(CLEARANCE, NEAR) if rng.random() < 0.4
                    else NEAR * (3.0 / NEAR) ** rng.random())
        x, y = corners[wall] + along * rng.uniform(0, lengths[wall]) + inward * distance
        if inside.contains(Point(x, y)):
            return Pose(float(x), float(y), _yaw(along, inward, rng, facing))
    return random_pose(space, rng)


def _yaw(along: np.ndarray, inward: np.ndarray, rng: np.random.Generator,
         facing: bool) -> float:
    kind = 0.7 if facing else rng.random()
    if kind > 0.8:
        return float(rng.uniform(-np.pi, np.pi))
    ahead = along * rng.choice((-1, 1)) if kind < 0.6 else -inward
    return float(np.arctan2(ahead[1], ahead[0]) + rng.normal(0, np.radians(12)))


def simulate_room(seed: int, poses: int, images: bool = False,
                  fmt: AmbientFormat = AmbientFormat()) -> dict[str, np.ndarray]:
    """
    Listen in one room with one robot build at several poses.

    :param images: whether the camera looks as well; the robot then always faces a wall.
    :returns: the arrays of one ``ambient_*.npz``: sound int16 (m, 2, clip) of the left and the
        right ear; distance float32 (m, 5) in metres, see
        :class:`~echo_depth_ros.sim.ambient_surfaces.Around`; pose float32 (m, 3); speed of the
        wheels float32 (m,); rgb uint8 (m, 64, 64, 3) where wanted.
    """
    rng = np.random.default_rng([seed, 21])
    world = random_world(seed)
    rig = Rig()
    scene = Scene(world, rig.robot_radius)
    room = AmbientRoom(scene, rig, Hearing.random(rng), seed=seed, fmt=fmt)
    camera = Camera(scene, rig) if images else None
    space = world.free_space(CLEARANCE)
    rows: dict[str, list] = {'sound': [], 'distance': [], 'pose': [], 'speed': [], 'rgb': []}
    for _ in range(poses):
        pose = pose_by_wall(world, space, rng, images)
        speed = float(rng.uniform(0.1, 1)) if rng.random() < _DRIVING else 0.0
        rows['sound'].append(np.rint(room.hear(pose, rng, speed) * 32767).astype(np.int16))
        rows['distance'].append(np.array(room.around(pose), np.float32))
        rows['pose'].append(np.array([pose.x, pose.y, pose.yaw], np.float32))
        rows['speed'].append(np.float32(speed))
        if camera:
            frame = camera.render(pose).rgb
            size = frame.shape[0] // IMAGE
            rows['rgb'].append(frame.reshape(IMAGE, size, IMAGE, size, 3).mean(
                axis=(1, 3)).astype(np.uint8))
    return {key: np.stack(values) for key, values in rows.items() if values}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    parser.description = (
        'Simulate what a standing or driving robot hears in quiet rooms, and how near surfaces\n'
        'are on each side, for training. A stopped run goes on where it was.')
    parser.add_argument('out', type=Path, help='folder to write to')
    parser.add_argument('--rooms', type=int, default=1000,
                        help='rooms in all (default: %(default)s)')
    parser.add_argument('--poses', type=int, default=20,
                        help='clips of %g s in each room (default: %%(default)s)'
                             % AmbientFormat().clip_duration)
    parser.add_argument('--seed', type=int, default=0,
                        help='number of the first room (default: %(default)s)')
    parser.add_argument('--images', action='store_true',
                        help='what the camera sees as well, always facing a wall, for AV-Order '
                             'and AV-Sync')
    parser.add_argument('--workers', type=int, default=os.cpu_count(),
                        help='processes (default: one a core)')


def main(args: argparse.Namespace) -> int:
    """Run `echo-depth simulate-ambient`."""
    if args.rooms < 1 or args.poses < 1 or args.workers < 1 or args.seed < 0:
        print('rooms, poses and workers must be positive, the seed not negative')
        return 2
    description = {
        'made_by': f'echo_depth_ros {__version__}', 'kind': 'ambient', 'simulator': SIMULATOR,
        'simulation': True, 'rooms': args.rooms, 'poses': args.poses, 'seed': args.seed,
        'images': args.images, 'format': asdict(AmbientFormat()), 'rig': asdict(Rig()),
        'distance': list(Around._fields)}
    problem = claim(args.out, SPLITS, description, _SAME)
    if problem:
        print(problem)
        return 2
    seeds = range(args.seed, args.seed + args.rooms)
    paths = {seed: args.out / split_of(seed) / f'ambient_{seed:06d}.npz' for seed in seeds}
    write_rooms(partial(simulate_room, poses=args.poses, images=args.images), paths, args.poses,
                'clips', args.workers)
    print(f'{args.rooms} rooms, {args.rooms * args.poses} clips in {args.out}')
    return 0
