# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rooms from a seed: shape, surfaces and furniture."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
import math

import numpy as np
from shapely.geometry import Polygon
from shapely.prepared import prep

from echo_depth_ros.sim.furniture import KINDS, Piece, place
from echo_depth_ros.sim.materials import material, PANES
from echo_depth_ros.sim.world import Surface, World, WorldError

SHAPES = ('box', 'corridor', 'l')
_WALLS = ('plaster', 'concrete', 'brick', 'wood', 'glass', 'curtain')
_WALL_ODDS = (0.48, 0.16, 0.14, 0.10, 0.07, 0.05)
_FLOORS = ('carpet', 'thick_carpet', 'linoleum', 'wood', 'tiles')
_FLOOR_ODDS = (0.36, 0.26, 0.14, 0.14, 0.10)
_CEILINGS = ('ceiling_tile', 'plaster', 'concrete', 'wood')
_CEILING_ODDS = (0.72, 0.14, 0.06, 0.08)
_CLEARANCE = 0.35
_LEAST_FREE = 1.5

Range = tuple[float, float]


@dataclass(frozen=True)
class RoomStyle:
    """
    What rooms are drawn from; as it stands, the rooms that students train in.

    :ivar boxes: least and most length, width and height of rectangular rooms, metres.
    :ivar corridors: the same of corridors.
    :ivar ls: the same of L-shaped rooms.
    :ivar density: least and most pieces of furniture per square metre.
    :ivar kinds: the pieces, each as likely as the others.
    :ivar substitutes: materials by the name of those they take the place of.
    :ivar panes: share of the rooms that have a pane for one of their walls.
    :ivar pane_kinds: what panes are, each as likely as the others; see
        :data:`~echo_depth_ros.sim.materials.PANES`.
    """

    boxes: tuple[Range, Range, Range] = ((3, 11), (2.6, 8), (2.3, 3.8))
    corridors: tuple[Range, Range, Range] = ((7, 20), (1.6, 3.0), (2.3, 3.2))
    ls: tuple[Range, Range, Range] = ((5, 11), (5, 11), (2.4, 3.4))
    density: Range = (0.05, 0.35)
    kinds: tuple[Callable[[np.random.Generator, float], Piece], ...] = KINDS
    substitutes: Mapping[str, str] = field(default_factory=dict)
    panes: float = 0.0
    pane_kinds: tuple[str, ...] = tuple(pane.name for pane in PANES)


def random_world(seed: int, shape: str | None = None, style: RoomStyle = RoomStyle()) -> World:
    """
    Draw a furnished room.

    :param seed: the same seed gives the same room.
    :param shape: one of :data:`SHAPES`; drawn when omitted.
    :param style: what it is drawn from.
    :raises WorldError: for an unknown shape.
    """
    if shape is not None and shape not in SHAPES:
        raise WorldError(f'unknown room shape {shape!r}; expected one of {", ".join(SHAPES)}')
    rng = np.random.default_rng([seed, 0])
    shape = shape or str(rng.choice(SHAPES, p=(0.5, 0.25, 0.25)))
    corners, height = _shell(shape, style, rng)
    common = str(rng.choice(_WALLS, p=_WALL_ODDS))
    walls = tuple(
        _surface(common if rng.random() < 0.7 else str(rng.choice(_WALLS, p=_WALL_ODDS)),
                 style, rng)
        for _ in corners)
    floor = _surface(str(rng.choice(_FLOORS, p=_FLOOR_ODDS)), style, rng)
    ceiling = _surface(str(rng.choice(_CEILINGS, p=_CEILING_ODDS)), style, rng)
    world = World(shape, corners, height, walls, floor, ceiling)
    return _furnish(_glaze(world, style, seed), style, rng)


