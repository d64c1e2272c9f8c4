# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Descriptions of rooms."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.sim.random_world import random_world, SHAPES
from echo_depth_ros.sim.rig import Rig
from echo_depth_ros.sim.simulation import random_pose, Simulation
from echo_depth_ros.sim.world import Box, box_room, Cylinder, Surface, World, WorldError

WOOD = Surface('wood', (0.5, 0.4, 0.3))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 10 ** 6), st.sampled_from(SHAPES))
def test_a_random_room_has_the_shape_asked_for_and_leaves_the_robot_space(seed, shape):
    world = random_world(seed, shape)
    assert world.shape == shape
    assert len(world.corners) == (6 if shape == 'l' else 4)
    assert world.free_space(0.35).area > 1.0
    outline = world.outline.buffer(1e-3)
    assert all(outline.contains(item.footprint) for item in world.furniture)


def test_the_seed_reproduces_the_room_and_another_makes_another():
    assert random_world(5) == random_world(5)
    assert random_world(5) != random_world(6)


def test_a_room_survives_being_written_and_read():
    world = random_world(11)
    assert World.from_json(world.to_json()) == world


@pytest.mark.parametrize('text, named', [
    ('{}', 'shape'), ('not json', 'JSON'), ('[]', 'room description')])
def test_something_else_is_refused_with_what_was_expected(text, named):
    with pytest.raises(WorldError, match=named):
        World.from_json(text)


def test_walls_must_follow_the_axes_and_turn_left():
    room = box_room(4, 3, 2.5)
    with pytest.raises(WorldError, match='parallel'):
        replace(room, corners=((0, 0), (4, 0.5), (4, 3), (0, 3)))
    with pytest.raises(WorldError, match='counter-clockwise'):
        replace(room, corners=tuple(reversed(room.corners)))
    with pytest.raises(WorldError, match='as many walls'):
        replace(room, walls=room.walls[:3])
    with pytest.raises(ValueError, match='unknown material'):
        replace(room, floor=Surface('cheese', (1, 1, 0)))


def test_a_room_that_the_robot_does_not_fit_in_says_so():
    closet = box_room(0.5, 0.5, 2.0)
    with pytest.raises(WorldError, match='does not fit'):
        closet.free_space(0.3)
    with pytest.raises(WorldError, match='does not fit'):
        Simulation(closet)
    with pytest.raises(WorldError, match='0.40 m high'):
        Simulation(box_room(5, 5, 0.4))


def test_unknown_shape_is_named():
    with pytest.raises(WorldError, match='dome'):
        random_world(0, 'dome')


def test_volume_takes_furniture_off():
    room = box_room(4, 3, 2, furniture=(Box(1, 1, 0, 1, 1, 1, 0.3, WOOD),))
    assert room.volume == pytest.approx(23)


def test_high_shelves_do_not_stop_a_low_robot():
    shelf = Box(2, 1.5, 1.5, 4, 3, 0.1, 0, WOOD)
    assert box_room(4, 3, 2.5, furniture=(shelf,)).free_space(0.3).area > 5


def test_random_poses_are_free():
    world = random_world(3)
    space = world.free_space(0.35)
    rng = np.random.default_rng(0)
    for _ in range(20):
        pose = random_pose(space, rng)
        footprint = Cylinder(pose.x, pose.y, 0, 0.3, 1, WOOD).footprint
        assert world.outline.contains(footprint)
        assert not any(item.footprint.intersects(footprint)
                       for item in world.furniture if item.z < 1.0)


def test_rig_geometry():
    rig = Rig()
    assert rig.direct_distance == pytest.approx(0.1738, abs=1e-4)
