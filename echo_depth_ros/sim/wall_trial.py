# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
One trial of a robot that follows a wall: what it hears or sees, what it does, how far it comes.

Policy and perception are handed in, so that anything that turns percepts into speeds can be
tried. Time runs as on a robot: a ping goes out every period, its window is complete one window
later, its percept comes ``latency`` after that, and the wheels are commanded several times a ping.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
import math
from typing import Any, Optional, Protocol

import numpy as np
from shapely.geometry import Point

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND
from echo_depth_ros.sim.camera import Frame
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.simulation import Simulation
from echo_depth_ros.sim.tracks import Progress, Track
from echo_depth_ros.sim.world import World

Policy = Callable[[Optional[Any], float], tuple[float, float]]
"""From a new percept (or None) and the time in seconds to speed (m/s) and turn (rad/s)."""

HISS = 1e-4
"""RMS of what a microphone without sound gives, full scale 1."""


class Sense(Protocol):
    """What the robot perceives with: called at the ping, then once the window is complete."""

    def ping(self, simulation: Simulation) -> None:
        """Begin to perceive from where the robot is."""

    def wait(self, simulation: Simulation, ticks: int) -> None:
        """Let one of the ``ticks`` of a ping pass."""

    def percept(self, stamp_s: float) -> Optional[Any]:
        """Return what the last ping has told; its stamp is given."""


class Sight:
    """
    The simulator's true depth in place of ears.

    :param perceive: from a camera frame, its nearest distance in metres and a stamp to a percept.
    """

    def __init__(self, perceive: Callable[[Frame, float, float], Any]):
        self._perceive = perceive
        self._seen: Optional[tuple[Frame, float]] = None

    def ping(self, simulation: Simulation) -> None:
        """Look."""
        frame = simulation.camera.render(simulation.pose)
        self._seen = frame, clearance(simulation.world, simulation.pose)

    def wait(self, simulation: Simulation, ticks: int) -> None:
        """Light needs no time."""

    def percept(self, stamp_s: float) -> Optional[Any]:
        """Return what was seen."""
        return self._perceive(*self._seen, stamp_s)


class Hearing:
    """
    Chirps, echoes and noise through the simulated air.

    :param perceive: from an aligned window, float32 (2, fmt.window), and a stamp to a percept.
    :param dead_ear: 0 for the left ear, 1 for the right one: hears nothing but its own hiss.
    """

    def __init__(self, perceive: Callable[[np.ndarray, float], Any],
                 fmt: PingFormat = PingFormat(), rate_hz: float = 13.7,
                 dead_ear: Optional[int] = None):
        self._perceive, self._fmt, self._dead_ear = perceive, fmt, dead_ear
        self._hiss = np.random.default_rng(0)
        self._period = fmt.ping_period(rate_hz)
        self._chirp = linear_chirp(fmt)
        self._heard = np.zeros((2, 0), np.float32)
        self._begins = self._ticks = 0

    def ping(self, simulation: Simulation) -> None:
        """Chirp from where the robot is."""
        self._begins, self._ticks = simulation.air.frame, 0
        simulation.play(self._chirp, self._begins)

    def wait(self, simulation: Simulation, ticks: int) -> None:
        """Listen for one tick's share of the period."""
        share = self._period * (self._ticks + 1) // ticks - self._period * self._ticks // ticks
        self._ticks += 1
        heard = simulation.listen(share)
        if self._dead_ear is not None:
            heard[self._dead_ear] = HISS * self._hiss.standard_normal(share)
        self._heard = np.concatenate([self._heard, heard], axis=1)[:, -2 * self._period:]
        self._frame = simulation.air.frame
        self._delay = simulation.rig.direct_distance / SPEED_OF_SOUND * self._fmt.sample_rate

    def percept(self, stamp_s: float) -> Optional[Any]:
        """Return what the last ping told; None before enough was heard."""
        first = (self._begins + round(self._delay) - self._fmt.direct_index
                 - (self._frame - self._heard.shape[1]))
        if first < 0:
            return None
        window = self._heard[:, first:first + self._fmt.window]
        return self._perceive(window, stamp_s)


@dataclass(frozen=True)
class Wheels:
    """
    How wheels differ from what they are commanded.

    :ivar bias: standard deviation of the share by which a robot's speed is off for good.
    :ivar noise: likewise of what comes and goes within a second, of speed and of turn rate.
    :ivar drift: standard deviation of the turn per metre of way, rad/m: wheels of unlike size.
    """

    bias: float = 0.03
    noise: float = 0.05
    drift: float = 0.05


class SlippingWheels:
    """Draws what wheels really do, for one trial."""

    def __init__(self, wheels: Wheels, rng: np.random.Generator):
        self._wheels, self._rng = wheels, rng
        self._bias = rng.normal(0, wheels.bias, 2)
        self._drift = rng.normal(0, wheels.drift)
        self._noise = rng.normal(0, wheels.noise, 2)

    def turn_into(self, speed: float, turn: float, duration: float) -> tuple[float, float]:
        """Return the speeds that come of a command for a short while."""
        keep = math.exp(-duration / 0.5)
        self._noise = keep * self._noise + math.sqrt(1 - keep ** 2) * self._rng.normal(
            0, self._wheels.noise, 2)
        gain = 1 + np.clip(self._bias + self._noise, -0.3, 0.3)
        return speed * float(gain[0]), turn * float(gain[1]) + self._drift * speed


