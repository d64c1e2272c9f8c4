# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Following walls by echo depth: what is heard, remembered, chosen and, at last, allowed."""

from dataclasses import dataclass
import math
from typing import Literal, Optional

import numpy as np

from echo_depth_ros.navigation.headings import choose, clear_ahead, Way
from echo_depth_ros.navigation.memory import Memory, Obstacles
from echo_depth_ros.navigation.messages import (
    Command,
    ESCAPING,
    FOLLOWING,
    Motion,
    Percept,
    SEARCHING,
    Side,
    WAITING,
    Wall,
)
from echo_depth_ros.navigation.reckoning import Reckoning
from echo_depth_ros.navigation.safe_drive import DriveLimits, SafeDrive
from echo_depth_ros.navigation.scan import Scan, Scanner
from echo_depth_ros.navigation.wall_line import fit_line, Line, nearer_side

_LEAST_SURE_COLUMNS = 8
_SURE = 0.35
_APPROACH = math.radians(40)
"""Steepest angle at which a wall is approached."""
_LOST_AFTER = math.radians(300)
"""A robot that has turned so far to its wall's side without coming along one has none."""
_LOOK_ROUND = math.radians(100)
_ON_THE_SPOT = math.radians(55)
_STEER = 2.0
_BEHIND = 0.4
_GOES_ON = 1.5
_ROUGH, _DRIFT = 0.12, 0.2
_ENDS = 0.3
_SPACING = 0.06
"""Metres."""
_UNSEEN = 0.12
"""Metres by which the range must be shorter than all that is remembered to tell of more."""
_UNSEEN_BEARINGS = np.radians(np.arange(-25, 26, 10))
"""From square to the wall."""
_BLOCKED_ROOM, _BLOCKED_S = 0.012, 1.0
_TURN_AWAY = math.radians(40)
"""Each time that the robot is blocked; what blocks it is taken to be this far from its way."""


@dataclass(frozen=True)
class FollowSettings:
    """
    How a wall is followed.

    :ivar side: of the robot on which the wall shall be; 'nearest' takes the nearer one.
    :ivar distance: metres from the robot's centre to the wall.
    :ivar speed: m/s along a free wall.
    :ivar look_ahead: metres to the place that is steered for.
    :ivar clearance: metres from the robot's centre below which there is no way.
    :ivar hearing: metres within which something must be for a wall to be in hearing.
    """

    side: Literal['left', 'right', 'nearest'] = 'nearest'
    distance: float = 0.6
    speed: float = 0.25
    look_ahead: float = 0.7
    clearance: float = 0.36
    hearing: float = 2.5

    def __post_init__(self) -> None:
        """Refuse what cannot be followed."""
        if self.side not in ('left', 'right', 'nearest'):
            raise ValueError(f"side is {self.side!r}; expected 'left', 'right' or 'nearest'")
        for name in ('distance', 'speed', 'look_ahead', 'clearance', 'hearing'):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f'{name} is {value}; expected a positive number')
        if self.distance < self.clearance:
            raise ValueError(f'distance is {self.distance} m; expected at least clearance, '
                             f'{self.clearance} m')


