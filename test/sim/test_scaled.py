# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Worlds of another size that look the same, and sound otherwise."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.sim import dataset
from echo_depth_ros.sim.away import AWAY, AWAY_SEED, FAMILIES, VARIED
from echo_depth_ros.sim.camera import Camera
from echo_depth_ros.sim.random_world import random_world
from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.scaled import scaled_pose, scaled_rig, scaled_world
from echo_depth_ros.sim.scene import Scene


def _render(world, rig, pose, scale):
    return Camera(Scene(world), rig, size=32, scale=scale).render(pose)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(seed=st.integers(0, 500), factor=st.floats(0.5, 2.5), yaw=st.floats(-3, 3))
def test_a_world_of_another_size_looks_the_same_and_is_as_much_deeper(seed, factor, yaw):
    world, rig = random_world(seed), Rig()
    point = world.free_space(0.3).representative_point()
    pose = Pose(point.x, point.y, yaw)
    here = _render(world, rig, pose, 1.0)
    there = _render(scaled_world(world, factor), scaled_rig(rig, factor),
                    scaled_pose(pose, factor), factor)
    # Rays that graze an edge, or a tile's border, may fall on its other side.
    assert (here.material == there.material).mean() > 0.98
    assert (np.abs(here.rgb.astype(int) - there.rgb) <= 1).all(axis=2).mean() > 0.97
    assert np.median(there.depth / here.depth) == pytest.approx(factor, rel=1e-5)


def test_a_scaled_world_keeps_its_surfaces_and_grows_by_the_cube():
    world = random_world(7)
    large = scaled_world(world, 2.0)
    assert large.volume == pytest.approx(8 * world.volume)
    assert large.walls == world.walls and len(large.furniture) == len(world.furniture)
    assert scaled_world(large, 0.5).outline.equals_exact(world.outline, 1e-9)


def test_rooms_of_one_seed_look_the_same_to_the_last_bit_and_sound_otherwise():
    sizes = (0.8, 1.6)
    small, large = (dataset.simulate_room(
        AWAY_SEED + 3, 2, conditions=replace(AWAY['home'], sizes=(k, k))) for k in sizes)
    assert np.array_equal(small['rgb'], large['rgb'])
    assert np.allclose(large['first_range'], 2 * small['first_range'], rtol=1e-4)
    assert np.allclose(large['pose'][:, :2], 2 * small['pose'][:, :2], rtol=1e-5)
    echoes = [np.square(arrays['waveform'][:, :, 400:] / 32767).mean()
              for arrays in (small, large)]
    assert echoes[1] < 0.7 * echoes[0]  # all paths are twice as long


def test_varied_rooms_are_of_many_sizes_and_home_of_one():
    sizes = np.array([VARIED.size(seed) for seed in range(400)])
    low, high = VARIED.sizes
    assert low <= sizes.min() < low * 1.02 and high / 1.02 < sizes.max() <= high
    assert np.median(np.log(sizes)) == pytest.approx(np.log(low * high) / 2, abs=0.1)
    assert all(FAMILIES['home'].size(seed) == 1.0 for seed in range(5))
    assert VARIED.size(11) == VARIED.size(11)
