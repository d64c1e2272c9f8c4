# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
`echo-depth simulate-drive`: what the camera of a robot sees that tours rooms, frame after frame.

Layout: ``OUT/dataset.json`` and ``OUT/{train,val,test}/drive_{number:07d}.npz``, one a room, so
that a stopped run goes on where it was and no room is in two splits.
"""

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
import math
import os
from pathlib import Path

import numpy as np

from echo_depth_ros import __version__
from echo_depth_ros.sim.away import Conditions, FAMILIES, HOME
from echo_depth_ros.sim.base import DifferentialDrive
from echo_depth_ros.sim.camera import Camera
from echo_depth_ros.sim.claim import claim
from echo_depth_ros.sim.dataset import split_of, SPLITS
from echo_depth_ros.sim.pilot import TourPilot
from echo_depth_ros.sim.random_world import random_world
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.room_files import write_rooms
from echo_depth_ros.sim.scene import Scene
from echo_depth_ros.sim.simulation import random_pose, START_CLEARANCE

DRIVE_SEED = 2_000_000
"""First room of drives, far from the rooms of all other data sets."""
SIMULATOR = 1
"""Raised whenever drives look other than before, so that no data set mixes both."""
_SAME = ('kind', 'simulator', 'frames', 'seed', 'spacing', 'rig', 'camera', 'family')
_STEP = 0.1
"""Seconds between two looks of the pilot."""
_PATIENCE = 100
"""Steps without a frame after which the robot is taken to be stuck and starts elsewhere."""


@dataclass(frozen=True)
class Spacing:
    """
    How far the robot moves between two frames: a frame is taken when either is reached.

    :ivar metres: driven.
    :ivar degrees: turned.
    """

    metres: float = 0.15
    degrees: float = 8.0


def simulate_drive(seed: int, frames: int, spacing: Spacing = Spacing(),
                   conditions: Conditions = HOME) -> dict[str, np.ndarray]:
    """
    Let the pilot tour one room, and keep what the camera sees on the way.

    :param conditions: what the room and the robot are drawn from.
    :returns: the arrays of one ``drive_*.npz``: rgb uint8 (m, 128, 128, 3); depth uint16 in mm
        (m, 128, 128) with 0 for no return, for evaluation only; pose float32 (m, 3); moved
        float32 (m, 2), metres driven and radians turned since the frame before, as the odometry
        of a robot tells, NaN in the first frame of each take; shape.
    """
    rng = np.random.default_rng([seed, 31])
    # Everything, the way driven too, that many times as large looks the same: only what is told
    # in metres differs.
    size = conditions.size(seed)
    world = random_world(seed, style=conditions.style)
    rig = conditions.rig
    scene = Scene(world, rig.robot_radius)
    camera = Camera(scene, rig)
    space = world.free_space(max(START_CLEARANCE, rig.robot_radius))
    rows: dict[str, list] = {key: [] for key in ('rgb', 'depth', 'pose', 'moved')}
    while len(rows['rgb']) < frames:
        start = random_pose(space, rng)
        for pose, moved in _take(scene, conditions, start, spacing):
            frame = camera.render(pose)
            millimetres = np.where(np.isfinite(frame.depth), np.rint(frame.depth * size * 1000), 0)
            rows['rgb'].append(frame.rgb)
            rows['depth'].append(np.minimum(millimetres, 65535).astype(np.uint16))
            rows['pose'].append(np.array([pose.x * size, pose.y * size, pose.yaw], np.float32))
            rows['moved'].append(np.array([moved[0] * size, moved[1]], np.float32))
            if len(rows['rgb']) == frames:
                break
    arrays = {key: np.stack(values) for key, values in rows.items()}
    arrays['shape'] = np.array(world.shape)
    return arrays


def _take(scene: Scene, conditions: Conditions, start: Pose,
          spacing: Spacing) -> Iterator[tuple[Pose, tuple[float, float]]]:
    """Yield poses of frames, with what the robot moved since the one before, until it is stuck."""
    base = DifferentialDrive(scene, start, conditions.rig.robot_radius)
    pilot = TourPilot(scene, conditions.rig)
    yield base.pose, (math.nan, math.nan)
    before, driven, turned, idle = base.pose, 0.0, 0.0, 0
    while idle < _PATIENCE:
        pose = base.step(_STEP, *pilot.command(base.pose))
        driven += math.hypot(pose.x - before.x, pose.y - before.y)
        turned += math.remainder(pose.yaw - before.yaw, 2 * math.pi)
        before, idle = pose, idle + 1
        if driven >= spacing.metres or abs(turned) >= math.radians(spacing.degrees):
            yield pose, (driven, turned)
            driven, turned, idle = 0.0, 0.0, 0


def _simulate(seed: int, frames: int, spacing: Spacing, family: str) -> dict[str, np.ndarray]:
    """Drive in a room of a family by its name, which goes to another process."""
    return simulate_drive(seed, frames, spacing, FAMILIES[family])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    parser.description = (
        'Let a robot tour furnished rooms, and write what its camera sees on the way, for depth\n'
        'that is learnt from motion alone. A stopped run goes on where it was.')
    parser.add_argument('out', type=Path, help='folder to write to')
    parser.add_argument('--rooms', type=int, default=500,
                        help='rooms in all (default: %(default)s)')
    parser.add_argument('--frames', type=int, default=40,
                        help='frames in each room (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=DRIVE_SEED,
                        help='number of the first room (default: %(default)s)')
    parser.add_argument('--family', choices=FAMILIES, default=HOME.name,
                        help='what rooms are drawn from, as "echo-depth simulate --help" tells; '
                             'in rooms of another size the robot drives that much further between '
                             'frames (default: %(default)s)')
    parser.add_argument('--metres', type=float, default=Spacing.metres,
                        help='driven between frames (default: %(default)s)')
    parser.add_argument('--degrees', type=float, default=Spacing.degrees,
                        help='turned after which there is a frame in any case '
                             '(default: %(default)s)')
    parser.add_argument('--workers', type=int, default=os.cpu_count(),
                        help='processes (default: one a core)')


def main(args: argparse.Namespace) -> int:
    """Run `echo-depth simulate-drive`."""
    if args.rooms < 1 or args.frames < 1 or args.workers < 1 or args.seed < 0:
        print('rooms, frames and workers must be positive, the seed not negative')
        return 2
    if not (0 < args.metres < math.inf and 0 < args.degrees < math.inf):
        print(f'frames are {args.metres:g} m or {args.degrees:g} degrees apart; both must be '
              'positive')
        return 2
    spacing = Spacing(args.metres, args.degrees)
    description = {
        'made_by': f'echo_depth_ros {__version__}', 'kind': 'drive', 'simulator': SIMULATOR,
        'simulation': True, 'rooms': args.rooms, 'frames': args.frames, 'seed': args.seed,
        'spacing': asdict(spacing), 'rig': asdict(HOME.rig), 'camera': camera_description()}
    conditions = FAMILIES[args.family]
    if args.family != HOME.name:
        description['family'] = conditions.describe()
    problem = claim(args.out, SPLITS, description, _SAME)
    if problem:
        print(problem)
        return 2
    paths = {seed: args.out / split_of(seed) / f'drive_{seed:07d}.npz'
             for seed in range(args.seed, args.seed + args.rooms)}
    write_rooms(partial(_simulate, frames=args.frames, spacing=spacing, family=args.family), paths,
                args.frames, 'frames', args.workers)
    print(f'{args.rooms} rooms, {args.rooms * args.frames} frames in {args.out}')
    return 0


def camera_description(size: int = 128, fov_deg: float = 90.0) -> dict[str, float]:
    """
    Intrinsics of the simulator's camera for ``dataset.json``.

    The middle of the first pixel is at 0, as in ROS' CameraInfo.
    """
    focal = size / 2 / math.tan(math.radians(fov_deg) / 2)
    return {'height': size, 'width': size, 'hfov_deg': fov_deg, 'vfov_deg': fov_deg,
            'fx': focal, 'fy': focal, 'cx': (size - 1) / 2, 'cy': (size - 1) / 2}
