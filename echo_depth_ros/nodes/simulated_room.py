# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A simulated room that lives in real time, a little ahead of the clock. No ROS here."""

from collections import deque
from threading import Event, Lock, Thread
from typing import Callable, NamedTuple

import numpy as np

from echo_depth_ros.audio.clock import FrameClock
from echo_depth_ros.sim.air import LateSoundError
from echo_depth_ros.sim.camera import Frame
from echo_depth_ros.sim.claimed_way import ClaimedWay
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.simulation import Simulation
from echo_depth_ros.sim.wall_trial import SlippingWheels

TICK = 20_000_000
"""Nanoseconds of one step of the base."""
_NS = 1_000_000_000
_FARTHEST = 5.0
_RESPONSE_TICKS = 3
_STALL = _NS
"""When the clock is this far off (the process slept, the clock was set), the room goes on at the
present moment."""


class Moment(NamedTuple):
    """
    Where the robot is at ``stamp`` (ns), and how fast (m/s, rad/s).

    :ivar odometry: where its wheels claim that it is; ``pose`` where they do not slip.
    :ivar turning: what they claim of how fast.
    """

    stamp: int
    pose: Pose
    velocity: tuple[float, float]
    bumped: bool
    odometry: Pose
    turning: tuple[float, float]


class View(NamedTuple):
    """What the camera sees at ``stamp`` (ns)."""

    stamp: int
    frame: Frame


