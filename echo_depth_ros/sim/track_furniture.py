# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Furniture along the walls that are to be followed, one choice for each of the four rooms.

Every piece is deeper than the 0.4 m that a robot of radius 0.2 m leaves beside it at the set
distance of 0.6 m, so that it must be gone round; there is always room for that.
"""

import math

from shapely.geometry import LineString, Point

from echo_depth_ros.sim.furniture import Part, Piece, place
from echo_depth_ros.sim.world import Furniture, Surface

CABINET = Piece(0.9, 0.45, (Part(0, 0, 0, 0.9, 0.45, 1.2, 'wood'),))
SHELF = Piece(1.0, 0.45, (Part(0, 0, 0, 1.0, 0.45, 2.0, 'books'),))
DESK = Piece(1.4, 0.70, (  # a teacher's: closed towards the class
    Part(0, 0, 0.71, 1.4, 0.70, 0.03, 'wood'), Part(-0.685, 0, 0, 0.03, 0.70, 0.71, 'wood'),
    Part(0.685, 0, 0, 0.03, 0.70, 0.71, 'wood'), Part(0, 0.33, 0.1, 1.34, 0.02, 0.61, 'wood')))
CHAIR = Piece(0.45, 0.45, (
    Part(0, 0, 0, 0.06, None, 0.44, 'metal'), Part(0, 0, 0.44, 0.45, 0.45, 0.05, 'wood'),
    Part(0, -0.205, 0.49, 0.45, 0.04, 0.42, 'wood')))

ALONG: dict[str, tuple[tuple[float, Piece], ...]] = {
    'corner': ((2.2, CABINET), (3.7, CHAIR), (4.25, CHAIR), (8.2, SHELF)),
    'l': ((1.9, SHELF), (5.1, CABINET)),
    'straight_1': ((2.3, DESK), (4.2, CHAIR), (4.75, CHAIR)),
    'straight_2': ((2.2, CABINET), (3.9, CHAIR), (4.45, CHAIR), (6.4, SHELF)),
}
"""By room: metres along the wall from where the track begins to a piece's middle, and what."""

_COLOURS = {'wood': (0.55, 0.38, 0.22), 'books': (0.50, 0.32, 0.30), 'metal': (0.65, 0.66, 0.70)}


def along_wall(wall: LineString, begin: Point, metres: float, piece: Piece) -> list[Furniture]:
    """
    Put a piece with its back to a wall.

    :param wall: corner by corner, in the direction of the track.
    :param begin: where the track begins, on the side of the wall where the room is.
    :param metres: along the wall from there.
    """
    first = wall.project(begin)
    here, then = (wall.interpolate(first + metres + step) for step in (-0.01, 0.01))
    along = math.atan2(then.y - here.y, then.x - here.x)
    foot, on = wall.interpolate(first), wall.interpolate(first + 0.01)
    cross = (on.x - foot.x) * (begin.y - foot.y) - (on.y - foot.y) * (begin.x - foot.x)
    yaw = along if cross > 0 else along + math.pi  # a piece's front is to the left of its yaw
    middle = wall.interpolate(first + metres)
    x, y = (value + piece.width / 2 * part
            for value, part in ((middle.x, -math.sin(yaw)), (middle.y, math.cos(yaw))))
    return place(piece, x, y, yaw, lambda name: Surface(name, _COLOURS[name]))
