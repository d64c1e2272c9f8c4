# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How surely somebody else's chirp in a window is found, and how often an echo is taken for one.

    python benchmarks/foreign_chirps.py [--rooms 50] [--seed 90000]

Another robot of the same make stands 1 to 6 m away in the same simulated room, turned anywhere,
and pings; what these ears hear of it, with all its echoes, is rendered from its place to theirs.
Level is that of its speaker against this robot's, delay is from this robot's direct sound to the
other's. A second emitter on the same robot is this robot's own response, at another time. 'Hard'
rooms are concrete, tiles, glass and metal all over, 'bare' ones have no furniture either and
mirror images up to the eighth order, so that flutter shows.
"""

import os

for _threads in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ[_threads] = '1'  # before NumPy loads: figures are per core

import argparse  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from dataclasses import replace  # noqa: E402
import time  # noqa: E402
from typing import NamedTuple  # noqa: E402

import numpy as np  # noqa: E402
from scipy import fft  # noqa: E402

from echo_depth_ros.acoustics.chirp import linear_chirp  # noqa: E402
from echo_depth_ros.acoustics.foreign import find_foreign, ForeignWatch  # noqa: E402
from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND  # noqa: E402
from echo_depth_ros.acoustics.quality import assess  # noqa: E402
from echo_depth_ros.acoustics.ranging import first_echo, FloorEcho  # noqa: E402
from echo_depth_ros.perception.echo_depth import MIN_RANGE  # noqa: E402
from echo_depth_ros.sim.arrivals import Arrivals  # noqa: E402
from echo_depth_ros.sim.away import AWAY, Conditions, HOME  # noqa: E402
from echo_depth_ros.sim.base import DifferentialDrive  # noqa: E402
from echo_depth_ros.sim.dataset import PING_RATE, simulate_window  # noqa: E402
from echo_depth_ros.sim.echoes import EchoRenderer  # noqa: E402
from echo_depth_ros.sim.materials import MATERIALS  # noqa: E402
from echo_depth_ros.sim.noise import Noise  # noqa: E402
from echo_depth_ros.sim.pilot import TourPilot  # noqa: E402
from echo_depth_ros.sim.random_world import random_world, RoomStyle  # noqa: E402
from echo_depth_ros.sim.rig import Pose  # noqa: E402
from echo_depth_ros.sim.scene import Scene  # noqa: E402
from echo_depth_ros.sim.simulation import random_pose, START_CLEARANCE  # noqa: E402

FMT = PingFormat()
PERIOD = FMT.ping_period(PING_RATE)
FALSE_ALARM_BAR = 0.002
LEVELS = (-12, -6, 0, 6)
DELAYS_MS = ((3, 10), (10, 20), (20, 35), (35, 50), (50, 70))
POSES, STEPS, CLEAN_STEPS = 10, 24, 6
SOFT_TO_HARD = {m.name: ('concrete', 'tiles', 'glass', 'metal')[n % 4]
                for n, m in enumerate(MATERIALS)}
HARD = Conditions('hard', 'hard', style=RoomStyle(substitutes=SOFT_TO_HARD))
BARE = Conditions('bare', 'hard, empty', style=replace(HARD.style, density=(0.0, 0.0)))
ROOMS = (HOME, HARD, BARE, *(AWAY[name] for name in (
    'halls', 'closets', 'furniture', 'materials', 'speaker', 'low_robot', 'noise')))


class OtherRobot(EchoRenderer):
    """Renders what the ears of one robot hear of another's speaker, in the same room."""

    other = Pose(0.0, 0.0, 0.0)

    def heard(self, pose: Pose, other: Pose, rng: np.random.Generator) -> tuple[np.ndarray, int]:
        """Return one ping of ``other``'s as heard at ``pose``, and where its direct sound is."""
        self.other, self._direct = other, [0.0, 0.0]
        response = self.impulse_response(pose, rng)
        way = np.linalg.norm(self.rig.mouth(other) - self.rig.head(pose))
        arrival = round(way / SPEED_OF_SOUND * FMT.sample_rate)
        # The late noise begins with the ping; nothing is faster than the direct sound.
        response[:, :max(arrival - 20, 0)] = 0
        return chirped(response), arrival

    def echoes(self, pose: Pose, rng: np.random.Generator,
               sender: Pose | None = None) -> tuple[Arrivals, Arrivals]:
        """Collect what arrives, the direct sound first."""
        speaker = self.rig.mouth(self.other)
        rotation, sends = pose.rotation(), self.other.rotation()
        both = []
        for ear, echoes in enumerate(super().echoes(pose, rng, self.other)):
            way = speaker - self.rig.ears(pose)[ear]
            path = np.linalg.norm(way, keepdims=True)
            towards = (way / path)[None]
            clear = self.scene.cast(speaker - way, towards).distance[0] >= path[0]
            both.append(Arrivals.join([self._hear(
                towards, path, clear * self.hearing.emission(-towards @ sends) / path[0],
                rotation, ear), echoes]))
        return both[0], both[1]


