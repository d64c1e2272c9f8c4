# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What `echo-depth simulate` writes."""

import argparse
import json

import numpy as np
import pytest

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.sync import find_direct_sound
from echo_depth_ros.sim import dataset


def _run(*arguments):
    parser = argparse.ArgumentParser()
    dataset.add_arguments(parser)
    return dataset.main(parser.parse_args([str(a) for a in arguments]))


def test_rooms_land_in_their_splits_and_a_second_run_only_adds(tmp_path):
    out = tmp_path / 'data'
    assert _run(out, '--rooms', 1, '--poses', 2, '--workers', 1, '--seed', 8) == 0
    first = out / 'val' / 'room_000008.npz'
    stamp = first.stat().st_mtime_ns
    assert _run(out, '--rooms', 2, '--poses', 2, '--workers', 1, '--seed', 8) == 0
    assert first.stat().st_mtime_ns == stamp
    assert sorted(p.name for p in out.glob('*/*.npz')) == ['room_000008.npz', 'room_000009.npz']
    assert json.loads((out / 'dataset.json').read_text())['simulation'] is True


def test_another_data_set_is_not_mixed_in(tmp_path, capsys):
    assert _run(tmp_path, '--rooms', 1, '--poses', 1, '--workers', 1) == 0
    assert _run(tmp_path, '--rooms', 1, '--poses', 2, '--workers', 1) == 2
    assert 'poses' in capsys.readouterr().out


def test_every_tenth_room_validates_and_another_tests():
    splits = [dataset.split_of(room) for room in range(20)]
    assert splits.count('train') == 16
    assert splits.count('val') == splits.count('test') == 2


def test_arrays_are_what_training_expects():
    arrays = dataset.simulate_room(3, 2)
    assert arrays['waveform'].shape == (2, 2, 3197) and arrays['waveform'].dtype == np.int16
    assert arrays['depth'].shape == (2, 128, 128) and arrays['depth'].dtype == np.uint16
    assert arrays['rgb'].shape == (2, 128, 128, 3)
    assert arrays['first_range'] == pytest.approx(
        arrays['depth'].reshape(2, -1).min(axis=1) / 1000, rel=0.5)
    again = dataset.simulate_room(3, 2)
    assert all(np.array_equal(arrays[key], again[key]) for key in arrays)


def test_windows_are_cut_as_the_live_chain_cuts_them():
    fmt = PingFormat()
    offsets = []
    for seed in range(3):
        for window in dataset.simulate_room(seed, 4)['waveform']:
            found = find_direct_sound(window.astype(np.float32) / 32767, fmt)
            offsets.append(found.index - fmt.direct_index)
    assert np.abs(np.median(offsets)) < 1.0, offsets
    assert np.quantile(np.abs(offsets), 0.9) < 2.5, offsets
