# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Can a robot find Algorithm 1's threshold for a room by itself? Decisions in simulated rooms.

    python benchmarks/ambient_threshold.py [--rooms 100] [--model PATH] [--seconds 3]

In each room, of the split that no network was trained in, a robot stands by walls, within 1.5 m,
roughly along them, and listens. Two decisions are counted: whether something is within 0.5 m on
either side (`near`), and, where there is, which side it is on (`side`). They are made with

* `global`: one threshold for all rooms, the best one of the other half of the rooms;
* `turned`: the same with ears balanced by one turn round on the spot where the room is first
  heard (echo_depth_ros.navigation.ambient_threshold);
* `quieter`: the same, and the threshold follows the mean log odds of the quieter side as heard in
  the room so far, by a weight fitted in the other half of the rooms;
* `room`: each room's best threshold, with ears balanced, chosen by its other poses and the truth:
  what a person could set.
"""

import os

for _threads in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ[_threads] = '1'  # before NumPy loads: figures are per core

import argparse  # noqa: E402
import math  # noqa: E402

import numpy as np  # noqa: E402
from shapely.geometry import Point  # noqa: E402
from shapely.prepared import prep  # noqa: E402

from echo_depth_ros.navigation.ambient_threshold import (  # noqa: E402
    log_odds,
    RoomThreshold,
    Sides,
)
from echo_depth_ros.perception.ambient import AmbientModel  # noqa: E402
from echo_depth_ros.sim.ambient_dataset import CLEARANCE, NEAR  # noqa: E402
from echo_depth_ros.sim.ambient_room import AmbientRoom  # noqa: E402
from echo_depth_ros.sim.hearing import Hearing  # noqa: E402
from echo_depth_ros.sim.random_world import random_world  # noqa: E402
from echo_depth_ros.sim.rig import Pose, Rig  # noqa: E402
from echo_depth_ros.sim.scene import Scene  # noqa: E402
from echo_depth_ros.trials.ambient_trial import model  # noqa: E402

POSES = 12
FARTHEST = 1.5
GRID = np.linspace(0.02, 0.98, 97)


def listen(room: AmbientRoom, pose: Pose, rng: np.random.Generator, network: AmbientModel,
           seconds: int) -> Sides:
    """Average what the network says of clips of one second, half a second apart."""
    rate = room.fmt.sample_rate
    sound = room.hear(pose, rng, samples=seconds * rate)
    told = [network.listen(sound[:, first:first + rate])
            for first in range(0, (seconds - 1) * rate + 1, rate // 2)]
    return Sides(*np.mean([(walls.left, walls.right) for walls in told], axis=0).tolist())


def poses(room: AmbientRoom, world, rng: np.random.Generator) -> list[Pose]:
    """Draw poses along walls on free floor."""
    corners = np.asarray(world.corners, float)
    edges = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(edges, axis=1)
    space = prep(world.free_space(CLEARANCE))
    found: list[Pose] = []
    for _ in range(1000):
        wall = int(rng.choice(len(corners), p=lengths / lengths.sum()))
        along = edges[wall] / lengths[wall]
        inward = np.array([-along[1], along[0]])
        x, y = (corners[wall] + along * rng.uniform(0, lengths[wall])
                + inward * rng.uniform(CLEARANCE, FARTHEST))
        way = along * rng.choice((-1, 1))
        if space.contains(Point(x, y)):
            found.append(Pose(float(x), float(y),
                              math.atan2(way[1], way[0]) + float(rng.normal(0, 0.26))))
        if len(found) == POSES:
            break
    return found


def hear_room(seed: int, network: AmbientModel, seconds: int) -> np.ndarray:
    """Rows of distance left, right; chance left, right as heard; the same balanced."""
    rng = np.random.default_rng([seed, 31])
    world = random_world(seed)
    room = AmbientRoom(Scene(world, Rig().robot_radius), Rig(), Hearing.random(rng), seed=seed)
    rows, threshold = [], RoomThreshold()
    for pose in poses(room, world, rng):
        sides = listen(room, pose, rng, network, seconds)
        if threshold.off is None:
            # As wheels turn, not exactly round.
            turned = Pose(pose.x, pose.y, pose.yaw + math.pi + float(rng.normal(0, 0.1)))
            threshold.turn_round(sides, listen(room, turned, rng, network, seconds))
        around = room.around(pose)
        rows.append((around.left, around.right, *sides, *threshold.balance(sides)))
    return np.array(rows).reshape(-1, 6)


def best(mean: np.ndarray, near: np.ndarray) -> float:
    """Threshold with the most right decisions; the middle of them where there are several."""
    right = [np.mean((mean > p) == near) for p in GRID]
    return float(np.median(GRID[np.isclose(right, max(right))]))


def quieter(rooms: list[np.ndarray]) -> list[np.ndarray]:
    """Mean log odds of the quieter side in each room up to each pose, less that of all rooms."""
    low = [np.array([log_odds(min(row[4:])) for row in rows]) for rows in rooms]
    usual = np.mean(np.concatenate(low))
    return [(3 * usual + np.cumsum(each)) / (3 + np.arange(1, len(each) + 1)) - usual
            for each in low]


def decisions(rooms: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Whether each method was right about near, in rooms that alternate between two halves."""
    near = [np.min(rows[:, :2], axis=1) < NEAR for rows in rooms]
    plain = [rows[:, 2:4].mean(axis=1) for rows in rooms]
    even = [rows[:, 4:].mean(axis=1) for rows in rooms]
    quiet = quieter(rooms)
    right: dict[str, list] = {'global': [], 'turned': [], 'quieter': [], 'room': []}
    for number in range(len(rooms)):
        others = range(1 - number % 2, len(rooms), 2)
        truth = np.concatenate([near[i] for i in others])

        def fitted(values, own, truth=truth, others=others):
            return own > best(np.concatenate([values[i] for i in others]), truth)

        right['global'].append(fitted(plain, plain[number]) == near[number])
        right['turned'].append(fitted(even, even[number]) == near[number])
        weights = np.linspace(0, 0.2, 9)
        moved = [[v - w * q for v, q in zip(even, quiet)] for w in weights]
        hits = []
        for values in moved:
            mean = np.concatenate([values[i] for i in others])
            hits.append(np.mean((mean > best(mean, truth)) == truth))
        values = moved[int(np.argmax(hits))]
        right['quieter'].append(fitted(values, values[number]) == near[number])
        rest = ~np.eye(len(near[number]), dtype=bool)
        right['room'].append(np.array([
            (even[number][i] > best(even[number][rest[i]], near[number][rest[i]])) == truth_i
            for i, truth_i in enumerate(near[number])]))
    return {name: np.concatenate(each) for name, each in right.items()}


