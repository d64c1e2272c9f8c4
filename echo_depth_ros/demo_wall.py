# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Watch a simulated robot follow walls by ear.

First a live drive: the package's nodes run as separate processes over ROS 2 in a room with a wall
to follow, until the whole track is driven, something is touched, or time is up. Then the same
policy drives all four rooms from several starts, without ROS and faster than real time, on all
cores: 12 trials, one or two minutes on two cores; --starts all makes it 36. Writes a picture of
all tracks and a summary. Wheels slip and commands come late; everything is simulated.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
from typing import Any

from echo_depth_ros.navigation.wall_follower import FollowSettings
from echo_depth_ros.perception.assets import find_model
from echo_depth_ros.perception.model import StudentModel
from echo_depth_ros.processes import node_command, processes, simulated_robot

TRACKS = ('track_corner', 'track_l', 'track_straight_1', 'track_straight_2')
STARTS = {1: (4,), 3: (0, 4, 8), 9: tuple(range(9))}
"""Numbers of starts by how many: 0.8 m and straight; then 0.4 m, -30 degrees and 1.2 m, 30."""
SECONDS = {'echo': 90.0, 'ambient': 400.0}
"""Longest live drive."""
SEED = 100
"""A robot that no policy was tuned with."""
_LISTENERS = ('room_simulator', 'binaural_capture', 'depth_inference', 'wall_follower')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    parser.add_argument('--room', default='track_corner', choices=TRACKS,
                        help='room of the live drive (default: track_corner, the 8 m track)')
    parser.add_argument('--start', type=int, default=4, choices=range(9), metavar='0..8',
                        help='start of the live drive: 0.4, 0.8 or 1.2 m from the wall (0 to 2, '
                             '3 to 5, 6 to 8), at -30, 0 or 30 degrees (default: 4)')
    parser.add_argument('--seed', type=int, default=SEED,
                        help='decides wheels, noise and, in the trials after the live drive, '
                             f'speaker and ears (default: {SEED})')
    parser.add_argument('--follow-by', default='echo', choices=SECONDS,
                        help='echoes, or the sound of the quiet room, which is slow (default: '
                             'echo)')
    parser.add_argument('--seconds', type=float,
                        help='longest live drive (default: 90; by ambient sound 400)')
    parser.add_argument('--starts', default='3', choices=['1', '3', '9', 'all'],
                        help='starts in each room after the live drive (default: 3)')
    parser.add_argument('--quick', action='store_true', help='the live drive alone')
    parser.add_argument('--jobs', type=int, default=os.cpu_count() or 1,
                        help='processes for the trials after it (default: one for each core)')
    parser.add_argument('--out', type=Path, default=Path('out/demo_wall'),
                        help='folder for picture, summary and logs (default: out/demo_wall)')


def main(args: argparse.Namespace) -> int:
    """Run `echo-depth demo-wall`; 0 when the live drive made the whole track without contact."""
    seconds = SECONDS[args.follow_by] if args.seconds is None else args.seconds
    if not 0 < seconds <= 3600:
        print('echo-depth demo-wall: --seconds must lie between 0 and 3600', file=sys.stderr)
        return 2
    if args.jobs < 1 or args.seed < 0:
        print('echo-depth demo-wall: --jobs must be at least 1, --seed at least 0',
              file=sys.stderr)
        return 2
    # So that the nodes end with this process however it ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    StudentModel(find_model(''))  # so that a bad one is named here, not in a log
    args.out.mkdir(parents=True, exist_ok=True)
    for old in ('live.json', 'summary.json', 'tracks.png'):
        (args.out / old).unlink(missing_ok=True)
    print(f'Live: {args.room} from start {args.start}, by {args.follow_by}, at most '
          f'{seconds:.0f} s.')
    status = live(args, seconds)
    if status == 130 or not (args.out / 'live.json').exists():
        return status or 1
    records = [] if args.quick else study(args)
    conclude(args, records)
    return status