class Room(NamedTuple):
    """A robot in a room, and how another sounds there."""

    rng: np.random.Generator
    ears: EchoRenderer
    other: OtherRobot
    noise: Noise

    def pose(self) -> Pose:
        """Draw a pose."""
        return random_pose(self.ears.scene.world.free_space(START_CLEARANCE), self.rng)

    def clear_view(self, pose: Pose) -> Pose | None:
        """Draw a pose 1 to 6 m away from which the other robot's speaker is seen, if any."""
        for _ in range(30):
            other = self.pose()
            way = self.ears.rig.mouth(other) - self.ears.rig.head(pose)
            path = np.linalg.norm(way)
            if 1 <= path <= 6 and self.ears.scene.cast(
                    self.ears.rig.head(pose), way[None] / path).distance[0] >= path:
                return other
        return None

    def window(self, pose: Pose, speed: float) -> np.ndarray:
        """Hear one window without anybody else."""
        return simulate_window(self.ears, pose, self.noise, speed, self.rng)


def draw_room(seed: int, conditions: Conditions) -> Room:
    """Draw a room and the robots in it."""
    rng = np.random.default_rng([seed, 8])
    scene = Scene(random_world(seed, style=conditions.style), conditions.rig.robot_radius)
    hearing, order = conditions.hearing(rng), 8 if conditions is BARE else 4
    if conditions is BARE and scene.world.shape == 'l':
        order = 4  # images in a room that is not convex grow with a power of the order
    ears = EchoRenderer(scene, conditions.rig, hearing, seed=seed, image_order=order)
    other = OtherRobot.__new__(OtherRobot)
    other.__dict__.update(ears.__dict__)
    return Room(rng, ears, other, conditions.noise(rng))


def chirped(response: np.ndarray) -> np.ndarray:
    """Play a ping through an impulse response: float32 (2, n)."""
    chirp = linear_chirp(FMT)
    samples = response.shape[1] + len(chirp)
    size = fft.next_fast_len(samples, real=True)
    spectrum = fft.rfft(response, size, axis=1) * fft.rfft(chirp, size)
    return fft.irfft(spectrum, size, axis=1)[:, :samples].astype(np.float32)


def mixed(window: np.ndarray, sound: np.ndarray, starts: Iterator[int],
          level_db: float) -> np.ndarray:
    """Add a sound that starts on these samples of the window, or before it."""
    heard = window.copy()
    for start in starts:
        lo, hi = max(start, 0), min(start + sound.shape[1], window.shape[1])
        if lo < hi:
            heard[:, lo:hi] += 10**(level_db / 20) * sound[:, lo - start:hi - start]
    return np.clip(heard, -1, 1)


def percent(flags: list[bool]) -> str:
    """Share of true flags."""
    return f'{100 * np.mean(flags):>5.1f}' if flags else '    -'


