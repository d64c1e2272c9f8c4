# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The straight wall beside the robot: a line that most of what is remembered there agrees on."""

from dataclasses import dataclass
import math
from typing import Optional

import numpy as np

from echo_depth_ros.navigation.messages import Side

_ANGLES = np.radians(np.arange(-80, 81, 4))
_BIN = 0.05
_FARTHEST = 2.5
_GAP = 0.5
_LEAST_LENGTH = 0.4
_LEAST_CELLS = 5


@dataclass(frozen=True)
class Line:
    """
    A line to the left of the robot.

    :ivar distance: metres from the robot's centre.
    :ivar angle: radians from the robot's heading to the line's direction, counter-clockwise.
    :ivar first: where it begins along its direction, metres from the foot of the perpendicular.
    :ivar last: where it ends, likewise.
    """

    distance: float
    angle: float
    first: float
    last: float

    def at(self, along: float | np.ndarray) -> np.ndarray:
        """Points so many metres along it from the foot, (..., 2)."""
        along = np.asarray(along, float)[..., None]
        direction = np.array([math.cos(self.angle), math.sin(self.angle)])
        return self.distance * _normal(self.angle) + along * direction

    def place(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Metres of points (n, 2) along the line from its foot, and off it to the left."""
        return (points @ (math.cos(self.angle), math.sin(self.angle)),
                points @ _normal(self.angle) - self.distance)


def fit_line(points: np.ndarray, weights: np.ndarray) -> Optional[Line]:
    """
    Find the line to the left that has most cells on it, near ones first.

    :param points: cells as seen from the robot, x ahead and y left, (n, 2).
    :param weights: how sure they are, (n,).
    :returns: None where no wall is.
    """
    away = np.hypot(*points.T)
    near = (away < _FARTHEST) & (points[:, 1] > -0.5 * np.abs(points[:, 0]))
    points, away = points[near], away[near]
    weights = weights[near] / (0.3 + away)
    if len(points) < _LEAST_CELLS:
        return None
    angle, distance = _vote(points, weights)
    for _ in range(3):
        error = _normal(angle) @ points.T - distance
        close = np.abs(error) < 0.07 + 0.03 * away
        if close.sum() < _LEAST_CELLS:
            return None
        angle, distance = _through(points[close], weights[close], angle)
    if not 0 < distance < _FARTHEST or abs(angle) > math.radians(85):
        return None
    along = np.sort(points[close] @ (math.cos(angle), math.sin(angle)))
    first, last = _nearest_stretch(along)
    if last - first < _LEAST_LENGTH:
        return None
    return Line(float(distance), float(angle), first, last)


def nearer_side(points: np.ndarray, weights: np.ndarray, hearing: float) -> Optional[Side]:
    """
    Tell on which side the nearer wall is; where no wall is seen, the nearest thing.

    :param points: cells as seen from the robot, (n, 2).
    :param weights: how sure they are, (n,).
    :param hearing: metres within which something must be; None is returned where nothing is.
    """
    away = np.hypot(*points.T)
    if not len(points) or away.min() > hearing:
        return None
    left, right = (fit_line(points * (1.0, sign), weights) for sign in (1.0, -1.0))
    if left is None and right is None:
        return 'left' if points[int(np.argmin(away)), 1] > 0 else 'right'
    if left is None or right is None:
        return 'right' if left is None else 'left'
    return 'left' if left.distance <= right.distance else 'right'


def _normal(angle: float) -> np.ndarray:
    return np.array([-math.sin(angle), math.cos(angle)])


def _vote(points: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Angle and distance that most cells agree on, roughly."""
    distance = np.outer(np.cos(_ANGLES), points[:, 1]) - np.outer(np.sin(_ANGLES), points[:, 0])
    bins = round(_FARTHEST / _BIN)
    index = np.floor(distance / _BIN).astype(int)
    inside = (index >= 0) & (index < bins)
    cell = np.where(inside, index, bins) + (bins + 1) * np.arange(len(_ANGLES))[:, None]
    votes = np.bincount(cell.ravel(), np.broadcast_to(weights, cell.shape).ravel(),
                        minlength=len(_ANGLES) * (bins + 1)).reshape(len(_ANGLES), bins + 1)
    votes = votes[:, :bins]
    votes[:, 1:-1] += 0.7 * (votes[:, :-2] + votes[:, 2:])
    best = np.unravel_index(np.argmax(votes), votes.shape)
    return float(_ANGLES[best[0]]), (best[1] + 0.5) * _BIN


def _through(points: np.ndarray, weights: np.ndarray, near: float) -> tuple[float, float]:
    """Angle and distance of the line through cells by least squares, the angle next to one."""
    centre = np.average(points, axis=0, weights=weights)
    off = points - centre
    moments = (off * weights[:, None]).T @ off
    angle = 0.5 * math.atan2(2 * moments[0, 1], moments[0, 0] - moments[1, 1])
    angle = near + math.remainder(angle - near, math.pi)
    return angle, float(_normal(angle) @ centre)


def _nearest_stretch(along: np.ndarray) -> tuple[float, float]:
    """Return the ends of the stretch, without a wide gap, that comes nearest to the foot."""
    pieces = np.split(along, np.flatnonzero(np.diff(along) > _GAP) + 1)
    pieces = [piece for piece in pieces if len(piece) > 2] or pieces
    best = min(pieces, key=lambda piece: max(piece[0], -piece[-1], 0.0))
    return float(best[0]), float(best[-1])
