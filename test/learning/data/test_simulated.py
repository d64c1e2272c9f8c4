# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from echo_depth_ros.learning.data import DatasetError, open_split
from echo_depth_ros.learning.data.split import MATERIALS
from echo_depth_ros.sim import materials as simulator

from .small import write_room


def test_loads_every_room_of_a_split(toy_data):
    split = open_split(toy_data, 'val', progress=False)
    assert len(split) == 4 * 16
    wave, depth = split[5]
    assert wave.shape == (2, 3197) and wave.abs().max() <= 1
    assert depth.shape == (128, 128) and 0 < depth.max() <= 12
    assert set(split.shapes) == {'box'}
    file, index = split.sources[21]
    with np.load(file) as room:
        assert np.array_equal(room['waveform'][index], split.waveform[21].numpy())
        assert np.array_equal(room['rgb'][index], split.rgb[21].numpy())
        assert split.first_range[21] == room['first_range'][index]


def test_depth_beyond_range_is_clipped_and_holes_stay(tmp_path):
    depth = np.full((3, 128, 128), 2000, np.uint16)
    depth[0, 0, 0], depth[1, 0, 0] = 0, 60000
    write_room(tmp_path / 'train' / 'room_000001.npz', depth=depth)
    split = open_split(tmp_path, 'train', progress=False)
    assert split[0][1][0, 0] == 0 and split[1][1][0, 0] == 12
    assert np.isnan(split.depth_metres(0)[0, 0])


def test_corrupt_files_are_named_and_counted(tmp_path, capsys):
    train = tmp_path / 'train'
    write_room(train / 'room_000001.npz')
    (train / 'room_000002.npz').write_bytes(b'no archive')
    (train / 'room_000003.npz').write_bytes(b'')
    write_room(train / 'room_000004.npz', waveform=np.zeros((3, 2, 3200), np.int16))
    whole = (train / 'room_000001.npz').read_bytes()
    (train / 'room_000005.npz').write_bytes(whole[:len(whole) // 2])
    write_room(train / 'room_000006.npz', rgb=np.zeros((2, 128, 128, 3), np.uint8))
    np.savez(train / 'room_000007.npz', depth=np.zeros(3))
    (train / 'notes.txt').write_text('a stray file')
    split = open_split(tmp_path, 'train', progress=False)
    assert len(split) == 3
    assert sorted(split.skipped) == [f'room_00000{n}.npz' for n in (2, 3, 4, 5, 6, 7)]
    assert '3200' in split.skipped['room_000004.npz']
    assert 'no array "waveform"' in split.skipped['room_000007.npz']
    assert 'skipped 6, used 3' in capsys.readouterr().err


def test_deaf_ears_and_empty_images_are_skipped(tmp_path):
    write_room(tmp_path / 'train' / 'room_000001.npz')
    with np.load(tmp_path / 'train' / 'room_000001.npz') as room:
        waveform, depth = room['waveform'], room['depth']
    waveform[0, 1] = 0
    depth[2] = 0
    write_room(tmp_path / 'train' / 'room_000001.npz', waveform=waveform, depth=depth)
    split = open_split(tmp_path, 'train', progress=False)
    assert [index for _, index in split.sources] == [1]
    assert split.skipped == {'room_000001.npz[0]': 'the right ear is silent throughout',
                             'room_000001.npz[2]': 'the depth image is all holes'}


def test_missing_and_unreadable_splits_are_errors(tmp_path):
    write_room(tmp_path / 'val' / 'room_000008.npz')
    with pytest.raises(DatasetError, match='echo-depth simulate'):
        open_split(tmp_path, 'train')
    (tmp_path / 'train').mkdir()
    (tmp_path / 'train' / 'room_000002.npz').write_bytes(b'no archive')
    with pytest.raises(DatasetError, match='1 were skipped, the first: room_000002.npz'):
        open_split(tmp_path, 'train', progress=False)


def test_pings_of_another_format_are_refused(tmp_path):
    write_room(tmp_path / 'train' / 'room_000001.npz')
    (tmp_path / 'dataset.json').write_text('{"format": {"sample_rate": 48000, "window": 3197}}')
    with pytest.raises(DatasetError, match='sample_rate is 48000, expected 44100'):
        open_split(tmp_path, 'train', progress=False)
    (tmp_path / 'dataset.json').write_text('[')
    with pytest.raises(DatasetError, match='no description'):
        open_split(tmp_path, 'train', progress=False)


def test_numbers_that_stand_for_no_material_are_skipped(tmp_path):
    write_room(tmp_path / 'train' / 'room_000001.npz')
    with np.load(tmp_path / 'train' / 'room_000001.npz') as room:
        material = room['material']
    assert MATERIALS == len(simulator.MATERIALS)
    material[0, 0, 0], material[1, 0, 0] = MATERIALS, MATERIALS + 1
    write_room(tmp_path / 'train' / 'room_000001.npz', material=material)
    split = open_split(tmp_path, 'train', progress=False)
    assert [index for _, index in split.sources] == [0, 2]
    assert split.skipped == {'room_000001.npz[1]': 'the material image has the number 17; '
                             'expected 0, no surface, to 16, the last of the simulator'}
