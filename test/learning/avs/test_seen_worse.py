# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Darkness and narrow cameras, as training draws them."""

import pytest
import torch

from echo_depth_ros.learning.augment import Augmentation
from echo_depth_ros.learning.avs.batches import AvsBatches
from echo_depth_ros.learning.avs.darkness import darken, draw_light, READ_NOISE
from echo_depth_ros.learning.avs.narrow import LEAST_ACROSS, LEAST_DOWN, LEAST_VIEW, narrow


def _chance(seed=0):
    return torch.Generator().manual_seed(seed)


def test_light_dims_in_proportion_and_adds_the_sensors_noise():
    grey = torch.full((3, 3, 64, 64), 0.6)
    seen = darken(grey, torch.tensor([1.0, 0.1, 0.0]), _chance())
    assert torch.equal(seen[0], grey[0])
    assert float(seen[1].mean()) == pytest.approx(0.06, abs=1e-3)
    assert float(seen[1].std()) * 255 == pytest.approx(READ_NOISE, rel=0.1)
    # Nothing but noise above black is left of an image without light.
    assert float(seen[2].mean()) * 255 < 1 and float(seen[2].max()) * 255 < 10
    assert torch.equal((seen[1:] * 255).round(), seen[1:] * 255)


def test_a_share_of_the_images_is_dark_over_three_decades():
    light = draw_light(4000, 0.25, _chance())
    dark = light[light < 1]
    assert len(dark) / 4000 == pytest.approx(0.25, abs=0.03)
    assert float(dark.log10().mean()) == pytest.approx(-1.5, abs=0.1) and dark.min() < 2e-3


def test_narrow_cameras_see_a_rectangle_in_the_middle():
    seen = narrow(torch.ones(400, 3, 48, 48), 0.5, _chance()) > 0
    assert torch.equal(seen[:, 0], seen[:, 2]) and seen[:, 0, 23, 23].all()
    assert torch.equal(seen, seen.flip(2)) and torch.equal(seen, seen.flip(3))
    area = seen[:, 0].float().mean((1, 2))
    assert (area == 1).float().mean() == pytest.approx(0.5, abs=0.08)
    assert area.min() >= LEAST_VIEW - 0.05
    across, down = seen[:, 0].any(1).float().mean(1), seen[:, 0].any(2).float().mean(1)
    assert across.min() >= LEAST_ACROSS - 0.05 and down.min() >= LEAST_DOWN - 0.05


def test_validation_sees_all_there_is(splits):
    indices = torch.arange(8)
    plain = AvsBatches(splits[1], dark_share=1.0, narrow_share=1.0)(indices, _chance())
    assert torch.equal(plain['rgb'], splits[1].rgb_batch(indices))
    worse = AvsBatches(splits[0], False, Augmentation(), 0.0, 0.0, 1.0)(indices, _chance())
    assert (worse['rgb'] == 0).float().mean() > 0.1