def false_alarms(rooms: int, seed: int) -> None:
    """Print how often a window without a foreign chirp is said to have one."""
    print(f'False alarms on clean windows, {POSES} poses a room; in order, {STEPS} windows a tour')
    print(f'{"rooms":<12}{"windows":>8}{"alarms":>8}{"%":>7}{"":>4}{"on tours":>9}'
          f'{"alarms":>8}{"%":>7}')
    sums = np.zeros(4, int)
    for conditions in ROOMS:
        found = np.zeros(4, int)
        count = rooms if conditions is HOME else max(rooms // 4, 2)
        for room in (draw_room(seed + n, conditions) for n in range(count)):
            for _ in range(POSES):
                window = room.window(room.pose(), room.rng.uniform(0, 1))
                found[:2] += 1, find_foreign(window, FMT) is not None
            watch = ForeignWatch(FMT)
            for pose, speed in tour(room, STEPS):
                found[2:] += 1, watch.judge(room.window(pose, speed)) is not None
        row(conditions.name, found)
        if conditions.name != 'noise':
            sums += found
    row('all but noise', sums)
    print(f'bar: {FALSE_ALARM_BAR:.1%}; noise: fans, voices and knocks, which are not clean\n')


def row(name: str, found: np.ndarray) -> None:
    """Print one row of alarms."""
    windows, alarms, steps, watched = found
    print(f'{name:<12}{windows:>8}{alarms:>8}{100 * alarms / windows:>7.2f}{"":>4}'
          f'{steps:>9}{watched:>8}{100 * watched / steps:>7.2f}', flush=True)


def tour(room: Room, steps: int) -> Iterator[tuple[Pose, float]]:
    """Drive through a room: where the robot is at each ping, and how fast its wheels turn."""
    drive = DifferentialDrive(room.ears.scene, room.pose(), room.ears.rig.robot_radius)
    pilot = TourPilot(room.ears.scene, room.ears.rig)
    for _ in range(steps):
        speed, turn = pilot.command(drive.pose)
        yield drive.step(1 / PING_RATE, speed, turn), abs(speed) / 0.5


def one_window(rooms: int, seed: int) -> None:
    """Print the share found in one window by itself, over level and delay, and by distance."""
    print('Found in one window by itself, %, by milliseconds after the direct sound')
    print(f'{"source":<14}{"level":>6}  ' + ''.join(f'{f"{a}-{b}":>8}' for a, b in DELAYS_MS))
    farther: dict[str, list[bool]] = {'found': [], 'not found': []}
    for name, conditions in (('other robot', HOME), ('  hard rooms', HARD),
                             ('  halls', AWAY['halls']), ('same speaker', HOME)):
        found: dict[tuple, list[bool]] = {}
        for n in range(rooms if conditions is HOME else rooms // 2):
            room = draw_room(seed + n, conditions)
            pose = room.pose()
            other = room.clear_view(pose)
            if other is None:
                continue
            if name == 'same speaker':
                sound = chirped(room.ears.impulse_response(pose, room.rng))
                arrival = round(room.ears.rig.direct_distance / SPEED_OF_SOUND * FMT.sample_rate)
            else:
                sound, arrival = room.other.heard(pose, other, room.rng)
            window = room.window(pose, 0.5)
            true_range = first_echo(window, FMT, MIN_RANGE, floor=FloorEcho()).range_m
            for level in LEVELS:
                for delay in DELAYS_MS:
                    late = room.rng.uniform(*delay) / 1e3 * FMT.sample_rate
                    at = FMT.direct_index + round(late) - arrival
                    heard = mixed(window, sound, (at - k * PERIOD for k in range(4)), level)
                    there = find_foreign(heard, FMT) is not None
                    found.setdefault((level, delay), []).append(there)
                    farther['found' if there else 'not found'].append(first_echo(
                        heard, FMT, MIN_RANGE, floor=FloorEcho()).range_m > true_range + 0.1)
        for level in LEVELS:
            print(f'{name:<14}{level:>3} dB  ' + ''.join(
                f'{percent(found.get((level, delay), [])):>8}' for delay in DELAYS_MS), flush=True)
    print('The first echo of those windows would be more than 0.1 m farther than without it in '
          + ', '.join(
              f'{percent(flags).strip()} % of {len(flags)} {name}'
              for name, flags in farther.items()))
    print()


def watched(rooms: int, seed: int) -> None:
    """Print the share found by comparing windows, for another robot with another rate."""
    print(f'Found by ForeignWatch on tours, % of the windows that hold one, any delay; the other '
          f'begins\nafter {CLEAN_STEPS} windows, or was there first')
    print(f'{"its rate":<26}' + ''.join(f'{f"{level} dB":>16}' for level in LEVELS))
    rates = {'13.7 Hz with 5 ms jitter': (PERIOD, 220), '13 Hz': (3392, 0), '5 Hz': (8820, 0),
             '13.7 Hz, 1 % slower': (3251, 0)}
    found: dict[tuple, list[bool]] = {}
    for n in range(rooms // 3):
        room = draw_room(seed + n, HOME)
        steps = list(tour(room, STEPS))
        other = room.clear_view(steps[-1][0])
        if other is None:
            continue
        sounds = [room.other.heard(pose, other, room.rng) for pose, _ in steps]
        windows = [room.window(*step) for step in steps]
        for rate, (period, jitter) in rates.items():
            begin = int(room.rng.integers(0, period))
            sent = begin + period * np.arange(-6, STEPS * PERIOD // period + 2)
            sent += room.rng.integers(-jitter, jitter + 1, len(sent))
            for level in LEVELS:
                for since in (CLEAN_STEPS, 0):
                    watch = ForeignWatch(FMT)
                    for k, (window, (sound, arrival)) in enumerate(zip(windows, sounds)):
                        starts = sent - k * PERIOD if k >= since else sent[:0]
                        there = watch.judge(mixed(window, sound, starts, level)) is not None
                        at = starts + arrival - FMT.direct_index
                        if np.any((at > 0) & (at < FMT.window - 150)):
                            found.setdefault((rate, level, since), []).append(there)
    for rate in rates:
        print(f'{rate:<26}' + ''.join(
            f'{" / ".join(percent(found[rate, level, since]) for since in (CLEAN_STEPS, 0)):>16}'
            for level in LEVELS))


def timing(seed: int) -> None:
    """Print what it costs."""
    room = draw_room(seed, HOME)
    windows = [room.window(room.pose(), 0.5) for _ in range(50)]
    watch = ForeignWatch(FMT)
    print(f'\n{"time per window, one core":<40}{"p50":>7}{"p95":>7}  ms')
    for name, step in (('find_foreign', lambda w: find_foreign(w, FMT)),
                       ('assess, foreign chirps included', lambda w: assess(w, FMT)),
                       ('ForeignWatch.judge', watch.judge)):
        taken = []
        for k in range(300):
            begin = time.perf_counter()
            step(windows[k % 50])
            taken.append(1e3 * (time.perf_counter() - begin))
        p50, p95 = np.quantile(taken[50:], [0.5, 0.95])
        print(f'{name:<40}{p50:>7.2f}{p95:>7.2f}')


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rooms', type=int, default=50, help='furnished rooms a table')
    parser.add_argument('--seed', type=int, default=90000, help='the first room')
    args = parser.parse_args()
    false_alarms(args.rooms, args.seed)
    one_window(args.rooms, args.seed)
    watched(args.rooms, args.seed)
    timing(args.seed)


if __name__ == '__main__':
    main()
