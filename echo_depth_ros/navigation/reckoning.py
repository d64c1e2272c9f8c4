# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the robot went in the last seconds, by what it was commanded or by odometry."""

from collections import deque
from dataclasses import dataclass
import math

import numpy as np


@dataclass(frozen=True)
class Place:
    """A place in a frame that starts anywhere and drifts: metres and radians."""

    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0

    def to_frame(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 2) seen from here, x ahead and y left, in the frame."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return points @ np.array([[c, s], [-s, c]]) + (self.x, self.y)

    def from_frame(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 2) of the frame as seen from here."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return (points - (self.x, self.y)) @ np.array([[c, -s], [s, c]])


class Reckoning:
    """Adds up motion, and remembers where the robot was for a while."""

    def __init__(self, seconds: float = 2.0):
        self._seconds = seconds
        self._past: deque[tuple[float, Place]] = deque()
        self.place = Place()

    def move(self, now_s: float, ahead: float, turned: float) -> None:
        """Go ``ahead`` metres while turning ``turned`` radians, until ``now_s``."""
        yaw = self.place.yaw + turned / 2
        self.place = Place(self.place.x + ahead * math.cos(yaw),
                           self.place.y + ahead * math.sin(yaw), self.place.yaw + turned)
        self._past.append((now_s, self.place))
        while self._past[0][0] < now_s - self._seconds:
            self._past.popleft()

    def at(self, moment_s: float) -> Place:
        """Where the robot was at a moment; the nearest known one where it is out of reach."""
        if not self._past:
            return self.place
        moments = [moment for moment, _ in self._past]
        return Place(*(float(np.interp(moment_s, moments, values)) for values in zip(
            *((place.x, place.y, place.yaw) for _, place in self._past))))
