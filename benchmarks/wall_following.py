# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How far robots follow walls by ear: four rooms, nine starts each, against simple policies.

    python benchmarks/wall_following.py [--policies echo truth straight random] [--seeds 1]

The rooms, the starts and the measure (share of the track until the first contact) are those of
"Structure from Silence", Fig. 7, 10 and 11; all is simulated, theirs was a real TurtleBot. `truth`
follows the wall as `echo` does, by the simulator's depth. `straight` and `random` drive unguarded,
as in the paper: there a network of random weights chose the way, here each second a turn is drawn.
"""

import os

for _threads in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ[_threads] = '1'  # before NumPy loads: figures are per core

import argparse  # noqa: E402
from collections.abc import Callable  # noqa: E402
from dataclasses import dataclass, replace  # noqa: E402
import time  # noqa: E402

import numpy as np  # noqa: E402

from echo_depth_ros.navigation.messages import Percept  # noqa: E402
from echo_depth_ros.navigation.safe_drive import DriveLimits  # noqa: E402
from echo_depth_ros.navigation.wall_follower import FollowSettings, WallFollower  # noqa: E402
from echo_depth_ros.perception.assets import find_model  # noqa: E402
from echo_depth_ros.perception.echo_depth import EchoDepth  # noqa: E402
from echo_depth_ros.perception.model import StudentModel  # noqa: E402
from echo_depth_ros.sim.noise import Noise  # noqa: E402
from echo_depth_ros.sim.rig import Pose  # noqa: E402
from echo_depth_ros.sim.simulation import Simulation  # noqa: E402
from echo_depth_ros.sim.tracks import Track, tracks  # noqa: E402
from echo_depth_ros.sim.wall_trial import (  # noqa: E402
    Hearing,
    Outcome,
    Policy,
    run_trial,
    Sense,
    Sight,
    TrialSettings,
)

SPEED = 0.25
DISTANCE = 0.6


@dataclass(frozen=True)
class Robot:
    """One trial's policy and sense."""

    policy: Policy
    sense: Sense


def follower(track: Track) -> Policy:
    """Wall follower of the track's side."""
    follow = WallFollower(FollowSettings(side=track.side, distance=DISTANCE, speed=SPEED),
                          DriveLimits(max_speed=SPEED))

    def policy(percept: Percept | None, now: float) -> tuple[float, float]:
        command = follow.step(percept, now)
        return command.speed, command.turn

    return policy


def echo(track: Track, ears: EchoDepth, seed: int) -> Robot:
    """Follow by echoes."""
    def perceive(window: np.ndarray, stamp: float) -> Percept:
        told = ears.perceive(window)
        return Percept(stamp, told.range_m, told.depth, told.confidence)

    return Robot(follower(track), Hearing(perceive))


def truth(track: Track, ears: EchoDepth, seed: int) -> Robot:
    """Follow by the simulator's depth and distance."""
    return Robot(follower(track), Sight(
        lambda frame, nearest, stamp: Percept(stamp, nearest, frame.depth)))


def straight(track: Track, ears: EchoDepth, seed: int) -> Robot:
    """Drive ahead."""
    return Robot(lambda percept, now: (SPEED, 0.0), Blind())


def random(track: Track, ears: EchoDepth, seed: int) -> Robot:
    """Draw a turn of up to 30 degrees each second, and go ahead meanwhile."""
    turns = np.random.default_rng([seed, 7]).uniform(-1, 1, 10000) * np.radians(30)
    return Robot(lambda percept, now: (SPEED, float(turns[int(now)])), Blind())


class Blind:
    """Perceives nothing."""

    def ping(self, simulation: Simulation) -> None:
        """Nothing to do."""

    def wait(self, simulation: Simulation, ticks: int) -> None:
        """Nothing to do."""

    def percept(self, stamp_s: float) -> None:
        """Nothing."""


POLICIES: dict[str, Callable[[Track, EchoDepth, int], Robot]] = {
    'echo': echo, 'truth': truth, 'straight': straight, 'random': random}


@dataclass(frozen=True)
class Trial:
    """One line of the study."""

    policy: str
    seed: int
    distance: float
    angle: float
    outcome: Outcome
    wall_s: float


