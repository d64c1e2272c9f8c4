# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The robots that are tried on the tracks, by the name of what guides them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from echo_depth_ros.navigation.messages import Percept
from echo_depth_ros.navigation.safe_drive import DriveLimits
from echo_depth_ros.navigation.wall_follower import FollowSettings, WallFollower
from echo_depth_ros.perception.assets import find_model
from echo_depth_ros.perception.echo_depth import EchoDepth
from echo_depth_ros.perception.model import StudentModel
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.simulation import Simulation
from echo_depth_ros.sim.tracks import Track
from echo_depth_ros.sim.wall_trial import Hearing, Policy, Sense, Sight

SPEED = 0.25
"""Metres per second along a free wall."""
DISTANCE = 0.6
"""Metres from the robot's centre to the wall that are to be kept."""


@dataclass(frozen=True)
class Trying:
    """
    What a robot is tried with.

    :ivar seed: of whatever the policy itself draws.
    :ivar dead_ear: 0 left, 1 right, None where both hear.
    """

    track: Track
    start: Pose
    simulation: Simulation
    seed: int
    dead_ear: int | None = None


@dataclass(frozen=True)
class Robot:
    """
    One trial's policy and sense.

    :ivar longest: seconds after which its trial ends.
    :ivar patience: seconds without a movement after which it ends, too.
    """

    policy: Policy
    sense: Sense
    longest: float = 120.0
    patience: float = 20.0


class Blind:
    """Perceives nothing."""

    def ping(self, simulation: Simulation) -> None:
        """Nothing to do."""

    def wait(self, simulation: Simulation, ticks: int) -> None:
        """Nothing to do."""

    def percept(self, stamp_s: float) -> None:
        """Nothing."""


def echo(trying: Trying) -> Robot:
    """Follow the wall by echo depth and the first echo's range."""
    ears = _ears()

    def perceive(window: np.ndarray, stamp: float) -> Percept:
        told = ears.perceive(window)
        return Percept(stamp, told.range_m, told.depth, told.confidence)

    return Robot(_follower(trying.track), Hearing(perceive, dead_ear=trying.dead_ear))


def ambient(trying: Trying, threshold: float | None = None) -> Robot:
    """
    Follow the wall by the sound of the quiet room: the paper's Algorithm 1.

    :param threshold: p of the algorithm; None has the robot find it in each room.
    """
    from echo_depth_ros.navigation.ambient_follower import AmbientSettings
    from echo_depth_ros.trials.ambient_trial import ambient_robot
    return Robot(*ambient_robot(
        trying.track, trying.start, trying.simulation, trying.seed, dead_ear=trying.dead_ear,
        settings=AmbientSettings(threshold=threshold)), longest=1800.0, patience=60.0)


def ambient_set(trying: Trying) -> Robot:
    """Follow as ``ambient`` does, with one threshold for all rooms."""
    from echo_depth_ros.navigation.ambient_threshold import KEPT
    return ambient(trying, KEPT)


def truth(trying: Trying) -> Robot:
    """Follow the wall as ``echo`` does, by the simulator's depth and distance."""
    return Robot(_follower(trying.track), Sight(
        lambda frame, nearest, stamp: Percept(stamp, nearest, frame.depth)))


def straight(trying: Trying) -> Robot:
    """Drive ahead, unguarded as in the paper."""
    return Robot(lambda percept, now: (SPEED, 0.0), Blind())


def random(trying: Trying) -> Robot:
    """
    Draw a turn of up to 30 degrees each second, and go ahead meanwhile, unguarded.

    In the paper a network of random weights chose the way.
    """
    turns = np.random.default_rng([trying.seed, 7]).uniform(-1, 1, 10000) * np.radians(30)
    return Robot(lambda percept, now: (SPEED, float(turns[int(now)])), Blind())


ROBOTS: dict[str, Callable[[Trying], Robot]] = {
    'echo': echo, 'ambient': ambient, 'ambient_set': ambient_set, 'straight': straight,
    'random': random, 'truth': truth}
"""What guides a robot, by name."""


def _follower(track: Track) -> Policy:
    settings = FollowSettings(side=track.side, distance=DISTANCE, speed=SPEED)
    follow = WallFollower(settings, replace(DriveLimits(), max_speed=SPEED))

    def policy(percept: Percept | None, now: float) -> tuple[float, float]:
        command = follow.step(percept, now)
        return command.speed, command.turn

    return policy


@lru_cache(maxsize=1)
def _ears() -> EchoDepth:
    return EchoDepth(StudentModel(find_model(None), threads=1))
