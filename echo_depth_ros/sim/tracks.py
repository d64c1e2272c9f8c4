# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The four rooms in which "Structure from Silence" (Chen, Hu, Owens 2021) let a robot follow walls.

Fig. 7 of the paper labels the room with the corner: 9.40 m by 7.40 m, aisles of 2.00 m, and a
track of 4.85 m and 3.15 m, 8 m in all. Fig. 11 shows the other three, an L-shaped and two straight
tracks, without sizes that can be read: theirs are chosen here, as is every material.
"""

from dataclasses import dataclass, replace
import math
from typing import Literal

import numpy as np
from shapely.geometry import LineString, Point

from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.track_furniture import ALONG, along_wall
from echo_depth_ros.sim.world import Box, Furniture, Surface, World

Side = Literal['left', 'right']

START_DISTANCES = (0.4, 0.8, 1.2)
"""Metres from the wall to the robot's centre."""
START_ANGLES = (-30.0, 0.0, 30.0)
"""Degrees from the wall's direction, counter-clockwise: plus is the robot's left."""

_WALL = Surface('plaster', (0.82, 0.80, 0.74))
_GLASS = Surface('glass', (0.60, 0.75, 0.80))
_CONCRETE = Surface('concrete', (0.62, 0.62, 0.60))
_FLOOR = Surface('carpet', (0.40, 0.35, 0.45))
_HARD_FLOOR = Surface('linoleum', (0.45, 0.50, 0.48))
_CEILING = Surface('ceiling_tile', (0.90, 0.90, 0.88))
_DESK = Surface('wood', (0.55, 0.38, 0.22))

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Track:
    """
    A wall to follow, and how far.

    :ivar world: the room.
    :ivar centre: the track's middle line from the start to the destination, corner by corner.
    :ivar wall: the wall to be followed, in the same direction, longer than the track.
    :ivar side: on which side of the robot that wall is.
    :ivar along: furniture along that wall, part of the world's.
    """

    name: str
    world: World
    centre: Points
    wall: Points
    side: Side
    along: tuple[Furniture, ...] = ()

    @property
    def length(self) -> float:
        """Metres along the middle line."""
        return LineString(self.centre).length

    def start(self, distance: float, angle_deg: float) -> Pose:
        """
        Pose at the start of the track.

        :param distance: metres from the wall.
        :param angle_deg: degrees from the wall's direction, counter-clockwise.
        """
        first, then = np.asarray(self.centre[:2], float)
        along = (then - first) / np.linalg.norm(then - first)
        wall = LineString(self.wall)
        foot = wall.interpolate(wall.project(Point(first)))
        away = first - np.array([foot.x, foot.y])
        place = np.array([foot.x, foot.y]) + away / np.linalg.norm(away) * distance
        yaw = math.atan2(along[1], along[0]) + math.radians(angle_deg)
        return Pose(float(place[0]), float(place[1]), math.remainder(yaw, 2 * math.pi))

    def starts(self) -> list[tuple[float, float, Pose]]:
        """Return the nine starts of the paper: distance, angle in degrees, pose."""
        return [(distance, angle, self.start(distance, angle))
                for distance in START_DISTANCES for angle in START_ANGLES]

    def wall_distance(self, pose: Pose) -> float:
        """
        Metres from the robot's centre to what it is to follow.

        That is the wall, or a piece of furniture along it where that is nearer: who keeps the set
        distance goes round the furniture on a line at that distance from both.
        """
        place = Point(pose.x, pose.y)
        return float(min(LineString(self.wall).distance(place),
                         *(item.footprint.distance(place) for item in self.along), math.inf))

    def furnished(self) -> 'Track':
        """Return the same track with furniture along the wall; see :data:`ALONG`."""
        wall, begin = LineString(self.wall), Point(self.centre[0])
        along = tuple(part for metres, piece in ALONG[self.name]
                      for part in along_wall(wall, begin, metres, piece))
        return replace(self, along=along, world=replace(
            self.world, furniture=(*self.world.furniture, *along)))


class Progress:
    """
    How far along a track a robot has come, by projection on its middle line.

    Only small advances count, so that a short cut through the room is none; close round an outside
    corner the projection jumps by a metre or so.

    :param reach: most metres along the line that one look may advance.
    """

    def __init__(self, track: Track, reach: float = 1.5):
        self._line = LineString(track.centre)
        self._reach = reach
        self.metres = 0.0

    def see(self, pose: Pose) -> float:
        """Take in where the robot is; returns the most metres reached so far."""
        along = self._line.project(Point(pose.x, pose.y))
        if self.metres < along <= self.metres + self._reach:
            self.metres = float(along)
        return self.metres

    @property
    def share(self) -> float:
        """Share of the track, 0 to 1."""
        return min(1.0, self.metres / self._line.length)


def corner_room() -> World:
    """Room of Fig. 7: desks in the middle, aisles of two metres around them."""
    desks = Box(4.7, 3.7, 0.0, 5.4, 3.4, 0.75, 0.0, _DESK)
    return World('corner', ((0.0, 0.0), (9.4, 0.0), (9.4, 7.4), (0.0, 7.4)), 2.8,
                 (_WALL,) * 4, _FLOOR, _CEILING, (desks,))


def l_room() -> World:
    """Build an L whose inner walls are followed: the track turns an outside corner."""
    corners = ((0.0, 0.0), (8.0, 0.0), (8.0, 3.0), (3.0, 3.0), (3.0, 8.0), (0.0, 8.0))
    return World('l', corners, 2.8, (_WALL,) * 6, _FLOOR, _CEILING)


def class_room() -> World:
    """Build a class room with desks 2.2 m from the wall."""
    desks = Box(5.0, 2.0, 0.0, 6.0, 2.6, 0.75, 0.0, _DESK)
    return World('box', ((0.0, 0.0), (10.0, 0.0), (10.0, 5.5), (0.0, 5.5)), 3.0,
                 (_CONCRETE, _WALL, _WALL, _WALL), _HARD_FLOOR, _CEILING, (desks,))


def hallway() -> World:
    """Build a hallway 2.4 m wide, one side of glass."""
    return World('corridor', ((0.0, 0.0), (12.0, 0.0), (12.0, 2.4), (0.0, 2.4)), 2.6,
                 (_GLASS, _WALL, _CONCRETE, _WALL), _HARD_FLOOR, _CEILING)


def tracks() -> tuple[Track, ...]:
    """Build the four tracks: the corner of Fig. 7, the L and the two straight ones of Fig. 11."""
    return (
        Track('corner', corner_room(), ((3.55, 1.0), (8.4, 1.0), (8.4, 4.15)),
              ((0.0, 0.0), (9.4, 0.0), (9.4, 7.4)), 'right'),
        Track('l', l_room(), ((2.0, 6.5), (2.0, 2.0), (6.0, 2.0)),
              ((3.0, 8.0), (3.0, 3.0), (8.0, 3.0)), 'left'),
        Track('straight_1', class_room(), ((1.5, 4.4), (7.5, 4.4)),
              ((0.0, 5.5), (10.0, 5.5)), 'left'),
        Track('straight_2', hallway(), ((1.5, 1.2), (9.5, 1.2)),
              ((0.0, 0.0), (12.0, 0.0)), 'right'),
    )
