# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rays, pictures and driving in a room whose geometry is known."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.sim.base import DifferentialDrive, MAX_SPEED
from echo_depth_ros.sim.camera import Camera
from echo_depth_ros.sim.materials import material_id
from echo_depth_ros.sim.pilot import TourPilot
from echo_depth_ros.sim.random_world import random_world
from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.scene import Scene
from echo_depth_ros.sim.simulation import Simulation
from echo_depth_ros.sim.world import Box, box_room, Surface, World, WorldError

ROOM = box_room(6, 4, 3)
SCENE = Scene(ROOM)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.floats(0.3, 5.7), st.floats(0.3, 3.7), st.floats(-3.1, 3.1))
def test_a_level_ray_ends_on_the_wall_that_geometry_says(x, y, angle):
    direction = np.array([np.cos(angle), np.sin(angle), 0.0])
    hit = SCENE.cast(np.array([x, y, 1.0]), direction[None])
    gaps = (6 - x if direction[0] > 0 else x, 4 - y if direction[1] > 0 else y)
    limits = [gap / max(abs(part), 1e-12) for gap, part in zip(gaps, direction)]
    assert hit.distance[0] == pytest.approx(min(limits), abs=1e-6)
    assert hit.normal[0] @ direction < 0


def test_the_reflex_corner_of_an_l_has_no_bump_and_no_leak():
    surface = Surface('plaster', (0.8, 0.8, 0.8))
    corners = ((0, 0), (6, 0), (6, 2), (2, 2), (2, 6), (0, 6))
    scene = Scene(World('l', corners, 3.0, (surface,) * 6, surface, surface))
    along = scene.cast(np.array([5.9, 1.99, 1.0]), np.array([[-1.0, 0, 0]]))
    assert along.distance[0] == pytest.approx(5.9)
    angles = np.linspace(0, 2 * np.pi, 2000)
    level = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    assert np.isfinite(scene.cast(np.array([1.0, 1.0, 1.0]), level).distance).all()


def test_depth_of_a_flat_wall_is_the_distance_along_the_axis():
    frame = Camera(Scene(box_room(30, 30, 20)), Rig(height=10.0)).render(Pose(26, 15, 0))
    assert frame.depth.dtype == np.float32 and frame.depth.shape == (128, 128)
    assert np.allclose(frame.depth, 4.0, atol=1e-5)


def test_left_is_left_and_up_is_up():
    box = Box(3, 3.2, 0, 0.5, 0.5, 3, 0, Surface('metal', (0.9, 0.1, 0.1)))
    frame = Camera(Scene(box_room(6, 4, 3, furniture=(box,)))).render(Pose(1, 2, 0))
    metal = frame.material == material_id('metal')
    assert metal[:, :64].sum() > 20 and metal[:, 64:].sum() == 0
    assert frame.depth[-1, 64] == pytest.approx(0.5 * 64 / 63.5, rel=1e-3)
    assert frame.depth[0, 64] > frame.depth[-1, 64]
    assert frame.rgb[metal][:, 0].mean() > 3 * frame.rgb[metal][:, 1].mean()


def test_the_base_drives_as_commanded():
    base = DifferentialDrive(Scene(ROOM), Pose(1, 2, 0))
    base.step(2.0, 0.3, 0.0)
    travelled = base.pose.x - 1
    assert travelled == pytest.approx(0.6 - 0.3 ** 2 / (2 * 1.5), abs=0.01)
    assert base.pose.y == pytest.approx(2, abs=1e-6)
    base.step(1.0, 0.0, 0.5)
    assert base.pose.yaw == pytest.approx(0.5 - 0.5 ** 2 / (2 * 5.0), abs=0.01)


def test_a_wall_stops_the_base():
    base = DifferentialDrive(Scene(ROOM), Pose(5, 2, 0))
    base.step(6.0, 9.9, 0.0)
    assert base.bumped
    assert base.pose.x == pytest.approx(5.8, abs=0.02)
    assert base.velocity[0] < 0.1 * MAX_SPEED


def test_bad_commands_and_places_are_refused():
    with pytest.raises(WorldError, match='does not fit'):
        DifferentialDrive(Scene(ROOM), Pose(5.95, 2, 0))
    base = DifferentialDrive(Scene(ROOM), Pose(3, 2, 0))
    with pytest.raises(ValueError, match='not finite'):
        base.step(0.1, float('nan'), 0.0)


def test_the_pilot_tours_without_touching():
    simulation = Simulation(random_world(21), seed=2)
    start = simulation.pose
    path = 0.0
    for _ in range(400):
        before = simulation.pose
        after = simulation.tour(0.1)
        path += np.hypot(after.x - before.x, after.y - before.y)
        assert not simulation.base.bumped
    assert path > 3.0, (start, path)


def test_the_pilot_turns_away_from_a_wall():
    pilot = TourPilot(Scene(ROOM))
    speed, turn = pilot.command(Pose(5.4, 2, 0))
    assert speed == 0 and turn != 0
