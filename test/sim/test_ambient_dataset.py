# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What `echo-depth simulate-ambient` writes."""

import argparse
import json

import numpy as np
from shapely.geometry import Point

from echo_depth_ros.sim import ambient_dataset as dataset
from echo_depth_ros.sim.random_world import random_world


def _run(*arguments):
    parser = argparse.ArgumentParser()
    dataset.add_arguments(parser)
    return dataset.main(parser.parse_args([str(a) for a in arguments]))


def test_rooms_land_in_their_splits_and_a_second_run_only_adds(tmp_path):
    out = tmp_path / 'data'
    assert _run(out, '--rooms', 1, '--poses', 2, '--workers', 1, '--seed', 8) == 0
    first = out / 'val' / 'ambient_000008.npz'
    stamp = first.stat().st_mtime_ns
    assert _run(out, '--rooms', 2, '--poses', 2, '--workers', 1, '--seed', 8) == 0
    assert first.stat().st_mtime_ns == stamp and (out / 'test' / 'ambient_000009.npz').exists()
    assert json.loads((out / 'dataset.json').read_text())['kind'] == 'ambient'


def test_another_data_set_is_not_mixed_in(tmp_path, capsys):
    assert _run(tmp_path, '--rooms', 1, '--poses', 1, '--workers', 1) == 0
    assert _run(tmp_path, '--rooms', 1, '--poses', 2, '--workers', 1) == 2
    assert 'poses' in capsys.readouterr().out


def test_numbers_that_make_no_sense_are_refused(tmp_path):
    assert _run(tmp_path, '--rooms', 0) == 2


def test_arrays_are_what_training_expects_and_the_same_again():
    arrays = dataset.simulate_room(3, 3)
    assert arrays['sound'].shape == (3, 2, 15360) and arrays['sound'].dtype == np.int16
    assert arrays['distance'].shape == (3, 5) and 'rgb' not in arrays
    assert (arrays['distance'][:, :4].min(axis=1) >= arrays['distance'][:, 4] - 1e-6).all()
    again = dataset.simulate_room(3, 3)
    assert all(np.array_equal(arrays[key], again[key]) for key in arrays)


def test_sound_is_neither_silent_nor_clipped():
    for seed in range(4):
        sound = dataset.simulate_room(seed, 2)['sound'].astype(float)
        assert (sound.std(axis=2) > 10).all() and (np.abs(sound) < 32767).mean() > 0.999


def test_with_images_the_robot_faces_a_wall():
    arrays = dataset.simulate_room(4, 4, images=True)
    assert arrays['rgb'].shape == (4, 64, 64, 3)
    ahead, nearest = arrays['distance'][:, 0], arrays['distance'][:, 4]
    assert np.median(ahead - nearest) < 0.5


def test_poses_are_near_walls_often_and_never_inside_things():
    world = random_world(5)
    space = world.free_space(dataset.CLEARANCE)
    rng = np.random.default_rng(0)
    poses = [dataset.pose_by_wall(world, space, rng) for _ in range(60)]
    assert all(space.buffer(1e-6).contains(Point(p.x, p.y)) for p in poses)
    edge = [world.outline.exterior.distance(Point(p.x, p.y)) for p in poses]
    assert 0.25 < np.mean(np.array(edge) < dataset.NEAR) < 0.8