def parameters(args: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Return what each node is told, besides the defaults."""
    robot = simulated_robot()
    ambient = args.follow_by == 'ambient'
    room = {'room': args.room, 'track_start': args.start, 'seed': args.seed, 'wheel_slip': True,
            'ambience': ambient}
    follower = {'follow_by': args.follow_by, 'start_enabled': True, 'side': _track(args.room).side}
    return {'room_simulator': {**robot, **room}, 'wall_follower': {**robot, **follower},
            'chirp_emitter': {'enabled': not ambient}}


@contextmanager
def nodes(args: argparse.Namespace) -> Iterator[None]:
    """Run the nodes for a while: whoever listens starts before whoever speaks."""
    told = parameters(args)
    with processes(args.out / 'logs', {}) as start:
        for name in (*_LISTENERS, *(['ambient_wall'] if args.follow_by == 'ambient' else []),
                     'chirp_emitter'):
            start(name, told.get(name, {}))
        yield


def live(args: argparse.Namespace, seconds: float) -> int:
    """Drive live; returns the observer's exit status."""
    observer = node_command('wall_observer', {
        'room': args.room, 'seconds': seconds, 'wall_distance': _wanted(args),
        'out': str(args.out.resolve())})
    with nodes(args):
        # The observer draws on this terminal; an interrupt reaches it as it reaches us.
        status = subprocess.call(observer)
    if status not in (0, 130):
        print(f'The nodes\' own words are in {args.out / "logs"}.', file=sys.stderr)
    return status


def study(args: argparse.Namespace) -> list:
    """Run the trials; returns their records."""
    from tqdm import tqdm

    from echo_depth_ros.trials import wall_study
    starts = STARTS[9 if args.starts == 'all' else int(args.starts)]
    wanted = wall_study.cases([args.follow_by], [args.seed], ['clean'], starts=starts)
    folder = args.out / 'study'
    (folder / wall_study.FILE).unlink(missing_ok=True)
    jobs = min(args.jobs, len(wanted))
    print(f'\nThe same policy in all four rooms, {len(starts)} starts each, without ROS: '
          f'{len(wanted)} trials on {jobs} processes.')
    records = []
    with tqdm(total=len(wanted), unit='trial', file=sys.stderr) as bar:
        for record in wall_study.run_all(wanted, folder, jobs):
            records.append(record)
            whole = sum(r.complete for r in records)
            bar.set_postfix_str(f'{whole} whole, {sum(r.collided for r in records)} contacts')
            bar.update()
    return sorted(records, key=lambda r: wanted.index(r.case))


def conclude(args: argparse.Namespace, records: Sequence) -> None:
    """Print the table, write summary and picture."""
    from echo_depth_ros.trials import live_picture, track_picture, wall_table
    from echo_depth_ros.trials.live_drive import Drive
    drive = Drive.load(args.out / 'live.json')
    summary: dict[str, Any] = {
        'simulation': True, 'follow_by': args.follow_by, 'seed': args.seed,
        'live': {'start': args.start, **drive.figures()}}
    below = None
    if records:
        print('\n' + '\n\n'.join([
            wall_table.by_condition(records), wall_table.by_room(records), wall_table.NOTES]))
        below = track_picture.draw(records, args.out / 'study' / 'tracks.png', (
            f'The same policy without ROS: {sum(r.complete for r in records)} of {len(records)} '
            f'trials whole, {sum(r.collided for r in records)} contacts'))
        summary['study'] = study_figures(records)
    error = '-' if drive.error is None else f'{drive.error:.2f} m'
    picture = live_picture.draw(
        drive, _track(args.room), args.out / 'tracks.png',
        f'Live over ROS 2, simulated room {drive.room}: {drive.metres:.1f} m in '
        f'{drive.seconds:.0f} s, {drive.contacts} contacts, distance error {error} RMS',
        _wanted(args), below)
    (args.out / 'summary.json').write_text(json.dumps(summary, indent=1) + '\n', encoding='utf-8')
    print('\nlive: ' + json.dumps(summary['live']))
    print(f'picture: {picture}')


def study_figures(records: Sequence) -> dict[str, Any]:
    """Figures of the trials, all and by room."""
    def of(some: Sequence) -> dict[str, Any]:
        return {'trials': len(some), 'whole': sum(r.complete for r in some),
                'contacts': sum(r.collided for r in some),
                'share': round(sum(r.share for r in some) / len(some), 4)}

    rooms = dict.fromkeys(r.room for r in records)
    return {**of(records), 'rooms': {
        room: of([r for r in records if r.room == room]) for room in rooms}}


def _wanted(args: argparse.Namespace) -> float:
    """Metres from the wall that are to be kept."""
    return parameters(args)['wall_follower'].get('wall_distance', FollowSettings.distance)


def _track(room: str):
    from echo_depth_ros.sim.named_rooms import track_named
    return track_named(room)
