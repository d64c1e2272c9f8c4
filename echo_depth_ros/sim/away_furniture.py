# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pieces of furniture that no training room has."""

from collections.abc import Callable

import numpy as np

from echo_depth_ros.sim.furniture import Part, Piece


def bed(rng: np.random.Generator, _: float) -> Piece:
    """Bed with a headboard."""
    a, b = rng.uniform(0.9, 1.8), rng.uniform(1.9, 2.1)
    return Piece(a, b, (Part(0, 0, 0.1, a, b, 0.4, 'upholstery'),
                        Part(0, -b / 2 + 0.03, 0, a, 0.06, 1.0, 'wood')))


def stairs(rng: np.random.Generator, _: float) -> Piece:
    """Flight of steps up a wall, each a block."""
    width, steps = rng.uniform(0.8, 1.2), int(rng.integers(4, 9))
    depth = 0.27
    length = steps * depth
    return Piece(length, width, tuple(
        Part(-length / 2 + (i + 0.5) * depth, 0, 0, depth, width, 0.18 * (i + 1), 'concrete')
        for i in range(steps)))


def round_table(rng: np.random.Generator, _: float) -> Piece:
    """Table on one leg."""
    d, h = rng.uniform(0.6, 1.3), rng.uniform(0.7, 1.1)
    return Piece(d, d, (Part(0, 0, 0, 0.08, None, h, 'metal'),
                        Part(0, 0, h, d, None, 0.03, 'wood')), at_wall=False)


def rack(rng: np.random.Generator, ceiling: float) -> Piece:
    """Open shelving: posts and boards, nothing behind."""
    a, b, h = rng.uniform(0.9, 2.4), rng.uniform(0.4, 0.8), min(2.4, ceiling - 0.1)
    posts = [Part(x, y, 0, 0.05, None, h, 'metal')
             for x in (-a / 2 + 0.03, a / 2 - 0.03) for y in (-b / 2 + 0.03, b / 2 - 0.03)]
    boards = [Part(0, 0, z, a, b, 0.03, 'plywood') for z in np.linspace(0.15, h - 0.05, 5)]
    return Piece(a, b, (*posts, *boards), at_wall=bool(rng.random() < 0.5))


def tree(rng: np.random.Generator, ceiling: float) -> Piece:
    """Potted tree: pot, stem and a dense crown."""
    crown = rng.uniform(0.5, 0.9)
    top = min(ceiling - 0.1, rng.uniform(1.4, 2.2))
    return Piece(crown, crown, (Part(0, 0, 0, 0.4, None, 0.35, 'tiles'),
                                Part(0, 0, 0.35, 0.05, None, top - 0.95, 'wood'),
                                Part(0, 0, top - 0.6, crown, None, 0.6, 'curtain')),
                 at_wall=False)


def machine(rng: np.random.Generator, _: float) -> Piece:
    """Machine tool or boiler: a block and a drum on it."""
    a, b, h = rng.uniform(0.8, 1.8), rng.uniform(0.7, 1.2), rng.uniform(0.6, 1.1)
    return Piece(a, b, (Part(0, 0, 0, a, b, h, 'metal'),
                        Part(-a / 5, 0, h, 0.8 * min(a, b), None, rng.uniform(0.3, 0.8),
                             'metal')), at_wall=False)


def stool(rng: np.random.Generator, _: float) -> Piece:
    """Bar stool or bollard: thin, easily overheard."""
    h = rng.uniform(0.6, 0.9)
    return Piece(0.36, 0.36, (Part(0, 0, 0, rng.uniform(0.05, 0.12), None, h, 'metal'),
                              Part(0, 0, h, 0.36, None, 0.05, 'plywood')), at_wall=False)


KINDS: tuple[Callable[[np.random.Generator, float], Piece], ...] = (
    bed, stairs, round_table, rack, tree, machine, stool)
"""Every kind of piece, drawn as :data:`echo_depth_ros.sim.furniture.KINDS` are."""
