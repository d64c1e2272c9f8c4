# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
`echo-depth simulate`: rooms, robots and echoes for training.

Layout: ``OUT/dataset.json`` and ``OUT/{train,val,test}/room_{number:06d}.npz``, one file a room,
so that a stopped run goes on where it was and no room is in two splits.
"""

import argparse
from dataclasses import asdict, replace
from functools import partial
import os
from pathlib import Path
import textwrap

import numpy as np
from scipy import fft

from echo_depth_ros import __version__
from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND
from echo_depth_ros.sim.away import AWAY, AWAY_SEED, Conditions, FAMILIES, HOME
from echo_depth_ros.sim.camera import Camera
from echo_depth_ros.sim.claim import claim
from echo_depth_ros.sim.echoes import EchoRenderer
from echo_depth_ros.sim.noise import Noise
from echo_depth_ros.sim.random_world import random_world
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.room_files import write_rooms
from echo_depth_ros.sim.scaled import scaled_pose, scaled_rig, scaled_world
from echo_depth_ros.sim.scene import Scene
from echo_depth_ros.sim.simulation import random_pose, START_CLEARANCE

SPLITS = ('train', 'val', 'test')
_SAME = ('poses', 'seed', 'format', 'rig', 'camera', 'ping_rate', 'simulator', 'away', 'family',
         'scale')
PING_RATE = 13.7
SIMULATOR = 1
"""Raised whenever rooms sound or look other than before, so that no data set mixes both."""


def split_of(room: int, away: bool = False) -> str:
    """Of every ten rooms, eight train, one validates and one tests; away from home all test."""
    if away:
        return 'test'
    return {8: 'val', 9: 'test'}.get(room % 10, 'train')


def simulate_window(renderer: EchoRenderer, pose: Pose, noise: Noise, speed: float,
                    rng: np.random.Generator, fmt: PingFormat = PingFormat()) -> np.ndarray:
    """
    Hear one window as a robot does that pings without pause and stands still.

    Tails of earlier pings reach into the window. Its cut is off by up to a sample, as a real
    one is.

    :returns: float32, shape (2, 3197), full scale within 1.
    """
    response = renderer.impulse_response(pose, rng)
    chirp = linear_chirp(fmt)
    size = fft.next_fast_len(response.shape[1] + len(chirp), real=True)
    heard = fft.irfft(fft.rfft(response, size, axis=1) * fft.rfft(chirp, size), size, axis=1)
    period = fmt.ping_period(PING_RATE)
    steady = np.zeros((2, period))
    for start in range(0, size, period):
        part = heard[:, start:start + period]
        steady[:, :part.shape[1]] += part
    direct = renderer.rig.direct_distance / SPEED_OF_SOUND * fmt.sample_rate
    start = round(direct + rng.normal(0, 0.4)) - fmt.direct_index
    window = np.roll(steady, -start, axis=1)[:, :fmt.window]
    window = window + noise.sample(fmt.window, fmt.sample_rate, speed, rng)
    return np.clip(window, -1, 1).astype(np.float32)


def simulate_room(seed: int, poses: int, fmt: PingFormat = PingFormat(),
                  conditions: Conditions = HOME) -> dict:
    """
    Simulate one room with one robot build at several poses.

    :param conditions: what room, robot and noise are drawn from.
    :returns: the arrays of one ``room_*.npz``: waveform int16 (m, 2, 3197), depth uint16 in mm
        (m, 128, 128) with 0 for no return, rgb uint8 (m, 128, 128, 3), material uint8
        (m, 128, 128), pose float32 (m, 3), first_range float32 (m,) in metres, shape.
    """
    rng = np.random.default_rng([seed, 5])
    plan, size = random_world(seed, style=conditions.style), conditions.size(seed)
    world, rig = scaled_world(plan, size), scaled_rig(conditions.rig, size)
    scene = Scene(world, rig.robot_radius)
    renderer = EchoRenderer(scene, rig, conditions.hearing(rng), seed=seed)
    camera = Camera(scene, rig, scale=size)
    noise = conditions.noise(rng)
    space = plan.free_space(START_CLEARANCE)
    # Rooms that look the same are seen from the same places, however many echoes they draw.
    chance = rng if conditions.sizes is None else np.random.default_rng([seed, 7])
    rows: dict[str, list] = {key: [] for key in (
        'waveform', 'depth', 'rgb', 'material', 'pose', 'first_range')}
    for _ in range(poses):
        pose = scaled_pose(random_pose(space, chance), size)
        speed = float(chance.uniform(0, 1)) if chance.random() < 0.7 else 0.0
        window = simulate_window(renderer, pose, noise, speed, rng, fmt)
        frame = camera.render(pose)
        millimetres = np.where(np.isfinite(frame.depth), np.rint(frame.depth * 1000), 0)
        rows['waveform'].append(np.rint(window * 32767).astype(np.int16))
        rows['depth'].append(np.minimum(millimetres, 65535).astype(np.uint16))
        rows['rgb'].append(frame.rgb)
        rows['material'].append(frame.material)
        rows['pose'].append(np.array([pose.x, pose.y, pose.yaw], np.float32))
        rows['first_range'].append(np.float32(camera.nearest(pose)))
    arrays = {key: np.stack(values) for key, values in rows.items()}
    arrays['shape'] = np.array(world.shape)
    return arrays


def _conditions(args: argparse.Namespace) -> Conditions:
    conditions = AWAY[args.away] if args.away else FAMILIES[args.family]
    return conditions if args.scale is None else replace(conditions, sizes=(args.scale,) * 2)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    parser.description = (
        'Simulate furnished rooms with a robot that chirps and listens, and write waveforms,\n'
        'depth, colour and materials for training. A stopped run goes on where it was.')
    parser.add_argument('out', type=Path, help='folder to write to')
    parser.add_argument('--rooms', type=int,
                        help='rooms in all (default: 2000; 40 with --away)')
    parser.add_argument('--poses', type=int,
                        help='poses of the robot in each room (default: 12; 6 with --away)')
    parser.add_argument('--seed', type=int,
                        help=f'number of the first room (default: 0; {AWAY_SEED} with --away, '
                             'rooms that no training set holds)')
    parser.add_argument('--away', choices=AWAY, metavar='CONDITION',
                        help='make a test set, all rooms in the split "test", whose conditions '
                             'training never saw; one of the conditions below')
    parser.add_argument('--family', choices=FAMILIES, default=HOME.name,
                        help='what training rooms are drawn from, see below; default: %(default)s')
    parser.add_argument('--scale', type=float, metavar='K',
                        help="make everything, the height of the robot's head included, K times "
                             'as large: rooms of the same seed then look the same at every K')
    parser.add_argument('--workers', type=int, default=os.cpu_count(),
                        help='processes (default: one a core)')
    parser.epilog = '\n'.join((
        'families of rooms to train in:', *_lines(FAMILIES), '',
        'conditions of --away, and what differs from the family home:', *_lines(AWAY)))
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def _lines(named: dict[str, Conditions]) -> list[str]:
    return [textwrap.fill(conditions.what, 79, initial_indent=f'  {name:<16}',
                          subsequent_indent=' ' * 18) for name, conditions in named.items()]


def main(args: argparse.Namespace) -> int:
    """Run `echo-depth simulate`."""
    defaults = {'rooms': 40, 'poses': 6, 'seed': AWAY_SEED} if args.away else {
        'rooms': 2000, 'poses': 12, 'seed': 0}
    for name, value in defaults.items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    if args.away and args.family != HOME.name:
        print(f'--away has rooms of its own: leave out --family {args.family}')
        return 2
    if args.scale is not None and not 0.4 <= args.scale <= 3:
        print(f'scale is {args.scale}; expected 0.4 to 3, where the robot fits in and can hear')
        return 2
    conditions = _conditions(args)
    if args.rooms < 1 or args.poses < 1 or args.workers < 1 or args.seed < 0:
        print('rooms, poses and workers must be positive, the seed not negative')
        return 2
    description = {
        'made_by': f'echo_depth_ros {__version__}', 'simulator': SIMULATOR, 'simulation': True,
        'rooms': args.rooms, 'poses': args.poses, 'seed': args.seed,
        'ping_rate': PING_RATE, 'format': asdict(PingFormat()), 'rig': asdict(conditions.rig),
        'camera': {'height': 128, 'width': 128, 'hfov_deg': 90.0, 'vfov_deg': 90.0}}
    if args.away:
        # The format stays that of home: it is what a student that comes along believes.
        description['away'] = conditions.describe()
    elif args.family != HOME.name:
        description['family'] = conditions.describe()
    if args.scale is not None:
        description['scale'] = args.scale
    problem = claim(args.out, SPLITS, description, _SAME)
    if problem:
        print(problem)
        return 2
    seeds = range(args.seed, args.seed + args.rooms)
    paths = {seed: args.out / split_of(seed, bool(args.away)) / f'room_{seed:06d}.npz'
             for seed in seeds}
    write_rooms(partial(simulate_room, poses=args.poses, conditions=conditions), paths, args.poses,
                'samples', args.workers)
    print(f'{args.rooms} rooms, {args.rooms * args.poses} samples in {args.out}')
    return 0
