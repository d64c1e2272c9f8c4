# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What was seen around the robot in the last seconds, as small cells that fade."""

from dataclasses import dataclass

import numpy as np

from echo_depth_ros.navigation.reckoning import Place
from echo_depth_ros.navigation.scan import Scan

_CELL = 0.06
_VOTE = 0.6
"""Most that one scan adds to a cell; two sure ones make it count."""
_COUNTS = 1.0
_NOTED = 1.5
_MOST = 4.0
_FORGOTTEN = 0.1
_LEAST_SURE = 0.6
_STEEPEST = 4.5
"""Tangent of how obliquely a wall may be seen: past 77 degrees it is rather a blurred edge."""
_SEES_THROUGH = 0.5
_CONTRADICTED = 0.55
_SLACK, _SLACK_PER_METRE = 0.12, 0.12
_FRESH_S = 0.5
_FADE_M, _FADE_TURN = 1.5, 2 * np.pi
"""Metres of way and radians of turn in which cells fade: reckoning drifts with both."""


@dataclass(frozen=True, eq=False)
class Obstacles:
    """
    Cells where something stands.

    :ivar points: x ahead and y left of the robot, shape (n, 2).
    :ivar weights: how sure they are, shape (n,).
    :ivar fresh: whether they were seen in the last half second, shape (n,).
    """

    points: np.ndarray
    weights: np.ndarray
    fresh: np.ndarray

    def mirrored(self) -> 'Obstacles':
        """Return them with left and right changed."""
        return Obstacles(self.points * (1.0, -1.0), self.weights, self.fresh)


class Memory:
    """
    Cells of the floor where something stands.

    A camera ahead never sees what is beside the robot: that is remembered from when it was ahead.
    Cells fade with the way, because reckoning drifts, and slowly with time, because things move;
    they lose weight at once where a scan sees through them. A robot that goes slowly, as one must
    that misses pings, thus remembers as much of its wall as a fast one.

    :param reach: metres up to which scans are believed.
    :param fade_s: seconds in which cells fade where the robot stands.
    """

    def __init__(self, reach: float = 3.0, fade_s: float = 30.0):
        self._reach, self._fade_s = reach, fade_s
        self._points = np.zeros((0, 2))
        self._weights = np.zeros(0)
        self._seen_s = np.zeros(0)
        self._now = -np.inf
        self._place = Place()

    def see(self, scan: Scan, place: Place, stamp_s: float) -> None:
        """
        Take in a scan, later than the last one.

        :param place: of the robot when it was taken.
        """
        way = np.hypot(place.x - self._place.x, place.y - self._place.y) / _FADE_M
        turn = abs(place.yaw - self._place.yaw) / _FADE_TURN
        self._weights *= np.exp((self._now - stamp_s) / self._fade_s - way - turn)
        self._now, self._place = stamp_s, place
        self._see_through(scan, place)
        taken = (scan.distance < self._reach) & (scan.confidence >= _LEAST_SURE)
        taken &= ~scan.along_sight(_STEEPEST)
        points = place.to_frame(scan.points()[taken])
        new, votes, _ = _gather(points, scan.confidence[taken], np.full(len(points), stamp_s))
        near = np.hypot(*(self._points - (place.x, place.y)).T) < self._reach + 1
        kept = near & (self._weights > _FORGOTTEN)
        points = np.concatenate([self._points[kept], new])
        weights = np.concatenate([self._weights[kept], np.minimum(votes, _VOTE)])
        seen = np.concatenate([self._seen_s[kept], np.full(len(new), stamp_s)])
        self._points, self._weights, self._seen_s = _gather(points, weights, seen)
        self._weights = np.minimum(self._weights, _MOST)

    def note(self, points: np.ndarray, place: Place) -> None:
        """Remember, as just sure enough, things at ``points`` (n, 2) that no scan has shown."""
        new = place.to_frame(points)
        self._points = np.concatenate([self._points, new])
        self._weights = np.concatenate([self._weights, np.full(len(new), _NOTED)])
        self._seen_s = np.concatenate([self._seen_s, np.full(len(new), -np.inf)])

    def obstacles(self, place: Place) -> 'Obstacles':
        """Return the cells that count as seen from ``place``."""
        counts = self._weights >= _COUNTS
        return Obstacles(place.from_frame(self._points[counts]), self._weights[counts],
                         self._seen_s[counts] > self._now - _FRESH_S)

    def _see_through(self, scan: Scan, place: Place) -> None:
        if not len(self._points):
            return
        seen = place.from_frame(self._points)
        bearing, distance = np.arctan2(seen[:, 1], seen[:, 0]), np.hypot(*seen.T)
        rising = scan.bearing[::-1]
        column = np.clip(np.searchsorted(rising, bearing), 1, len(rising) - 1)
        through = np.ones(len(seen), bool)
        # Both neighbours must see farther, lest an edge wipes out what stands at it.
        for index in (column - 1, column):
            beyond = scan.distance[::-1][index]
            sure = scan.confidence[::-1][index] >= _SEES_THROUGH
            through &= sure & (beyond > distance * (1 + _SLACK_PER_METRE) + _SLACK)
        through &= (bearing > rising[0]) & (bearing < rising[-1])
        self._weights[through] *= _CONTRADICTED


def _gather(points: np.ndarray, weights: np.ndarray,
            seen_s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One point for each cell: the mean by weight, the sum of weights, the last time seen."""
    if not len(points):
        return np.zeros((0, 2)), np.zeros(0), np.zeros(0)
    cells = np.floor(points / _CELL).astype(np.int64)
    _, owner = np.unique(cells[:, 0] * 1_000_003 + cells[:, 1], return_inverse=True)
    total = np.bincount(owner, weights)
    means = [np.bincount(owner, weights * axis) / np.maximum(total, 1e-9) for axis in points.T]
    last = np.full(len(total), -np.inf)
    np.maximum.at(last, owner, seen_s)
    return np.stack(means, axis=1), total, last