class SimulatedRoom:
    """
    Steps the robot, renders echoes and images, and keeps them until their time comes.

    The world is ``ahead`` of the clock, so that the pose of the moment in which a chirp leaves
    the speaker is known, and its echoes are rendered, before the ears' stream gets there. All of
    MuJoCo is used by one thread, since one scene is not to be used by two.
    """

    def __init__(self, simulation: Simulation, now: Callable[[], int], grid: FrameClock,
                 drive: Callable[[Pose], tuple[float, float]], *, ahead: float,
                 camera_rate: float,
                 respond: Callable[[np.ndarray, int], None] | None = None,
                 wheels: SlippingWheels | None = None):
        """
        Make a room; :meth:`start` lets time run.

        :param now: nanoseconds on the clock that everything is stamped with.
        :param grid: frame numbers of that clock.
        :param drive: speed and turn rate that the robot is told at a pose; asked every tick.
        :param ahead: seconds that the world is ahead of the clock.
        :param camera_rate: images per second while :attr:`wants_images` is set.
        :param respond: told the room's impulse responses, float32 (2, n), and from when (ns) they
            hold, every 60 ms: where somebody else carries the sound.
        :param wheels: that slip; odometry is then what they claim.
        """
        self._simulation = simulation
        self._now, self._grid, self._drive = now, grid, drive
        self._ahead = round(ahead * _NS)
        self._camera_period = round(_NS / camera_rate)
        self._respond = respond
        self._wheels = wheels
        self._claimed = ClaimedWay(simulation.pose)
        self.wants_images = False
        self.late_sounds = self.refused_sounds = self.stalls = 0
        self.last_refusal = ''
        self._lock = Lock()
        self._sounds: list[tuple[int, np.ndarray]] = []
        self._moments: deque[Moment] = deque()
        self._views: deque[View] = deque()
        self._loudness = 0.0
        # Who does not listen need not be rendered for.
        self._longest = round((ahead + 0.1) * grid.sample_rate)
        self._stop = Event()
        self._wake = Event()
        self._thread = Thread(target=self._live, name='room', daemon=True)
        start = now()
        self._time = self._next_view = start
        self._origin = round(grid.frame_at(start)) - simulation.air.frame

    def start(self) -> None:
        """Let time run."""
        self._thread.start()

    def stop(self) -> None:
        """Stop time."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    @property
    def alive(self) -> bool:
        """Whether time runs."""
        return self._thread.is_alive()

    def play(self, samples: np.ndarray, stamp: int) -> None:
        """Play a sound whose first sample leaves the speaker at ``stamp``."""
        early = (stamp - self._now()) / _NS
        if early > _FARTHEST:
            self.last_refusal = (
                f'a sound came {early:.1f} s before its time; expected at most {_FARTHEST} s')
            self.refused_sounds += 1
            return
        with self._lock:
            self._sounds.append((stamp, samples))
        self._wake.set()

    def listen(self, count: int, until: int) -> tuple[int, np.ndarray] | None:
        """
        Hear the next ``count`` frames, if they begin no later than ``until`` (ns).

        :returns: stamp of the first frame and float32 ``(2, count)``; None if it is too early, or
            the room's ambient sound is not ready.
        """
        air = self._simulation.air
        stamp = self._grid.stamp_of(self._origin + air.frame)
        if abs(until - stamp) > _STALL:
            # The process slept, or the clock was set. The capture sees a gap, or a new stream.
            self._origin += round(self._grid.frame_at(until) - self._grid.frame_at(stamp))
            stamp = self._grid.stamp_of(self._origin + air.frame)
        ambience = self._simulation.ambience
        if stamp > until or (ambience is not None and ambience.ready < count):
            return None
        return stamp, air.listen(count, self._loudness)

    def due(self, now: int) -> tuple[list[Moment], list[View]]:
        """Hand out the moments and views whose time has come."""
        with self._lock:
            return _pop_until(self._moments, now), _pop_until(self._views, now)

    def _live(self) -> None:
        tick = 0
        while not self._stop.is_set():
            self._wake.clear()
            self._render_ready()
            early = self._time - self._ahead - self._now()
            if abs(early) > _STALL:
                self._jump(-early)
                continue
            if early > 0:
                self._wake.wait(min(early / _NS, 0.05))
                continue
            if self._respond is not None and tick % _RESPONSE_TICKS == 0:
                pose = self._simulation.pose
                self._respond(self._simulation.air.response(pose), self._time)
            tick += 1
            self._step(self._drive(self._simulation.pose))

    def _jump(self, ahead: int) -> None:
        """Go on at the present moment; what was to come belongs to another time."""
        self._time += ahead
        self._next_view = self._time
        self.stalls += 1
        with self._lock:
            self._moments.clear()
            self._views.clear()
            self._sounds.clear()

    def _step(self, command: tuple[float, float]) -> None:
        done = command
        if self._wheels is not None:
            done = self._wheels.turn_into(*command, TICK / _NS)
        pose = self._simulation.step(TICK / _NS, *done)
        self._time += TICK
        velocity = self._simulation.base.velocity
        self._loudness = self._simulation.loudness
        self._sound_around()
        claims = pose, velocity
        if self._wheels is not None:
            claims = self._claimed.step(TICK / _NS, *command), self._claimed.velocity
        with self._lock:
            self._moments.append(Moment(
                self._time, pose, velocity, self._simulation.base.bumped, *claims))
        self._look(pose)

    def _sound_around(self) -> None:
        """Have the ambient sound ready up to now, as heard from here."""
        if self._simulation.ambience is not None:
            now = round(self._grid.frame_at(self._time)) - self._origin
            self._simulation.ambience.fill(
                min(now - self._simulation.air.frame, self._longest), self._simulation.pose,
                self._loudness)

    def _render_ready(self) -> None:
        """Render the sounds whose moment the world has reached."""
        with self._lock:
            ready = [sound for sound in self._sounds if sound[0] <= self._time]
            self._sounds = [sound for sound in self._sounds if sound[0] > self._time]
        for stamp, samples in ready:
            self._render(stamp, samples, self._simulation.pose)

    def _render(self, stamp: int, samples: np.ndarray, pose: Pose) -> None:
        try:
            self._simulation.air.play(
                samples, round(self._grid.frame_at(stamp)) - self._origin, pose)
        except LateSoundError as error:
            self.last_refusal = str(error)
            self.late_sounds += 1
        except ValueError as error:
            self.last_refusal = str(error)
            self.refused_sounds += 1

    def _look(self, pose: Pose) -> None:
        if self._time < self._next_view:
            return
        self._next_view = max(self._next_view + self._camera_period, self._time - TICK)
        if self.wants_images:
            frame = self._simulation.camera.render(pose)
            with self._lock:
                self._views.append(View(self._time, frame))


def _pop_until(queue: deque, now: int) -> list:
    out = []
    while queue and queue[0].stamp <= now:
        out.append(queue.popleft())
    return out