@dataclass(frozen=True)
class TrialSettings:
    """
    How a trial is run.

    :ivar rate_hz: of the pings.
    :ivar ticks: commands a ping.
    :ivar latency: seconds from a complete window to its percept.
    :ivar longest: seconds after which a trial ends.
    :ivar lost: share of the pings that tell nothing.
    :ivar patience: seconds without a movement after which a trial ends.
    :ivar ends_at_contact: whether touching anything ends the trial, as in the paper.
    """

    rate_hz: float = 13.7
    ticks: int = 3
    latency: float = 0.05
    longest: float = 120.0
    lost: float = 0.0
    patience: float = math.inf
    wheels: Wheels = Wheels()
    ends_at_contact: bool = True


@dataclass(frozen=True)
class Outcome:
    """
    What came of a trial.

    :ivar metres: along the track's middle line.
    :ivar share: of the track, 0 to 1; one is the whole.
    :ivar collided: whether the robot touched anything.
    :ivar seconds: simulated time.
    :ivar poses: where it was at each ping.
    :ivar wall_distances: metres from the wall to its centre at each ping, shape (n,).
    :ivar nearest: least distance in metres from its centre to any surface.
    """

    track: str
    metres: float
    share: float
    collided: bool
    seconds: float
    poses: Sequence[Pose] = field(repr=False)
    wall_distances: np.ndarray = field(repr=False)
    nearest: float = math.inf

    @property
    def complete(self) -> bool:
        """Whether the whole track was driven without touching anything."""
        return self.share >= 1.0 and not self.collided

    def distance_error(self, wanted: float, settled_after: float = 1.5) -> float:
        """
        RMS in metres of the distance to the wall against the wanted one.

        :param settled_after: metres of way that the start may take, which do not count; NaN for a
            robot that did not get that far.
        """
        places = np.array([(pose.x, pose.y) for pose in self.poses])
        way = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(places, axis=0).T))])
        counts = way >= settled_after
        if not counts.any():
            return math.nan
        return float(np.sqrt(np.mean((self.wall_distances[counts] - wanted) ** 2)))


def run_trial(track: Track, start: Pose, policy: Policy, sense: Sense, *, seed: int = 0,
              settings: TrialSettings = TrialSettings(),
              simulation: Optional[Simulation] = None) -> Outcome:
    """
    Let a robot follow a track's wall until it has, touches something, or time is up.

    :param policy: called every tick with the percept that has come in since, or None.
    :param sense: what it perceives with.
    :param simulation: a room of other ears or noise; made for the track when omitted.
    """
    simulation = simulation or Simulation(track.world, seed=seed, start=start)
    rng = np.random.default_rng([seed, 6])
    wheels = SlippingWheels(settings.wheels, rng)
    progress = Progress(track)
    period = 1 / settings.rate_hz
    tick = period / settings.ticks
    late = math.ceil(settings.latency / tick - 1e-9)
    coming: list[tuple[int, Optional[Any]]] = []
    poses, distances = [], []
    nearest, collided, count = math.inf, False, 0
    stands, since = simulation.pose, 0.0
    while count * tick < settings.longest and not (collided and settings.ends_at_contact):
        now = count * tick
        if count % settings.ticks == 0:
            if count and rng.random() >= settings.lost:
                coming.append((count + late, sense.percept(now - period)))
            sense.ping(simulation)
            poses.append(simulation.pose)
            distances.append(track.wall_distance(simulation.pose))
            nearest = min(nearest, clearance(track.world, simulation.pose))
            progress.see(simulation.pose)
            if _moved(stands, simulation.pose):
                stands, since = simulation.pose, now
            if progress.share >= 1.0 or now - since >= settings.patience:
                break
        percept = None
        while coming and coming[0][0] <= count:
            percept = coming.pop(0)[1]
        speed, turn = policy(percept, now)
        simulation.step(tick, *wheels.turn_into(speed, turn, tick))
        sense.wait(simulation, settings.ticks)
        collided = collided or simulation.base.bumped
        count += 1
    return Outcome(track.name, progress.metres, progress.share, collided, count * tick, poses,
                   np.array(distances), nearest)


def _moved(before: Pose, after: Pose) -> bool:
    return (math.hypot(after.x - before.x, after.y - before.y) > 0.01
            or abs(math.remainder(after.yaw - before.yaw, 2 * math.pi)) > 0.02)


def clearance(world: World, pose: Pose) -> float:
    """Metres from the robot's centre to the nearest wall or piece of furniture."""
    place = Point(pose.x, pose.y)
    return min([world.outline.exterior.distance(place),
                *(item.footprint.distance(place) for item in world.furniture)])
