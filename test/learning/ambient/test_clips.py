# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
import torch

from echo_depth_ros.learning.ambient.layouts import open_clips
from echo_depth_ros.learning.ambient.simulated import open_simulated
from echo_depth_ros.learning.data.errors import DatasetError

from .small import clips, write_simulated


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp('ambient')
    write_simulated(folder)
    return folder


@pytest.mark.parametrize(('hear', 'samples', 'channels'), [
    ('mono', 18, 1), ('ear', 36, 1), ('ears', 36, 2)])
def test_simulated_rooms_read_as_they_are_to_be_heard(root, hear, samples, channels):
    found = open_clips(root, 'train', hear)
    assert len(found) == samples and found.channels == channels
    assert found.pictures(torch.arange(4)).shape == (4, channels, 96, 64)
    assert torch.equal(found.near, found.distance < 0.5)
    assert found.group.unique().tolist() == [0, 1, 2]


def test_sides_take_turns_and_the_own_ear_comes_first(root):
    found = open_clips(root, 'train', 'ears')
    left, right = found.pictures(torch.tensor([0, 1]))
    assert torch.equal(left[0], right[1]) and torch.equal(left[1], right[0])
    with np.load(root / 'train' / 'ambient_000000.npz') as room:
        assert found.distance[:2].tolist() == pytest.approx(room['distance'][0, [1, 3]].tolist())


def test_images_come_along(root):
    found = open_simulated(root, 'val', images=True)
    images = found.images(torch.tensor([0, 5]))
    assert images.shape == (2, 3, 16, 16) and 0 <= images.min() <= images.max() <= 1
    with pytest.raises(DatasetError, match='--images'):
        open_clips(root, 'val').images(torch.tensor([0]))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.floats(0.05, 0.6))
def test_partners_are_of_the_same_room_and_apart(seed, least):
    found = clips(24)
    every = torch.arange(len(found))
    partner = found.partners(every, torch.Generator().manual_seed(seed), least)
    paired = partner != every
    assert paired.any()
    assert torch.equal(found.group[partner], found.group)
    assert ((found.distance[partner] - found.distance).abs()[paired] >= least).all()


def test_what_is_no_data_set_is_named(root, tmp_path):
    with pytest.raises(DatasetError, match='simulate-ambient'):
        open_clips(tmp_path, 'train')
    with pytest.raises(DatasetError, match='nowhere'):
        open_clips(root, 'nowhere')
    with pytest.raises(DatasetError, match='hear'):
        open_clips(root, 'train', 'nothing')


def test_a_broken_room_is_named(tmp_path):
    write_simulated(tmp_path)
    (tmp_path / 'train' / 'ambient_000001.npz').write_bytes(b'PK no zip')
    with pytest.raises(DatasetError, match='ambient_000001'):
        open_clips(tmp_path, 'train')


def test_another_format_is_refused(tmp_path):
    write_simulated(tmp_path)
    (tmp_path / 'dataset.json').write_text('{"kind": "ambient", "format": {"clip": 8000}}')
    with pytest.raises(DatasetError, match='clip is 8000'):
        open_clips(tmp_path, 'train')
