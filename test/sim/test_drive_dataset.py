# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What `echo-depth simulate-drive` writes."""

import argparse
from dataclasses import replace
import json

import numpy as np
import pytest

from echo_depth_ros.sim import drive_dataset as dataset
from echo_depth_ros.sim.away import HOME

SEED = dataset.DRIVE_SEED


def _run(*arguments):
    parser = argparse.ArgumentParser()
    dataset.add_arguments(parser)
    return dataset.main(parser.parse_args([str(a) for a in arguments]))


@pytest.fixture(scope='module')
def drive():
    return dataset.simulate_drive(SEED + 1, 12)


def test_films_land_in_their_splits_and_a_second_run_only_adds(tmp_path):
    out, first = tmp_path / 'data', SEED + 8
    assert _run(out, '--rooms', 1, '--frames', 2, '--workers', 1, '--seed', first) == 0
    film = out / 'val' / f'drive_{first}.npz'
    stamp = film.stat().st_mtime_ns
    assert _run(out, '--rooms', 2, '--frames', 2, '--workers', 1, '--seed', first) == 0
    assert film.stat().st_mtime_ns == stamp
    assert (out / 'test' / f'drive_{first + 1}.npz').exists()
    about = json.loads((out / 'dataset.json').read_text())
    assert about['kind'] == 'drive' and about['simulation'] is True


def test_another_data_set_is_not_mixed_in(tmp_path, capsys):
    assert _run(tmp_path, '--rooms', 1, '--frames', 1, '--workers', 1) == 0
    assert _run(tmp_path, '--rooms', 1, '--frames', 1, '--workers', 1, '--metres', 0.2) == 2
    assert 'spacing' in capsys.readouterr().out


@pytest.mark.parametrize('arguments', [
    ('--rooms', 0), ('--frames', 0), ('--metres', 0), ('--metres', 'nan'), ('--degrees', -1)])
def test_numbers_that_make_no_sense_are_refused(tmp_path, arguments):
    assert _run(tmp_path, *arguments) == 2


def test_arrays_are_what_training_expects_and_the_same_again(drive):
    assert drive['rgb'].shape == (12, 128, 128, 3) and drive['rgb'].dtype == np.uint8
    assert drive['depth'].shape == (12, 128, 128) and drive['depth'].dtype == np.uint16
    assert drive['pose'].shape == (12, 3) and drive['moved'].shape == (12, 2)
    again = dataset.simulate_drive(SEED + 1, 12)
    assert all(np.array_equal(drive[key], again[key], equal_nan=key == 'moved') for key in drive)


def test_a_frame_is_taken_whenever_the_robot_has_moved_enough(drive):
    driven, turned = drive['moved'][1:].T
    assert np.isnan(drive['moved'][0]).all() and np.isfinite(driven).all()
    spacing = dataset.Spacing()
    enough = (driven >= spacing.metres - 1e-6) | (
        np.abs(turned) >= np.radians(spacing.degrees) - 1e-6)
    assert enough.all() and (driven < spacing.metres + 0.06).all()


def test_odometry_agrees_with_the_poses(drive):
    steps = np.diff(drive['pose'], axis=0)
    straight = np.hypot(steps[:, 0], steps[:, 1])
    assert (straight <= drive['moved'][1:, 0] + 1e-4).all()
    difference = steps[:, 2] - drive['moved'][1:, 1]
    assert np.abs(np.angle(np.exp(1j * difference))).max() < 1e-4


def test_intrinsics_are_those_of_the_rays():
    camera = dataset.camera_description()
    # The outer edge of the last pixel is at 45 degrees.
    edge = (camera['width'] - 0.5 - camera['cx']) / camera['fx']
    assert edge == pytest.approx(1.0)


def test_a_larger_room_looks_the_same_and_is_driven_further(drive):
    twice = dataset.simulate_drive(SEED + 1, 12, conditions=replace(HOME, sizes=(2.0, 2.0)))
    assert np.array_equal(twice['rgb'], drive['rgb'])
    assert np.allclose(twice['moved'], drive['moved'] * (2, 1), equal_nan=True)
    assert np.abs(twice['depth'] - 2.0 * drive['depth']).max() <= 1


def test_a_robot_that_cannot_move_is_put_elsewhere(monkeypatch):
    monkeypatch.setattr(dataset.TourPilot, 'command', lambda self, pose: (0.0, 0.0))
    monkeypatch.setattr(dataset, '_PATIENCE', 2)
    arrays = dataset.simulate_drive(SEED, 3)
    assert np.isnan(arrays['moved']).all() and len(np.unique(arrays['pose'][:, 0])) == 3
