# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from echo_depth_ros.learning.dataset import DatasetError, EchoSplit

from .toy import make_room


def _save(path, **changes):
    path.parent.mkdir(exist_ok=True)
    np.savez(path, **{**make_room(1, 3), **changes})


def test_loads_every_room_of_a_split(toy_data):
    split = EchoSplit.load(toy_data, 'val', progress=False)
    assert len(split) == 4 * 16
    wave, depth = split[5]
    assert wave.shape == (2, 3197) and wave.abs().max() <= 1
    assert depth.shape == (128, 128) and 0 < depth.max() <= 12
    assert set(split.shapes) == {'box'}
    file, index = split.sources[21]
    with np.load(file) as room:
        assert np.array_equal(room['waveform'][index], split.waveform[21].numpy())


def test_batch_equals_single_samples(toy_data):
    split = EchoSplit.load(toy_data, 'val', limit=10, progress=False)
    assert len(split) == 10
    wave, depth = split.batch(torch.tensor([7, 2]))
    assert torch.equal(wave[1], split[2][0]) and torch.equal(depth[0], split[7][1])


def test_depth_beyond_range_is_clipped_and_holes_stay(tmp_path):
    depth = np.full((3, 128, 128), 2000, np.uint16)
    depth[0, 0, 0], depth[1, 0, 0] = 0, 60000
    _save(tmp_path / 'train' / 'room_000001.npz', depth=depth)
    split = EchoSplit.load(tmp_path, 'train', progress=False)
    assert split[0][1][0, 0] == 0 and split[1][1][0, 0] == 12
    assert np.isnan(split.depth_metres(0)[0, 0])
    assert split.mean_depth()[0, 0] == pytest.approx(7)


def test_corrupt_files_are_named_and_counted(tmp_path, capsys):
    _save(tmp_path / 'train' / 'room_000001.npz')
    (tmp_path / 'train' / 'room_000002.npz').write_bytes(b'no archive')
    (tmp_path / 'train' / 'room_000003.npz').write_bytes(b'')
    _save(tmp_path / 'train' / 'room_000004.npz', waveform=np.zeros((3, 2, 3200), np.int16))
    whole = (tmp_path / 'train' / 'room_000001.npz').read_bytes()
    (tmp_path / 'train' / 'room_000005.npz').write_bytes(whole[:len(whole) // 2])
    split = EchoSplit.load(tmp_path, 'train', progress=False)
    assert len(split) == 3
    assert sorted(split.skipped) == [f'room_00000{n}.npz' for n in (2, 3, 4, 5)]
    assert '3200' in split.skipped['room_000004.npz']
    assert 'skipped 4 of 5 files' in capsys.readouterr().err


def test_missing_and_unreadable_splits_are_errors(tmp_path):
    with pytest.raises(DatasetError, match='echo-depth simulate'):
        EchoSplit.load(tmp_path, 'train')
    (tmp_path / 'train').mkdir()
    (tmp_path / 'train' / 'room_000002.npz').write_bytes(b'no archive')
    with pytest.raises(DatasetError, match='none of the 1 files'):
        EchoSplit.load(tmp_path, 'train', progress=False)


def test_pings_of_another_format_are_refused(tmp_path):
    _save(tmp_path / 'train' / 'room_000001.npz')
    (tmp_path / 'dataset.json').write_text('{"format": {"sample_rate": 48000, "window": 3197}}')
    with pytest.raises(DatasetError, match='sample_rate is 48000, expected 44100'):
        EchoSplit.load(tmp_path, 'train', progress=False)
    (tmp_path / 'dataset.json').write_text('[')
    with pytest.raises(DatasetError, match='no description'):
        EchoSplit.load(tmp_path, 'train', progress=False)
