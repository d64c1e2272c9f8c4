# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from echo_depth_ros.learning.avs.disparity import (
    load_disparity,
    scale_shift_invariant,
    train_disparity,
)
from echo_depth_ros.learning.training.checkpoint import save_model
from echo_depth_ros.learning.training.errors import CheckpointError

from .small import TINY, tiny


def _depth(seed=0):
    return 1 + 5 * torch.rand(2, 16, 16, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(('scale', 'shift'), [(1.0, 0.0), (7.0, 0.3), (0.1, 2.0)])
def test_scale_and_shift_of_disparity_cost_nothing(scale, shift):
    depth = _depth()
    assert scale_shift_invariant(scale / depth + shift, depth) < 1e-4


def test_another_shape_costs_something_and_the_other_way_round_more():
    depth = _depth()
    flat = scale_shift_invariant(1 / depth + 0.05 * _depth(1), depth)
    assert 0.01 < flat < scale_shift_invariant(-1 / depth, depth)


def test_holes_and_what_is_too_far_do_not_count():
    depth = _depth()
    said = 1 / depth
    depth[:, 0], depth[:, 1] = 0, 12
    said[:, :2] = 100
    said.requires_grad_()
    loss = scale_shift_invariant(said, depth)
    loss.backward()
    assert loss < 1e-4 and torch.isfinite(said.grad).all() and not said.grad[:, :2].any()
    assert scale_shift_invariant(said, torch.zeros_like(depth)) == 0


def test_it_learns_what_is_near(splits, tmp_path):
    path = tmp_path / 'model.pt'
    train_disparity(splits[0], path, TINY, steps=15, batch=6, rate=8e-3, progress=False)
    network = load_disparity(path)
    indices = torch.arange(8)
    rgb, depth = splits[1].rgb_batch(indices), splits[1].batch(indices)[1]
    small = torch.nn.functional.interpolate(rgb, (32, 64), mode='bilinear', antialias=True)
    with torch.no_grad():
        said = network(small)
    truth = torch.nn.functional.interpolate(depth[:, None], said.shape[1:])[:, 0]
    flat = torch.rand(said.shape, generator=torch.Generator().manual_seed(0))
    assert scale_shift_invariant(said, truth) < 0.8 * scale_shift_invariant(flat, truth)


def test_other_checkpoints_are_named(tmp_path):
    save_model(tmp_path / 'model.pt', 'avs', tiny(), {})
    with pytest.raises(CheckpointError, match="of kind 'avs'"):
        load_disparity(tmp_path / 'model.pt')
