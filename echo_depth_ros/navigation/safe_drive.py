# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The last word on every command: no surface that the range has told of is ever run into.

The first-echo range tells the distance of the nearest surface, not its direction. A surface whose
distance was ``r`` is no nearer than ``r - s`` after a way of ``s``, whichever way it went. So the
robot may drive as long as it can still stop before its way is used up: with

    room = r - range_error - way since that ping - (what is always kept free)

the fastest speed ``v`` from which the way of one more tick and of braking fits into the room is

    v * tick + v^2 / (2 * deceleration) = room / (1 + slip)

and no policy, network or image has a say in it. It promises that the robot's centre never comes
nearer than its radius plus ``margin`` to a surface that stands still, provided that

* of any ``memory`` pings in a row at least ``agree`` told its distance within ``range_error``, and
  the first of them from no nearer than the robot needs to stop;
* wheels do what they are commanded after at most ``latency``, brake with ``deceleration``, and go
  at most ``1 + slip`` of the commanded way;
* it is called at least every ``tick``, and whoever drives the wheels stops them when it is not.

Some surfaces, a wall at the side above all, are heard only when they are near, because farther
away they are no louder than the floor. Hence no range counts for more than ``sure_range``, from
where on everything is heard: this is what bounds the speed in the open.

What reflects no sound back is told of by no range, and nothing is promised about it: thin edges
and legs (a table's top, a chair's seat), an outside corner's edge, and what is behind the robot.
"""

from collections import deque
from dataclasses import dataclass, fields
import math
from typing import Optional

import numpy as np

from echo_depth_ros.navigation.messages import Percept

_BACK_IN_ROOM = 0.01
"""Metres of room that end a creep."""


@dataclass(frozen=True)
class DriveLimits:
    """
    The robot, and how well it hears.

    :ivar robot_radius: metres.
    :ivar margin: metres that stay free around the robot.
    :ivar range_error: most that the range is longer than the distance from the robot's centre.
    :ivar blind_range: metres below which an echo is not heard; the robot stays out of it.
    :ivar sure_range: metres from which on every surface is heard.
    :ivar max_speed: m/s.
    :ivar max_turn: rad/s.
    :ivar acceleration: m/s^2, most with which a command grows.
    :ivar deceleration: m/s^2, with which it falls; the wheels must be able to do that.
    :ivar turn_acceleration: rad/s^2.
    :ivar latency: seconds from a command to the wheels.
    :ivar tick: longest time between two commands, seconds.
    :ivar slip: share by which the wheels may go farther than commanded.
    :ivar stop_within: seconds after the last good ping in which the robot stands.
    :ivar memory: pings during which a range is remembered.
    :ivar agree: of them must have told so little for it to count: one alone may be a ghost.
    :ivar creep_speed: m/s, at which a robot that stands too near may try to get away.
    :ivar creep_distance: metres that it may try.
    """

    robot_radius: float = 0.20
    margin: float = 0.05
    range_error: float = 0.03
    blind_range: float = 0.25
    sure_range: float = 0.42
    max_speed: float = 0.25
    max_turn: float = 1.0
    acceleration: float = 0.5
    deceleration: float = 1.0
    turn_acceleration: float = 3.0
    latency: float = 0.05
    tick: float = 0.05
    slip: float = 0.1
    stop_within: float = 0.5
    memory: int = 3
    agree: int = 2
    creep_speed: float = 0.04
    creep_distance: float = 0.01

    def __post_init__(self) -> None:
        """Refuse limits with which nothing can be promised."""
        may_be_zero = ('margin', 'range_error', 'latency', 'slip', 'creep_speed',
                       'creep_distance')
        for entry in fields(self):
            value = getattr(self, entry.name)
            if not math.isfinite(value) or value < 0 or (
                    value == 0 and entry.name not in may_be_zero):
                raise ValueError(f'{entry.name} is {value}; expected a positive number')
        if self.latency + self.tick >= self.stop_within:
            raise ValueError(f'latency is {self.latency} s and tick {self.tick} s; expected less '
                             f'than stop_within, {self.stop_within} s, in all')
        if self.agree > self.memory:
            raise ValueError(f'agree is {self.agree} of {self.memory} pings; expected no more '
                             'than memory')
        if self.sure_range <= self.stop_range:
            raise ValueError(
                f'sure_range is {self.sure_range} m, but the robot must stand by '
                f'{self.stop_range:.2f} m; hear surfaces sooner, or keep less margin')

    @property
    def stop_range(self) -> float:
        """Range in metres at which the robot must stand at the latest."""
        kept = max(self.robot_radius + self.margin, self.blind_range)
        return kept + self.range_error + self.creep_distance

    def time_left(self, age: float) -> float:
        """
        Seconds of braking that are left to a command when what it rests on is so old.

        A command stands for a tick, and the wheels are late.

        :param age: seconds since it was heard.
        """
        return max(0.0, self.stop_within - self.latency - self.tick - age)

    def speed_for(self, room: float) -> float:
        """Fastest speed in m/s from which the robot stops within ``room`` metres."""
        if room <= 0:
            return 0.0
        a, t = self.deceleration, self.tick
        return math.sqrt((a * t) ** 2 + 2 * a * room / (1 + self.slip)) - a * t

    def stopping_distance(self, speed: float) -> float:
        """Room in metres that ``speed`` needs; the inverse of :meth:`speed_for`."""
        return (1 + self.slip) * (speed * self.tick + speed ** 2 / (2 * self.deceleration))


class SafeDrive:
    """
    Turns what a policy wants into what the wheels are commanded.

    :ivar speed: m/s, as last commanded.
    :ivar turn: rad/s, likewise.
    """

    def __init__(self, limits: DriveLimits = DriveLimits()):
        self.limits = limits
        self.speed = self.turn = 0.0
        self._way = _Way()
        self._heard: deque[tuple[float, float]] = deque(maxlen=limits.memory)
        self._crept = 0.0
        self._last: Optional[float] = None

    def hear(self, percept: Percept) -> None:
        """Take in a ping; one that told no range, or is older than the last, is left out."""
        if math.isnan(percept.range_m) or not math.isfinite(percept.stamp_s):
            return
        if not self._heard or percept.stamp_s > self._heard[-1][0]:
            self._heard.append((percept.stamp_s, percept.range_m))

    def room(self) -> float:
        """Metres that the robot may go at most before it must stand; +inf where none is near."""
        if not self._heard:
            return math.inf
        agree = min(self.limits.agree, len(self._heard))
        # What comes within sure range counts from the ping on that makes enough of them agree.
        sure = self.limits.sure_range - self._since(self._heard[-agree][0])
        return min(self.nearest(), sure) - self.limits.stop_range

    def nearest(self) -> float:
        """Least distance in metres that enough pings agree on, less the way since; or +inf."""
        if not self._heard:
            return math.inf
        told = sorted(range_m - self._since(stamp) for stamp, range_m in self._heard)
        return told[min(self.limits.agree, len(told)) - 1]

    def age(self, now_s: float) -> float:
        """Seconds since the last ping that told a range; +inf before the first."""
        return now_s - self._heard[-1][0] if self._heard else math.inf

    def command(self, speed: float, turn: float, now_s: float) -> tuple[float, float]:
        """
        Limit what is wanted to what is safe.

        :param speed: wanted m/s; negative goes back.
        :param turn: wanted rad/s, counter-clockwise.
        :param now_s: seconds.
        :returns: speed and turn to command now.
        :raises ValueError: for a wanted speed or turn that is not finite.
        """
        if not (math.isfinite(speed) and math.isfinite(turn)):
            raise ValueError(f'wanted speed {speed} and turn {turn} must be finite')
        limits = self.limits
        elapsed = 0.0 if self._last is None else max(0.0, now_s - self._last)
        self._last = now_s
        gone = abs(self.speed) * elapsed
        self._way.add(now_s, gone * (1 + limits.slip))
        # A tick that came late must not let a command jump up, nor keep it from falling.
        grows = min(elapsed, limits.tick)
        time_left = limits.time_left(self.age(now_s))
        most = min(limits.max_speed, self._most_speed(gone), limits.deceleration * time_left)
        self.speed = _approach(self.speed, max(-most, min(most, speed)),
                               limits.acceleration * grows, limits.deceleration * elapsed)
        most = min(limits.max_turn, limits.turn_acceleration * time_left)
        self.turn = _approach(self.turn, max(-most, min(most, turn)),
                              limits.turn_acceleration * grows, limits.turn_acceleration * elapsed)
        return self.speed, self.turn

    def stop(self) -> tuple[float, float]:
        """Stand at once, as an emergency stop or a disabled robot does."""
        self.speed = self.turn = 0.0
        return 0.0, 0.0

    def _since(self, stamp: float) -> float:
        """Metres gone since a ping; the wheels still did older commands then."""
        return self._way.since(stamp - self.limits.latency)

    def _most_speed(self, gone: float) -> float:
        room = self.room()
        limits = self.limits
        if room > _BACK_IN_ROOM:
            self._crept = 0.0
        elif room <= 0:
            self._crept += gone * (1 + limits.slip)
        most = limits.speed_for(room)
        left = limits.creep_distance - self._crept
        if most < limits.creep_speed and limits.stopping_distance(limits.creep_speed) <= left:
            return limits.creep_speed
        return most


class _Way:
    """Metres gone up to moments of the last seconds, at most."""

    def __init__(self, seconds: float = 3.0):
        self._seconds = seconds
        self._moments: deque[float] = deque()
        self._metres: deque[float] = deque()

    def add(self, now: float, metres: float) -> None:
        total = self._metres[-1] if self._metres else 0.0
        self._moments.append(now)
        self._metres.append(total + metres)
        while self._moments[0] < now - self._seconds:
            self._moments.popleft()
            self._metres.popleft()

    def since(self, moment: float) -> float:
        if not self._moments:
            return 0.0
        return self._metres[-1] - float(np.interp(moment, self._moments, self._metres))


def _approach(value: float, goal: float, grow: float, fall: float) -> float:
    """Go from one command towards another; away from zero by ``grow``, to it by ``fall``."""
    if value * goal < 0:
        goal = 0.0
    step = grow if abs(goal) > abs(value) else fall
    return value + max(-step, min(step, goal - value))