class WallFollower:
    """
    Keeps a wall at its side by what each ping tells.

    Call :meth:`step` at least every ``limits.tick`` seconds, with the percept that has come in
    since, or with None.

    :ivar drive: what limits the commands; see :class:`SafeDrive`.
    """

    def __init__(self, settings: FollowSettings = FollowSettings(),
                 limits: DriveLimits = DriveLimits(), scanner: Optional[Scanner] = None):
        self.settings = settings
        self.drive = SafeDrive(limits)
        self._scanner = scanner or Scanner()
        self._reckoning = Reckoning()
        self._memory = Memory(reach=settings.hearing + 0.5)
        self._side: Optional[Side] = None if settings.side == 'nearest' else settings.side
        self._state = SEARCHING
        self._line: Optional[Line] = None
        self._way: Optional[Way] = None
        self._ahead = math.inf
        self._goal_yaw = 0.0
        self._seen_s: Optional[float] = None
        self._now: Optional[float] = None
        self._behind = 0.0
        self._toward = 0.0
        self._looked = 0.0
        self._free_s: Optional[float] = None
        self._away_yaw: Optional[float] = None

    def step(self, percept: Optional[Percept], now_s: float,
             motion: Optional[Motion] = None) -> Command:
        """
        Take in what has been heard, and say what to do.

        :param percept: a new one, or None when there is none.
        :param now_s: seconds, never falling.
        :param motion: since the last step, where there is odometry; else commands are believed.
        """
        self._move(now_s, motion)
        if percept is not None:
            self.drive.hear(percept)
            self._see(percept)
        speed, turn = self._steer(now_s)
        speed, turn = self.drive.command(speed, turn, now_s)
        return Command(speed, turn, self._state_at(now_s), self.wall())

    def wall(self) -> Optional[Wall]:
        """Return the wall that the robot follows, or None."""
        line, side = self._line, self._side
        if line is None or side is None:
            return None
        flip = (1.0, 1.0 if side == 'left' else -1.0)
        start, end = line.at(np.array([line.first, line.last])) * flip
        return Wall(side, line.distance, line.angle * flip[1], tuple(start.tolist()),
                    tuple(end.tolist()))

    def _move(self, now_s: float, motion: Optional[Motion]) -> None:
        elapsed = 0.0 if self._now is None else max(0.0, now_s - self._now)
        self._now = now_s
        # Wheels obey late; odometry tells what they do.
        self._behind = self.drive.limits.latency if motion is None else 0.0
        if motion is None:
            motion = Motion(self.drive.speed * elapsed, self.drive.turn * elapsed)
        self._reckoning.move(now_s, motion.ahead, motion.turned)
        toward = motion.turned * (-1 if self._side == 'right' else 1)
        self._toward = max(0.0, self._toward + toward)
        if self._state == SEARCHING:
            self._looked += abs(motion.turned)

    def _see(self, percept: Percept) -> None:
        """Remember what a percept shows, and choose a way by it."""
        if percept.depth is None or not math.isfinite(percept.stamp_s):
            return
        scan = self._scanner.read(percept.depth, percept.confidence)
        if not _tells(scan) or (self._seen_s is not None and percept.stamp_s <= self._seen_s):
            return
        self._seen_s = percept.stamp_s
        stood = self._reckoning.at(percept.stamp_s - self._behind)
        self._memory.see(scan, stood, percept.stamp_s)
        self._choose()

    def _choose(self) -> None:
        settings = self.settings
        place = self._reckoning.place
        obstacles = self._memory.obstacles(place)
        if self._side is None:
            self._side = nearer_side(
                obstacles.points, obstacles.weights, settings.hearing)
        side = self._side or 'left'
        if side == 'right':
            obstacles = obstacles.mirrored()
        self._ahead = clear_ahead(obstacles.points, settings.clearance - 0.03)
        self._line, points = _wall_among(obstacles)
        unseen = self._unseen(points)
        if len(unseen):
            self._memory.note(unseen * (1, 1 if side == 'left' else -1), place)
            points = np.concatenate([points, unseen])
        if not self._in_hearing(points):
            self._search(place, side)
            return
        if self._state == SEARCHING:
            self._toward = self._looked = 0.0
        if self._line is not None and self._line.first < 0.3:
            self._toward = 0.0
        leftmost = _APPROACH
        if self._line is not None and self._line.last > _ENDS:
            leftmost = self._line.angle + _APPROACH
        way = choose(points, settings.distance, settings.look_ahead, settings.clearance,
                     max(leftmost, -math.pi / 2))
        self._way = way
        if self._is_blocked(place.yaw, side):
            return
        self._state = FOLLOWING if way.clearance >= settings.clearance else ESCAPING
        heading = way.heading if self._state == FOLLOWING else -math.pi / 2
        self._goal_yaw = place.yaw + heading * (1 if side == 'left' else -1)

    def _unseen(self, points: np.ndarray) -> np.ndarray:
        """
        Place what the range tells of and no image has shown: a chair's seat, an edge, glass.

        It is taken to be where most things are, beside the robot towards the wall, and remembered
        there; what is ahead after all ends in :meth:`_is_blocked`.
        """
        nearest = self.drive.nearest()
        seen = float(np.hypot(*points.T).min()) if len(points) else math.inf
        if self._side is None or not nearest < min(self.settings.distance, seen - _UNSEEN):
            return np.zeros((0, 2))
        along = self._line.angle if self._line is not None else 0.0
        bearing = min(math.pi, max(0.0, math.pi / 2 + along)) + _UNSEEN_BEARINGS
        return nearest * np.stack([np.cos(bearing), np.sin(bearing)], axis=1)

    def _is_blocked(self, yaw: float, side: Side) -> bool:
        """Turn away from the wall where the range has left no room for a while."""
        now = self._now or 0.0
        if self._away_yaw is None:
            if self._free_s is None or self.drive.room() > _BLOCKED_ROOM:
                self._free_s = now
            if now - self._free_s < _BLOCKED_S:
                return False
            sign = 1 if side == 'left' else -1
            self._away_yaw = yaw - _TURN_AWAY * sign
            there = self.drive.nearest() * np.array(
                [[math.cos(_TURN_AWAY), sign * math.sin(_TURN_AWAY)]])
            self._memory.note(there, self._reckoning.place)
        if abs(self._away_yaw - yaw) < math.radians(5):
            self._away_yaw, self._free_s = None, now
            return False
        self._state, self._goal_yaw = ESCAPING, self._away_yaw
        return True

    def _in_hearing(self, obstacles: np.ndarray) -> bool:
        if self._toward > _LOST_AFTER:
            return False
        left = obstacles[obstacles[:, 1] > -self.settings.clearance]
        return bool(len(left)) and float(np.hypot(*left.T).min()) < self.settings.hearing

    def _search(self, place, side: Side) -> None:
        """Look to the wall's side first; when nothing is there, go on until something is."""
        if self._state != SEARCHING:
            self._looked = 0.0
        self._state = SEARCHING
        self._toward = 0.0
        self._way = None
        turning = self._looked < _LOOK_ROUND
        sign = 1 if side == 'left' else -1
        self._goal_yaw = place.yaw + (math.pi / 2 * sign if turning else 0.0)

    def _steer(self, now_s: float) -> tuple[float, float]:
        settings = self.settings
        if self._seen_s is None:
            return 0.0, 0.0
        off = math.remainder(self._goal_yaw - self._reckoning.place.yaw, 2 * math.pi)
        turn = _STEER * off
        if self._state == ESCAPING or abs(off) > _ON_THE_SPOT:
            return 0.0, math.copysign(max(abs(turn), 0.5), turn)
        # Slower in turns, and where something stands ahead.
        speed = settings.speed * max(0.2, math.cos(off * math.pi / 2 / _ON_THE_SPOT))
        speed = min(speed, max(0.0, 0.5 * (self._ahead - settings.clearance)))
        stale = now_s - self._seen_s
        left = self.drive.limits.time_left(stale)
        speed = min(speed, self.drive.limits.deceleration * left)
        return speed, turn if left > 0 else 0.0

    def _state_at(self, now_s: float) -> str:
        limits = self.drive.limits
        heard = self.drive.age(now_s) < limits.stop_within
        seen = self._seen_s is not None and now_s - self._seen_s < limits.stop_within
        return self._state if heard and seen else WAITING


def _tells(scan: Scan) -> bool:
    sure = (scan.confidence >= _SURE) & ~np.isnan(scan.distance)
    return int(np.count_nonzero(sure)) >= _LEAST_SURE_COLUMNS


def _wall_among(obstacles: Obstacles) -> tuple[Optional[Line], np.ndarray]:
    """
    Find the wall on the left, and put all that stands around in order by it.

    A wall that is seen ahead goes on to beside the robot. What is remembered of it there has
    drifted and what is seen of it is rough: both make room for the line.
    """
    points, fresh = obstacles.points, obstacles.fresh
    line = fit_line(points[fresh], obstacles.weights[fresh])
    if line is None or not -_BEHIND < line.first < _GOES_ON:
        return line or fit_line(points, obstacles.weights), points
    along, off = line.place(points)
    of_wall = (along < line.last) & (np.abs(off) < np.where(fresh, _ROUGH, _DRIFT))
    return line, np.concatenate(
        [points[~of_wall], line.at(np.arange(-_BEHIND, line.last, _SPACING))])
