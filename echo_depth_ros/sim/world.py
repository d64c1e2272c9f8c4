# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One description of a room: everything that sounds, looks or can be bumped into."""

from dataclasses import asdict, dataclass
import json
import math
from pathlib import Path
from typing import Union

import numpy as np
from shapely import affinity
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from echo_depth_ros.sim.materials import material_id


class WorldError(ValueError):
    """A room description that cannot be built, or that a robot does not fit in."""


@dataclass(frozen=True)
class Surface:
    """A material with the colour it has here (RGB albedo, 0 to 1)."""

    material: str
    colour: tuple[float, float, float]


@dataclass(frozen=True)
class Box:
    """A box turned by ``yaw`` (radians): centre x, y; underside z; edge lengths in metres."""

    x: float
    y: float
    z: float
    length: float
    width: float
    height: float
    yaw: float
    surface: Surface

    @property
    def footprint(self) -> Polygon:
        """Outline on the floor."""
        a, b = self.length / 2, self.width / 2
        square = Polygon([(-a, -b), (a, -b), (a, b), (-a, b)])
        turned = affinity.rotate(square, self.yaw, origin=(0, 0), use_radians=True)
        return affinity.translate(turned, self.x, self.y)


@dataclass(frozen=True)
class Cylinder:
    """An upright cylinder: centre x, y; underside z; metres."""

    x: float
    y: float
    z: float
    radius: float
    height: float
    surface: Surface

    @property
    def footprint(self) -> Polygon:
        """Outline on the floor."""
        return Point(self.x, self.y).buffer(self.radius)


Furniture = Union[Box, Cylinder]


@dataclass(frozen=True)
class World:
    """
    A room.

    The floor is at z = 0. ``corners`` run counter-clockwise; wall ``i`` goes from corner ``i``
    to the next. Walls are parallel to the x or y axis.
    """

    shape: str
    corners: tuple[tuple[float, float], ...]
    height: float
    walls: tuple[Surface, ...]
    floor: Surface
    ceiling: Surface
    furniture: tuple[Furniture, ...] = ()

    def __post_init__(self) -> None:
        self._validate()

    @property
    def outline(self) -> Polygon:
        """The floor's outline."""
        return Polygon(self.corners)

    @property
    def volume(self) -> float:
        """Cubic metres of air, furniture taken off."""
        solid = sum(item.footprint.area * item.height for item in self.furniture)
        return max(self.outline.area * self.height - solid, 0.1 * self.outline.area)

    def free_space(self, clearance: float, up_to: float = 1.0) -> BaseGeometry:
        """
        Largest connected part of the floor where a round robot may stand.

        :param clearance: metres to keep from everything; the robot's radius at least.
        :param up_to: height of the robot; furniture that hangs higher does not matter.
        :raises WorldError: when the robot fits nowhere.
        """
        obstacles = [item.footprint.buffer(clearance) for item in self.furniture
                     if item.z < up_to]
        free = self.outline.buffer(-clearance).difference(unary_union(obstacles))
        parts = list(getattr(free, 'geoms', [free]))
        best = max(parts, key=lambda part: part.area, default=free)
        if best.is_empty:
            raise WorldError(
                f'the robot does not fit in this room: nowhere are {clearance:.2f} m free around '
                f'it; use a larger room, less furniture, or a smaller robot')
        return best

    def to_json(self) -> str:
        """Write the description as JSON."""
        data = asdict(self)
        for item, described in zip(self.furniture, data['furniture']):
            described['kind'] = type(item).__name__.lower()
        return json.dumps(data, indent=1)

    @classmethod
    def from_json(cls, text: str) -> 'World':
        """
        Read a description that :meth:`to_json` wrote.

        :raises WorldError: naming what is missing or wrong.
        """
        try:
            data = json.loads(text)
            return cls(
                shape=data['shape'], corners=tuple(tuple(c) for c in data['corners']),
                height=data['height'], walls=tuple(_surface(s) for s in data['walls']),
                floor=_surface(data['floor']), ceiling=_surface(data['ceiling']),
                furniture=tuple(_furniture(f) for f in data.get('furniture', ())))
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise WorldError(
                f'this is not a room description ({type(error).__name__}: {error}); expected JSON '
                f'with shape, corners, height, walls, floor, ceiling and furniture') from error

    @classmethod
    def load(cls, path: Path) -> 'World':
        """Read a description from a file; raises WorldError or OSError."""
        return cls.from_json(Path(path).read_text(encoding='utf-8'))

    def _validate(self) -> None:
        if len(self.corners) < 4 or len(self.corners) != len(self.walls):
            raise WorldError(f'{len(self.corners)} corners and {len(self.walls)} walls; expected '
                             f'as many walls as corners, at least four')
        corners = np.asarray(self.corners, float)
        if not np.isfinite(corners).all() or not math.isfinite(self.height) or self.height <= 0:
            raise WorldError('corners and height must be finite, and the height positive')
        edges = np.roll(corners, -1, axis=0) - corners
        if (np.min(np.abs(edges), axis=1) > 1e-9).any():
            raise WorldError('walls must be parallel to the x or y axis')
        if not self.outline.is_valid or not self.outline.exterior.is_ccw:
            raise WorldError('corners must run counter-clockwise without crossing')
        for item in self.furniture:
            sizes = [item.height] + (
                [item.length, item.width] if isinstance(item, Box) else [item.radius])
            if min(sizes) <= 0:
                raise WorldError(f'furniture needs positive sizes, got {item}')
        for surface in (*self.walls, self.floor, self.ceiling,
                        *(item.surface for item in self.furniture)):
            material_id(surface.material)


def _surface(data: dict) -> Surface:
    return Surface(data['material'], tuple(data['colour']))


def _furniture(data: dict) -> Furniture:
    data = dict(data)
    kind = data.pop('kind')
    data['surface'] = _surface(data['surface'])
    if kind not in ('box', 'cylinder'):
        raise WorldError(f'unknown furniture {kind!r}; expected box or cylinder')
    return Box(**data) if kind == 'box' else Cylinder(**data)


def box_room(length: float, width: float, height: float, material: str = 'concrete',
             furniture: tuple[Furniture, ...] = ()) -> World:
    """Build a plain rectangular room with a corner at the origin, all of one material."""
    surface = Surface(material, (0.7, 0.7, 0.7))
    corners = ((0.0, 0.0), (length, 0.0), (length, width), (0.0, width))
    return World('box', corners, height, (surface,) * 4, surface, surface, furniture)