def _shell(shape: str, style: RoomStyle, rng: np.random.Generator,
           ) -> tuple[tuple[tuple[float, float], ...], float]:
    """Draw the outline's corners and the height."""
    limits = {'corridor': style.corridors, 'l': style.ls}.get(shape, style.boxes)
    length, width, height = (round(rng.uniform(*limit), 2) for limit in limits)
    if shape != 'l':
        return ((0.0, 0.0), (length, 0.0), (length, width), (0.0, width)), height
    a = round(length * rng.uniform(0.3, 0.65), 2)
    b = round(width * rng.uniform(0.3, 0.65), 2)
    corners = [(0.0, 0.0), (length, 0.0), (length, b), (a, b), (a, width), (0.0, width)]
    if rng.random() < 0.5:  # the other hand
        corners = [(length - x, y) for x, y in reversed(corners)]
    return tuple((round(x, 2), round(y, 2)) for x, y in corners), height


def _surface(name: str, style: RoomStyle, rng: np.random.Generator) -> Surface:
    name = style.substitutes.get(name, name)
    base = np.array(material(name).colour)
    colour = np.clip(base * rng.uniform(0.75, 1.2) + rng.normal(0, 0.05, 3), 0.05, 0.95)
    return Surface(name, tuple(round(float(c), 3) for c in colour))


def _glaze(world: World, style: RoomStyle, seed: int) -> World:
    """Make a pane of one wall, the longer ones rather, and leave the rest of the room as it is."""
    rng = np.random.default_rng([seed, 8])  # its own: other rooms must not change
    if rng.random() >= style.panes:
        return world
    corners = np.array(world.corners)
    lengths = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    chosen = int(rng.choice(len(lengths), p=lengths / lengths.sum()))
    pane = material(str(rng.choice(style.pane_kinds)))
    walls = list(world.walls)
    walls[chosen] = Surface(pane.name, pane.colour)
    return replace(world, walls=tuple(walls))


def _furnish(world: World, style: RoomStyle, rng: np.random.Generator) -> World:
    """Put furniture in, most of it against walls, as long as the robot keeps room to move."""
    outline = world.outline
    taken: list[Polygon] = []
    pieces = []
    density = rng.uniform(*style.density)
    wanted = int(rng.poisson(density * outline.area)) + int(rng.integers(0, 3))
    inside = prep(outline.buffer(1e-6))
    for _ in range(4 * wanted):
        if len(taken) >= wanted:
            break
        kind = style.kinds[int(rng.integers(len(style.kinds)))]
        piece = kind(rng, world.height)
        x, y, yaw = _somewhere(world, piece, rng)
        footprint = piece.footprint(x, y, yaw)
        if not inside.contains(footprint) or any(footprint.intersects(t) for t in taken):
            continue
        candidate = place(piece, x, y, yaw, lambda name: _surface(name, style, rng))
        trial = replace(world, furniture=(*world.furniture, *pieces, *candidate))
        try:
            if trial.free_space(_CLEARANCE).area < max(_LEAST_FREE, 0.3 * outline.area):
                continue
        except WorldError:
            continue
        taken.append(footprint)
        pieces.extend(candidate)
    return replace(world, furniture=tuple(pieces))


def _somewhere(world: World, piece: Piece, rng: np.random.Generator,
               ) -> tuple[float, float, float]:
    """Draw a place: back to a wall, or anywhere for pieces that stand free."""
    corners = np.array(world.corners)
    if not piece.at_wall:
        low, high = corners.min(axis=0), corners.max(axis=0)
        x, y = rng.uniform(low, high)
        return float(x), float(y), float(rng.uniform(-math.pi, math.pi))
    i = int(rng.integers(len(corners)))
    start, end = corners[i], corners[(i + 1) % len(corners)]
    length = float(np.linalg.norm(end - start))
    along = (end - start) / length
    inward = np.array([-along[1], along[0]])
    gap = 0.001 if piece.on_wall else float(rng.uniform(0.01, 0.05))
    spot = start + along * rng.uniform(0, length) + inward * (piece.width / 2 + gap)
    # A piece's own y axis points away from its back, into the room.
    yaw = math.atan2(inward[1], inward[0]) - math.pi / 2
    return float(spot[0]), float(spot[1]), float(yaw)
