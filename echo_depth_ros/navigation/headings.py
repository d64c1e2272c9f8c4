# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Which way along a wall on the left: as far left as the wall allows.

A carrot is held ``look_ahead`` metres before the robot and swung from left to right, to the first
direction in which it is no nearer than the set distance to anything. On a straight wall this is
the line parallel to it; at an inside corner the wall ahead pushes the carrot right, at an outside
corner it swings left round the edge, and where the way ends it comes round to the back.
"""

from dataclasses import dataclass
import math

import numpy as np

HEADINGS = np.radians(np.arange(75, -181, -3))
_STEPS = np.array([0.25, 0.5, 0.75, 1.0])
_SQUEEZES = (1.0, 0.85, 0.7)
"""Shares of the set distance that do before the robot turns back for want of room."""
_BACK = np.radians(-60)
"""Ways beyond this may lead back: a wall that is seen in time is turned along sooner."""


@dataclass(frozen=True)
class Way:
    """
    A direction to go.

    :ivar heading: radians from straight ahead, counter-clockwise.
    :ivar clearance: least distance in metres to anything on the way there.
    :ivar kept: whether the set distance can be kept at its end.
    """

    heading: float
    clearance: float
    kept: bool


def choose(obstacles: np.ndarray, set_distance: float, look_ahead: float, least: float,
           leftmost: float) -> Way:
    """
    Choose the way.

    :param obstacles: as seen from the robot, x ahead and y left, (n, 2).
    :param set_distance: metres to keep from everything.
    :param look_ahead: metres to the carrot.
    :param least: metres below which a way cannot be gone.
    :param leftmost: radians; ways farther to the left do not count.
    """
    headings = HEADINGS[HEADINGS <= leftmost + 1e-9]
    if not len(obstacles):
        return Way(float(headings[0]), math.inf, True)
    direction = np.stack([np.cos(headings), np.sin(headings)], axis=1)
    places = direction[:, None] * (look_ahead * _STEPS)[:, None]
    clear = _nearest(places.reshape(-1, 2), obstacles).reshape(len(headings), -1)
    here = float(_nearest(np.zeros((1, 2)), obstacles)[0])
    # Where the robot is too near already, the way must lead out, not be clear from the start.
    wanted = max(least, min(0.8 * set_distance, here - 0.02))
    tries = [(share * set_distance, _BACK) for share in _SQUEEZES
             if share * set_distance >= least]
    for distance, farthest in (*tries, (set_distance, -math.inf)):
        on_way = max(least, min(wanted, 0.8 * distance))
        good = ((clear[:, -1] >= distance) & (clear.min(axis=1) >= on_way)
                & (headings >= farthest))
        if not good.any():
            continue
        best = int(np.argmax(good))
        heading = float(headings[best])
        if best and clear[best, -1] > clear[best - 1, -1]:
            # Between two directions, where the distance is kept exactly.
            part = (clear[best, -1] - distance) / (clear[best, -1] - clear[best - 1, -1])
            heading += min(1.0, float(part)) * float(headings[best - 1] - headings[best])
        return Way(heading, float(clear[best].min()), distance == set_distance)
    # Narrower than that: the middle of what there is, and rather ahead than back.
    best = int(np.argmax(clear.min(axis=1) - 0.05 * np.abs(headings)))
    return Way(float(headings[best]), float(clear[best].min()), False)


def clear_ahead(obstacles: np.ndarray, half_width: float) -> float:
    """Metres from the robot's centre to the first thing in the way of its width; or +inf."""
    inside = (obstacles[:, 0] > 0) & (np.abs(obstacles[:, 1]) < half_width)
    return float(obstacles[inside, 0].min()) if inside.any() else math.inf


def _nearest(places: np.ndarray, obstacles: np.ndarray) -> np.ndarray:
    """Distance from each place (m, 2) to the nearest obstacle, (m,)."""
    square = ((places ** 2).sum(axis=1)[:, None] + (obstacles ** 2).sum(axis=1)
              - 2 * places @ obstacles.T)
    return np.sqrt(np.maximum(square.min(axis=1), 0))