def main() -> None:
    """Listen in rooms and print the table."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rooms', type=int, default=100, help='of the test split')
    parser.add_argument('--model', help='ONNX file (default: the one that ships)')
    parser.add_argument('--seconds', type=int, default=3, help='of sound for each decision')
    args = parser.parse_args()
    network = AmbientModel(args.model) if args.model else model()
    rooms = [hear_room(10 * i + 9, network, args.seconds) for i in range(args.rooms)]
    rooms = [rows for rows in rooms if len(rows) > 1]
    every = np.concatenate(rooms)
    near = every[:, :2].min(axis=1) < NEAR
    left = every[:, 0] < every[:, 1]
    spread = math.sqrt(0.25 / len(rooms))
    print(f'{len(rooms)} rooms, {len(every)} poses, something near at {near.mean():.1%}; '
          f'best threshold {best(every[:, 2:4].mean(axis=1), near):.2f}, with balanced ears '
          f'{best(every[:, 4:].mean(axis=1), near):.2f}; standard error below {spread:.1%}')
    print(f'{"threshold":12}{"near":>8}{"side":>8}')
    for name, right in decisions(rooms).items():
        said = every[:, 2:4] if name == 'global' else every[:, 4:]
        side = (said[:, 0] > said[:, 1]) == left
        print(f'{name:12}{np.mean(right):8.1%}{np.mean(side[near]):8.1%}')


if __name__ == '__main__':
    main()
