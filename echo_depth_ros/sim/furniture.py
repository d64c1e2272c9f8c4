# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pieces of furniture, each a few boxes and cylinders."""

from collections.abc import Callable
from dataclasses import dataclass
import math

import numpy as np
from shapely import affinity
from shapely.geometry import box, Polygon

from echo_depth_ros.sim.world import Box, Cylinder, Furniture, Surface


@dataclass(frozen=True)
class Part:
    """
    One primitive in its piece's own frame: x along the piece, y out of its back, z up.

    A part without a width is a cylinder, its length the diameter.
    """

    x: float
    y: float
    z: float
    length: float
    width: float | None
    height: float
    material: str


@dataclass(frozen=True)
class Piece:
    """Parts that belong together and the rectangle they need; ``on_wall`` hangs or leans flat."""

    length: float
    width: float
    parts: tuple[Part, ...]
    at_wall: bool = True
    on_wall: bool = False

    def footprint(self, x: float, y: float, yaw: float) -> Polygon:
        """Rectangle that the piece takes up on the floor."""
        a, b = self.length / 2, self.width / 2
        turned = affinity.rotate(box(-a, -b, a, b), yaw, origin=(0, 0), use_radians=True)
        return affinity.translate(turned, x, y)


def place(piece: Piece, x: float, y: float, yaw: float,
          surface: Callable[[str], Surface]) -> list[Furniture]:
    """Put a piece into the room; ``surface`` turns a material's name into a surface."""
    c, s = math.cos(yaw), math.sin(yaw)
    colours: dict[str, Surface] = {}
    placed: list[Furniture] = []
    for part in piece.parts:
        look = colours.setdefault(part.material, surface(part.material))
        px, py = x + c * part.x - s * part.y, y + s * part.x + c * part.y
        if part.width is None:
            placed.append(Cylinder(px, py, part.z, part.length / 2, part.height, look))
        else:
            placed.append(Box(px, py, part.z, part.length, part.width, part.height, yaw, look))
    return placed


def _block(rng: np.random.Generator, length: tuple, width: tuple, height: tuple,
           materials: tuple[str, ...], **kind: bool) -> Piece:
    a, b, h = rng.uniform(*length), rng.uniform(*width), rng.uniform(*height)
    return Piece(a, b, (Part(0, 0, 0, a, b, h, str(rng.choice(materials))),), **kind)


def cabinet(rng: np.random.Generator, _: float) -> Piece:
    """Cupboard, locker or fridge."""
    return _block(rng, (0.4, 1.6), (0.3, 0.65), (0.7, 2.1), ('wood', 'metal', 'plywood'))


def shelf(rng: np.random.Generator, _: float) -> Piece:
    """Bookshelf."""
    return _block(rng, (0.6, 1.8), (0.25, 0.4), (0.9, 2.1), ('books',))


def crate(rng: np.random.Generator, _: float) -> Piece:
    """Box left somewhere on the floor."""
    return _block(rng, (0.3, 0.8), (0.3, 0.7), (0.3, 1.1), ('plywood', 'wood', 'metal'),
                  at_wall=False)


def partition(rng: np.random.Generator, _: float) -> Piece:
    """Office divider or whiteboard standing free."""
    return _block(rng, (0.8, 1.8), (0.04, 0.08), (1.2, 1.9), ('upholstery', 'glass', 'plaster'),
                  at_wall=False)


def sofa(rng: np.random.Generator, _: float) -> Piece:
    """Sofa or armchair."""
    a, b = rng.uniform(0.8, 2.1), rng.uniform(0.75, 0.95)
    return Piece(a, b, (Part(0, 0, 0, a, b, 0.42, 'upholstery'),
                        Part(0, -b / 2 + 0.1, 0.42, a, 0.2, 0.4, 'upholstery')))


def desk(rng: np.random.Generator, _: float) -> Piece:
    """Desk with two sides."""
    a, b, h = rng.uniform(1.0, 1.8), rng.uniform(0.6, 0.8), rng.uniform(0.68, 0.76)
    return Piece(a, b, (Part(0, 0, h, a, b, 0.03, 'wood'),
                        Part(-a / 2 + 0.02, 0, 0, 0.03, b, h, 'wood'),
                        Part(a / 2 - 0.02, 0, 0, 0.03, b, h, 'wood')))


def chair(rng: np.random.Generator, _: float) -> Piece:
    """Chair with a back."""
    a, seat = rng.uniform(0.4, 0.5), rng.uniform(0.42, 0.48)
    look = str(rng.choice(('wood', 'upholstery')))
    return Piece(a, a, (Part(0, 0, 0, 0.06, None, seat, 'metal'),
                        Part(0, 0, seat, a, a, 0.05, look),
                        Part(0, -a / 2 + 0.02, seat + 0.05, a, 0.04, 0.42, look)), at_wall=False)


def bin_(rng: np.random.Generator, _: float) -> Piece:
    """Round waste bin, plant pot or barrel."""
    d, h = rng.uniform(0.25, 0.6), rng.uniform(0.35, 1.0)
    return Piece(d, d, (Part(0, 0, 0, d, None, h, str(rng.choice(('metal', 'plywood')))),),
                 at_wall=bool(rng.random() < 0.5))


def column(rng: np.random.Generator, ceiling: float) -> Piece:
    """Column from floor to ceiling."""
    d = rng.uniform(0.25, 0.6)
    return Piece(d, d, (Part(0, 0, 0, d, None, ceiling, 'concrete'),), at_wall=False)


def door(rng: np.random.Generator, _: float) -> Piece:
    """Door in a wall, closed."""
    a = rng.uniform(0.8, 1.0)
    return Piece(a, 0.05, (Part(0, 0, 0, a, 0.05, 2.05, 'door'),), on_wall=True)


def window(rng: np.random.Generator, ceiling: float) -> Piece:
    """Window or glazed front."""
    a, sill = rng.uniform(0.8, 2.4), rng.choice((0.05, 0.9))
    top = min(ceiling - 0.1, 2.3)
    return Piece(a, 0.03, (Part(0, 0, float(sill), a, 0.03, top - sill, 'glass'),), on_wall=True)


def curtain(rng: np.random.Generator, ceiling: float) -> Piece:
    """Curtain along a wall."""
    a = rng.uniform(0.8, 2.5)
    return Piece(a, 0.1, (Part(0, 0, 0.03, a, 0.1, ceiling - 0.1, 'curtain'),), on_wall=True)


KINDS: tuple[Callable[[np.random.Generator, float], Piece], ...] = (
    cabinet, shelf, crate, partition, sofa, desk, chair, bin_, column, door, window, curtain)
"""Every kind of piece; each draws its sizes from the generator, given the ceiling's height."""
