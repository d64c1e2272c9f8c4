# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which frames make triples, and what chance does to them."""

import json

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
import torch

from echo_depth_ros.learning.data import DatasetError
from echo_depth_ros.learning.monodepth.batches import TripleAugmentation, TripleBatches
from echo_depth_ros.learning.monodepth.drives import open_drive, TripleConfig, triples

from .films import CAMERA, write_drive

NAN = float('nan')


def _moved(*driven, turned=0.0):
    return np.array([[metres, turned] for metres in driven], np.float32)


def test_every_frame_between_two_others_of_a_drive_is_a_target():
    assert triples(_moved(NAN, 0.15, 0.15, 0.15)).tolist() == [1, 2]
    assert triples(_moved(NAN, 0.15, 0.15, 0.15, 0.15), TripleConfig(gap=2)).tolist() == [2]


def test_turning_on_the_spot_and_new_takes_make_no_triples():
    assert triples(_moved(NAN, 0.15, 0.0, 0.15, 0.15)).tolist() == [3]
    assert triples(_moved(NAN, 0.15, NAN, 0.15, 0.15)).tolist() == [3]
    assert triples(_moved(NAN, 0.15, 0.15, turned=0.3)).tolist() == []
    assert triples(_moved(NAN)).tolist() == []


@given(st.lists(st.sampled_from([NAN, 0.0, 0.15]), max_size=12), st.integers(1, 3))
def test_triples_never_leave_their_film_or_take(driven, gap):
    moved = _moved(*driven) if driven else np.zeros((0, 2), np.float32)
    for target in triples(moved, TripleConfig(gap=gap)):
        assert gap <= target < len(driven) - gap
        assert (moved[target - gap + 1:target + gap + 1, 0] > 0.1).all()


def test_films_are_read_in_order(films):
    split = open_drive(films, 'train')
    assert len(split) == 8 and split.size == (64, 64) and split.camera == CAMERA
    frames = split.frames(torch.tensor([0, 4]))
    assert frames.shape == (2, 3, 3, 64, 64) and 0 <= frames.min() < frames.max() <= 1
    with np.load(films / 'train' / 'drive_0000001.npz') as room:
        assert np.allclose(split.truth(torch.tensor([4]))[0], room['depth'][1] / 1000)
        expected = torch.from_numpy(room['rgb'][2]).permute(2, 0, 1) / 255
    assert torch.allclose(frames[1, 2], expected)
    few = open_drive(films, 'train', limit=3)
    assert len(few) == 3 and len(few.rgb) == 6


def test_films_that_cannot_be_used_say_why(films, tmp_path):
    with pytest.raises(DatasetError, match='split is'):
        open_drive(films, 'none')
    with pytest.raises(DatasetError, match='limit'):
        open_drive(films, 'train', limit=0)
    with pytest.raises(DatasetError, match='simulate-drive'):
        open_drive(tmp_path, 'train')
    with pytest.raises(DatasetError, match='nowhere drove'):
        open_drive(films, 'train', TripleConfig(least_driven=1.0))
    root = write_drive(tmp_path / 'broken', rooms=1)
    (root / 'train' / 'drive_0000000.npz').write_bytes(b'nothing')
    with pytest.raises(DatasetError, match='cannot be read'):
        open_drive(root, 'train')
    with np.load(root / 'val' / 'drive_0000000.npz') as room:
        np.savez(root / 'val' / 'drive_0000000.npz', **{**room, 'rgb': room['rgb'][:-1]})
    with pytest.raises(DatasetError, match='expected rgb'):
        open_drive(root, 'val')
    (root / 'dataset.json').write_text(json.dumps({'kind': 'drive', 'camera': {'fx': 64}}))
    with pytest.raises(DatasetError, match='camera'):
        open_drive(root, 'test')
    (root / 'dataset.json').write_text(json.dumps({'kind': 'ambient'}))
    with pytest.raises(DatasetError, match='no films'):
        open_drive(root, 'test')


def test_without_augmentation_nothing_changes(films):
    split, some = open_drive(films, 'train'), torch.arange(4)
    batch = TripleBatches(split, TripleAugmentation(enabled=False), truth=True)(
        some, torch.Generator())
    assert torch.equal(batch['frames'], split.frames(some)) and batch['seen'] is batch['frames']
    assert torch.equal(batch['depth'], split.truth(some))


def test_triples_are_mirrored_and_reversed_as_a_whole(films):
    split = open_drive(films, 'train')
    some = torch.full((32,), 2)
    how = TripleAugmentation(reverse=True)
    batch = TripleBatches(split, how)(some, torch.Generator().manual_seed(1))
    plain = split.frames(torch.tensor([2]))[0]
    forms = [plain, plain.flip(-1), plain.flip(0), plain.flip(0).flip(-1)]
    found = [next(i for i, form in enumerate(forms) if torch.equal(form, frames))
             for frames in batch['frames']]
    assert set(found) == {0, 1, 2, 3} and 'depth' not in batch


def test_colours_change_alike_in_all_frames_and_not_in_what_is_compared(films):
    split = open_drive(films, 'train')
    how = TripleAugmentation(mirror=False, contrast=0.0)
    batch = TripleBatches(split, how)(torch.tensor([1, 2]), torch.Generator().manual_seed(0))
    assert torch.equal(batch['frames'], split.frames(torch.tensor([1, 2])))
    inside = (batch['seen'] > 0) & (batch['seen'] < 1)
    for frames, seen, fine in zip(batch['frames'], batch['seen'], inside):
        for colour in range(3):
            chosen = fine[:, colour]
            x, y = frames[:, colour][chosen], seen[:, colour][chosen]
            slope = ((x - x.mean()) * (y - y.mean())).mean() / x.var(correction=0)
            assert torch.allclose(y, y.mean() + slope * (x - x.mean()), atol=1e-4)
            assert 0.9 <= slope <= 1.1
