# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Walls that are mirrors or clear glass: seen through, heard as they are."""

from dataclasses import replace

import numpy as np
import pytest

from echo_depth_ros.sim.away import AWAY, AWAY_SEED
from echo_depth_ros.sim.camera import Camera
from echo_depth_ros.sim.materials import material, material_id, PANES
from echo_depth_ros.sim.random_world import random_world, RoomStyle
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.scene import Scene
from echo_depth_ros.sim.world import Box, box_room, Surface, World

RED = Surface('metal', (0.9, 0.05, 0.05))


def _room(pane: str, furniture: tuple = ()) -> World:
    """6 m x 4 m; the wall at x = 6 is the pane."""
    room = box_room(6, 4, 3, 'plaster', furniture)
    found = material(pane)
    walls = list(room.walls)
    walls[1] = Surface(pane, found.colour)
    return replace(room, walls=tuple(walls))


def _red(frame) -> np.ndarray:
    return frame.rgb[..., 0] > 3.0 * np.maximum(frame.rgb[..., 1], 1)


def test_a_mirror_shows_what_is_behind_the_robot_where_geometry_says():
    behind = Box(0.5, 3.0, 0, 0.4, 0.4, 3, 0, RED)
    frame = Camera(Scene(_room('mirror', (behind,)))).render(Pose(3, 2, 0))
    red = np.flatnonzero(_red(frame)[64])
    # Its front face is 3 m + (6 - 0.7) m off, seen in the mirror; it stands 1 m to the left.
    away = 3 + (6 - 0.7)
    assert (63.5 - red.mean()) / 64 * away == pytest.approx(1.0, abs=0.15)
    assert np.allclose(frame.depth[64, 30:98], 3.0, atol=1e-4)
    assert (frame.material[64, 30:98] == material_id('glass')).all()


def test_clear_glass_shows_ground_below_the_horizon_and_sky_above_it():
    camera = Camera(Scene(_room('clear_glass')))
    frame = camera.render(Pose(5.0, 2, 0))
    middle = frame.rgb[:, 64].astype(int)
    pane = frame.material[:, 64] == material_id('glass')
    above, below = pane & (np.arange(128) < 62), pane & (np.arange(128) > 66)
    assert above.any() and below.any()
    assert (middle[above, 2] > middle[above, 0] + 20).all()
    assert (middle[below, 2] < middle[below, 1]).all()
    assert np.allclose(frame.depth[pane, 64], 1.0, atol=1e-4)


def test_a_pane_changes_nothing_where_it_is_not_seen():
    plain = Camera(Scene(box_room(6, 4, 3, 'plaster'))).render(Pose(3, 2, np.pi))
    behind = Camera(Scene(_room('mirror'))).render(Pose(3, 2, np.pi))
    assert np.array_equal(plain.rgb, behind.rgb) and np.array_equal(plain.depth, behind.depth)


@pytest.mark.parametrize('pane', [pane.name for pane in PANES])
def test_a_pane_sounds_as_glass_does(pane):
    assert np.array_equal(material(pane).absorption, material('glass').absorption)
    assert material_id(pane) == material_id('glass')


@pytest.mark.parametrize('name, pane', [('mirrors', 'mirror'), ('glass_fronts', 'clear_glass')])
def test_every_room_away_has_one_pane_and_no_other_glass(name, pane):
    for seed in range(AWAY_SEED, AWAY_SEED + 8):
        world = random_world(seed, style=AWAY[name].style)
        names = [wall.material for wall in world.walls]
        assert names.count(pane) == 1 and 'glass' not in names
        assert all(item.surface.material != 'glass' for item in world.furniture)


def test_panes_are_drawn_apart_from_the_rest_of_the_room():
    plain, glazed = (random_world(4, style=RoomStyle(panes=share)) for share in (0.0, 1.0))
    assert plain.furniture == glazed.furniture and plain.corners == glazed.corners
    assert sum(a != b for a, b in zip(plain.walls, glazed.walls)) == 1
    share = np.mean([any(wall.material in ('mirror', 'clear_glass') for wall in random_world(
        seed, style=RoomStyle(panes=0.2, density=(0, 0))).walls) for seed in range(120)])
    assert share == pytest.approx(0.2, abs=0.1)
