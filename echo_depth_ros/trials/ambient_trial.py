# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Trials of robots that follow walls by the sound of a quiet room."""

from collections import deque
from functools import lru_cache
from typing import Optional, Protocol

import numpy as np

from echo_depth_ros.acoustics.errors import WindowError
from echo_depth_ros.navigation.ambient_follower import AmbientFollower, AmbientSettings, Heard
from echo_depth_ros.navigation.safe_drive import DriveLimits
from echo_depth_ros.perception.ambient import AmbientModel, Walls
from echo_depth_ros.perception.assets import AMBIENT, default_model_path
from echo_depth_ros.sim.ambient_room import AmbientRoom
from echo_depth_ros.sim.base import MAX_SPEED
from echo_depth_ros.sim.noise import Noise
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.simulation import Simulation
from echo_depth_ros.sim.tracks import Track
from echo_depth_ros.sim.wall_trial import HISS, Policy

CLIP_SECONDS = 1.0
_STRETCH = 4
"""Clips' lengths that a robot which stands hears in one go."""


class Listener(Protocol):
    """What hears walls, as :class:`~echo_depth_ros.perception.ambient.AmbientModel` does."""

    def listen(self, ears: np.ndarray) -> Walls:
        """Hear both sides in float sound of shape (2, n)."""


class AmbientHearing:
    """
    Ambient sound in overlapping clips, through a network to what it says of both sides.

    Where the robot stands, clips are cut from one stretch of sound. Where it moves, each is heard
    from where the robot was in its middle, at the mean speed of its wheels.

    :param room: what is heard.
    :param listener: the network.
    :param rng: of the noise.
    :param clip_hop: seconds from the begin of a clip to that of the next.
    :param rate_hz: how often it is asked for a percept.
    :param dead_ear: 0 for the left ear, 1 for the right one: hears nothing but its own hiss.
    :ivar unheard: why the last clip told nothing; '' when it did.
    """

    def __init__(self, room: AmbientRoom, listener: Listener, rng: np.random.Generator, *,
                 clip_hop: float = AmbientSettings.clip_hop, rate_hz: float = 13.7,
                 dead_ear: Optional[int] = None):
        self._room, self._listener, self._rng = room, listener, rng
        self._dead_ear = dead_ear
        self._clip = round(CLIP_SECONDS * room.fmt.sample_rate)
        self._every = max(1, round(clip_hop * rate_hz))
        self._rate_hz = rate_hz
        self._kept = round(CLIP_SECONDS * rate_hz) + 1
        self._poses: deque[Pose] = deque(maxlen=self._kept)
        self._speeds: deque[float] = deque(maxlen=self._kept)
        self._count = 0
        self._stretch: Optional[np.ndarray] = None
        self._stretch_begins = 0
        self.unheard = ''

    def ping(self, simulation: Simulation) -> None:
        """Note where the robot is, and how fast its wheels turn."""
        speed, turn = simulation.base.velocity
        self._speeds.append(min(1.0, (abs(speed) + 0.2 * abs(turn)) / MAX_SPEED))
        self._poses.append(simulation.pose)
        self._count += 1

    def wait(self, simulation: Simulation, ticks: int) -> None:
        """Sound is made up when a clip is complete."""

    def percept(self, stamp_s: float) -> Optional[Heard]:
        """Return what a clip that ends at this moment told; None where none does."""
        if self._count % self._every or len(self._poses) < self._kept:
            return None
        sound = self._sound()
        if self._dead_ear is not None:
            sound[self._dead_ear] = HISS * self._rng.standard_normal(sound.shape[1])
        begins = stamp_s - CLIP_SECONDS
        try:
            walls = self._listener.listen(sound)
        except WindowError as error:
            self.unheard = str(error)
            return Heard(begins, CLIP_SECONDS, np.nan, np.nan)
        self.unheard = ''
        return Heard(begins, CLIP_SECONDS, walls.left, walls.right)

    def _sound(self) -> np.ndarray:
        pose = self._poses[len(self._poses) // 2]
        if any(each != pose for each in self._poses) or any(self._speeds):
            self._stretch = None
            return self._room.hear(pose, self._rng, float(np.mean(self._speeds)), self._clip)
        rate = self._room.fmt.sample_rate
        first = round((self._count - self._stretch_begins) / self._rate_hz * rate)
        if self._stretch is None or first + self._clip > self._stretch.shape[1]:
            self._stretch = self._room.hear(pose, self._rng, 0.0, _STRETCH * self._clip)
            self._stretch_begins, first = self._count, 0
        return self._stretch[:, first:first + self._clip].copy()


def ambient_robot(track: Track, start: Pose, simulation: Simulation, seed: int, *,
                  dead_ear: Optional[int] = None, settings: AmbientSettings = AmbientSettings(),
                  listener: Optional[Listener] = None) -> tuple[Policy, AmbientHearing]:
    """
    Build a robot that follows by ambient sound, for one trial.

    It does not know its track: the paper's algorithm has no side of its own.

    :param seed: of the room's ambience, which is drawn as in training, and of its noise.
    :param listener: the network that ships when omitted.
    """
    if listener is None:
        listener = model()
    room = AmbientRoom(simulation.scene, simulation.rig, simulation.air.hearing, seed=seed)
    louder = simulation.air.noise.motor_db - Noise().motor_db
    if louder:
        room = AmbientRoom(simulation.scene, simulation.rig, simulation.air.hearing,
                           room.ambience.louder_motors(louder), seed)
    follower = AmbientFollower(settings, DriveLimits(max_speed=settings.speed))

    def policy(heard: Optional[Heard], now: float) -> tuple[float, float]:
        command = follower.step(heard, now)
        return command.speed, command.turn

    hearing = AmbientHearing(room, listener, np.random.default_rng([seed, 22]),
                             clip_hop=settings.clip_hop, dead_ear=dead_ear)
    return policy, hearing


@lru_cache(maxsize=1)
def model() -> AmbientModel:
    """Load the network that ships."""
    return AmbientModel(default_model_path(AMBIENT))
