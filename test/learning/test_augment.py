# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from echo_depth_ros.learning.augment import Augmentation

NOTHING = {'gain_db': (0.0, 0.0), 'ear_db': 0.0, 'noise_share': 0.0, 'jitter': 0,
           'mirror_share': 0.0}


def _batch(count=8):
    generator = torch.Generator().manual_seed(5)
    wave = 0.1 * torch.randn(count, 2, 400, generator=generator)
    return wave, torch.rand(count, 16, 16, generator=generator)


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_nothing_changes_nothing():
    wave, depth = _batch()
    new_wave, new_depth = Augmentation(**NOTHING)(wave, depth, _generator())
    assert torch.equal(new_wave, wave)
    assert torch.equal(new_depth, depth)


def test_mirror_swaps_ears_and_flips_depth_together():
    wave, depth = _batch()
    new_wave, new_depth = Augmentation(**NOTHING | {'mirror_share': 0.5})(
        wave, depth, _generator())
    swapped = (new_wave == wave.flip(1)).all((1, 2))
    flipped = (new_depth == depth.flip(2)).all((1, 2))
    assert torch.equal(swapped, flipped)
    assert 0 < swapped.sum() < len(wave)
    assert torch.equal(new_depth[~flipped], depth[~flipped])


def test_gain_and_mismatch_stay_inside_their_limits():
    wave, depth = _batch(64)
    new, _ = Augmentation(**NOTHING | {'gain_db': (-9.0, 6.0), 'ear_db': 1.5})(
        0.1 * wave, depth, _generator())
    decibels = 20 * torch.log10(new.norm(dim=2) / (0.1 * wave).norm(dim=2))
    assert decibels.min() >= -9.8 and decibels.max() <= 6.8
    mismatch = (decibels[:, 0] - decibels[:, 1]).abs()
    assert 0.5 < mismatch.max() <= 1.51
    assert decibels.mean(1).max() - decibels.mean(1).min() > 8


def test_noise_has_the_asked_level():
    wave, depth = _batch(64)
    new, _ = Augmentation(**NOTHING | {'noise_share': 1.0, 'noise_snr_db': (20.0, 20.0)})(
        wave, depth, _generator())
    noise = (new - wave).square().mean((1, 2)).sqrt()
    level = 20 * torch.log10(wave.square().mean((1, 2)).sqrt() / noise)
    assert level.median().item() == pytest.approx(20, abs=1)


def test_jitter_moves_by_whole_samples():
    wave, depth = _batch(32)
    new, _ = Augmentation(**NOTHING | {'jitter': 1})(wave, depth, _generator())
    inner = new[:, :, 1:-1]
    shifts = [(inner == wave[:, :, 1 + s:399 + s]).all((1, 2)) for s in (-1, 0, 1)]
    assert torch.stack(shifts).any(0).all()
    assert all(shift.any() for shift in shifts)


def test_full_scale_clips():
    wave, depth = _batch()
    new, _ = Augmentation(**NOTHING | {'gain_db': (40.0, 40.0)})(wave, depth, _generator())
    assert new.abs().max() == 1


def test_same_seed_same_batch():
    wave, depth = _batch()
    first = Augmentation()(wave, depth, _generator(3))
    again = Augmentation()(wave, depth, _generator(3))
    other = Augmentation()(wave, depth, _generator(4))
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])
