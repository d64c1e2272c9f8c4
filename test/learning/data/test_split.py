# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from echo_depth_ros.learning.data import DatasetError, EchoSplit, open_split

from .small import write_room


def _split(**more):
    return EchoSplit(torch.full((3, 2, 3197), 32767, dtype=torch.int16),
                     torch.full((3, 128, 128), 2000, dtype=torch.int16), **more)


def test_batch_equals_single_samples(toy_data):
    split = open_split(toy_data, 'val', limit=10, progress=False)
    assert len(split) == 10
    wave, depth = split.batch(torch.tensor([7, 2]))
    assert torch.equal(wave[1], split[2][0]) and torch.equal(depth[0], split[7][1])


def test_full_scale_and_metres():
    wave, depth = _split()[1]
    assert wave.dtype == depth.dtype == torch.float32
    assert wave.max() == 1 and depth.max() == 2


def test_colour_and_material_are_gathered():
    rgb = torch.arange(3 * 128 * 128 * 3).reshape(3, 128, 128, 3).to(torch.uint8)
    material = torch.full((3, 128, 128), 16, dtype=torch.uint8)
    split = _split(rgb=rgb, material=material)
    got = split.rgb_batch(torch.tensor([2, 0]))
    assert got.shape == (2, 3, 128, 128) and 0 <= got.min() and got.max() == 1
    assert torch.equal(got[1, :, 5, 7], rgb[0, 5, 7] / 255)
    got = split.material_batch(torch.tensor([1]))
    assert got.dtype == torch.int64 and got.unique().tolist() == [16]


def test_what_a_data_set_lacks_is_an_error():
    with pytest.raises(DatasetError, match='no colour'):
        _split().rgb_batch(torch.tensor([0]))
    with pytest.raises(DatasetError, match='no material'):
        _split().material_batch(torch.tensor([0]))


def test_mean_depth_leaves_holes_out():
    split = _split()
    split.depth[0, 0, 0], split.depth[1, 0, 0] = 0, 12000
    split.depth[:, 5, 5] = 0
    assert np.isnan(split.depth_metres(0)[0, 0])
    assert split.mean_depth()[0, 0] == pytest.approx(7)
    assert torch.isnan(split.mean_depth()[5, 5])


@pytest.mark.filterwarnings('error')
def test_writing_to_a_sample_leaves_the_disk_alone(tmp_path):
    write_room(tmp_path / 'train' / 'room_000001.npz')
    open_split(tmp_path, 'train', progress=False).waveform[0, 0, 0] = 123
    assert open_split(tmp_path, 'train', progress=False).waveform[0, 0, 0] != 123