def run(name: str, track: Track, start: tuple[float, float, Pose], seed: int, ears: EchoDepth,
        motor_db: float, settings: TrialSettings) -> Trial:
    """Run one trial."""
    distance, angle, pose = start
    noise = Noise()
    simulation = Simulation(track.world, seed=seed, start=pose,
                            noise=replace(noise, motor_db=noise.motor_db + motor_db))
    robot = POLICIES[name](track, ears, seed)
    begin = time.perf_counter()
    outcome = run_trial(track, pose, robot.policy, robot.sense, seed=seed, settings=settings,
                        simulation=simulation)
    return Trial(name, seed, distance, angle, outcome, time.perf_counter() - begin)


def table(trials: list[Trial]) -> str:
    """Figures by policy and room."""
    lines = [f'{"policy":10}{"room":12}{"trials":>7}{"metres":>8}{"share":>7}{"whole":>7}'
             f'{"contact":>9}{"error":>8}{"nearest":>9}{"x real":>8}']
    for policy in dict.fromkeys(trial.policy for trial in trials):
        own = [trial for trial in trials if trial.policy == policy]
        for room in [*dict.fromkeys(trial.outcome.track for trial in own), 'all']:
            some = [t for t in own if room in ('all', t.outcome.track)]
            out = [t.outcome for t in some]
            errors = np.array([o.distance_error(DISTANCE) for o in out])
            rms = np.sqrt(np.nanmean(errors ** 2)) if np.isfinite(errors).any() else np.nan
            lines.append(
                f'{policy:10}{room:12}{len(some):7}{np.mean([o.metres for o in out]):8.2f}'
                f'{np.mean([o.share for o in out]):7.1%}'
                f'{np.mean([o.complete for o in out]):7.0%}{sum(o.collided for o in out):9}'
                f'{rms:8.3f}{min(o.nearest for o in out):9.2f}'
                f'{sum(o.seconds for o in out) / sum(t.wall_s for t in some):8.1f}')
    return '\n'.join(lines)


def main() -> None:
    """Run the study and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--policies', nargs='+', choices=POLICIES, default=list(POLICIES))
    parser.add_argument('--rooms', nargs='+', choices=[t.name for t in tracks()])
    parser.add_argument('--seeds', type=int, default=1, help='times that each start is driven')
    parser.add_argument('--starts', type=int, nargs='+', choices=range(9), metavar='0-8',
                        help='which of the nine starts (default: all)')
    parser.add_argument('--motor-db', type=float, default=0.0, help='how much louder motors are')
    parser.add_argument('--lost', type=float, default=0.0, help='share of the pings that is lost')
    parser.add_argument('--verbose', action='store_true', help='print each trial')
    args = parser.parse_args()
    ears = EchoDepth(StudentModel(find_model(None), threads=1))
    settings = TrialSettings(lost=args.lost)
    trials = []
    for name in args.policies:
        for room, track in enumerate(tracks()):
            if args.rooms and track.name not in args.rooms:
                continue
            for number, start in enumerate(track.starts()):
                if args.starts and number not in args.starts:
                    continue
                for seed in range(args.seeds):
                    trial = run(name, track, start, 1000 * seed + 10 * room + number, ears,
                                args.motor_db, settings)
                    trials.append(trial)
                    if args.verbose:
                        out = trial.outcome
                        print(f'{name:9}{track.name:11}{start[0]:4.1f} m {start[1]:+4.0f} deg '
                              f'seed {seed}: {out.share:6.1%} '
                              f'{"contact" if out.collided else "       "} {out.seconds:5.1f} s, '
                              f'error {out.distance_error(DISTANCE):.3f} m, nearest '
                              f'{out.nearest:.2f} m, end ({out.poses[-1].x:.2f}, '
                              f'{out.poses[-1].y:.2f})', flush=True)
    print(table(trials))
    print('error: RMS of the distance to the wall after 1.5 m of way, m; nearest: least distance '
          'from\nthe centre to anything (radius 0.20 m); x real: simulated time over real time on '
          'one core')


if __name__ == '__main__':
    main()
