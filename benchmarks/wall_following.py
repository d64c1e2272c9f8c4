# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How far robots follow walls by ear: four rooms, nine starts each, several robots and conditions.

    python benchmarks/wall_following.py --out FOLDER [--jobs 2] [--picture FILE]
        [--policies echo ambient straight random truth] [--seeds 100 101 102]
        [--conditions clean motors dead_ear lost furniture]

Every trial is kept in FOLDER/trials.jsonl as soon as it is done; the same command again goes on
where it was interrupted, and prints the tables of all that it asks for. `--conditions` that make
no difference to a policy (louder motors to one that does not hear) are left out for it. See
`echo_depth_ros/trials/wall_study.py` for what a seed changes. All is simulated.
"""

import os

for _threads in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ[_threads] = '1'  # before NumPy loads: figures are per core

import argparse  # noqa: E402
from pathlib import Path  # noqa: E402
import sys  # noqa: E402

from tqdm import tqdm  # noqa: E402

from echo_depth_ros.sim.tracks import tracks  # noqa: E402
from echo_depth_ros.trials import track_picture, wall_study, wall_table  # noqa: E402
from echo_depth_ros.trials.wall_policies import ROBOTS  # noqa: E402


def told(record: wall_study.Record) -> str:
    """One trial in one line."""
    error = '-' if record.error is None else f'{record.error:.3f}'
    x, y, _ = record.poses[-1]
    return (f'{record.policy:9}{record.condition:10}{record.room:11}'
            f'{record.start_distance:4.1f} m {record.start_angle:+4.0f} deg seed {record.seed}: '
            f'{record.share:6.1%} '
            f'{"contact" if record.collided else "":8}{record.seconds:6.1f} s, error {error} m, '
            f'nearest {record.nearest:.2f} m, end ({x:.2f}, {y:.2f})')


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, required=True, help='folder that keeps the trials')
    parser.add_argument('--policies', nargs='+', choices=ROBOTS, default=list(ROBOTS))
    parser.add_argument('--conditions', nargs='+', choices=wall_study.CONDITIONS,
                        default=list(wall_study.CONDITIONS))
    parser.add_argument('--rooms', nargs='+', choices=[t.name for t in tracks()])
    parser.add_argument('--starts', type=int, nargs='+', choices=range(9), metavar='0-8',
                        default=list(range(9)), help='which of the nine starts (default: all)')
    parser.add_argument('--seeds', type=int, nargs='+', default=[100, 101, 102],
                        help='robots (default: 100 101 102; below 100 the policy was tuned)')
    parser.add_argument('--jobs', type=int, default=1, help='processes')
    parser.add_argument('--picture', type=Path, help='draw the tracks into this file')
    parser.add_argument('--verbose', action='store_true', help='print each trial')
    return parser.parse_args()


def main() -> None:
    """Run what is missing, print the tables, draw the picture."""
    args = arguments()
    wanted = wall_study.cases(args.policies, args.seeds, args.conditions, args.rooms, args.starts)
    try:
        done = {record.case for record in wall_study.load(args.out)}
        with tqdm(total=len(wanted), initial=sum(case in done for case in wanted), unit='trial',
                  disable=None) as bar:
            for record in wall_study.run_all(wanted, args.out, args.jobs):
                if args.verbose:
                    bar.write(told(record))
                bar.update()
    except KeyboardInterrupt:
        sys.exit(f'interrupted; the same command goes on with what {args.out} keeps')
    kept = {record.case: record for record in wall_study.load(args.out)}
    records = [kept[case] for case in wanted]
    print(wall_table.report(records))
    if args.picture:
        print(f'tracks drawn into {track_picture.draw(records, args.picture)}')


if __name__ == '__main__':
    main()
