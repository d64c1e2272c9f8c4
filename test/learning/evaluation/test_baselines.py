# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from echo_depth_ros.learning.data import EchoSplit
from echo_depth_ros.learning.evaluation import baselines
from echo_depth_ros.learning.evaluation.baselines import ConstantImages, ScaledMean


def _split(depths_m):
    """One flat depth image per entry, told apart by the window's first sample."""
    depth = torch.tensor(depths_m)[:, None, None].expand(-1, 4, 4) * 1000
    waveform = torch.zeros(len(depths_m), 2, 3197, dtype=torch.int16)
    waveform[:, 0, 0] = torch.arange(len(depths_m))
    return EchoSplit(waveform, depth.round().to(torch.int16).contiguous())


def test_constant_images_are_mean_median_and_weighted_median():
    constant = ConstantImages.fit(_split([1.0, 2.0, 3.0, 4.0, 10.0]))
    assert constant.mean == pytest.approx(4)
    assert constant.median == pytest.approx(3)
    # Weights 1, 1/2, 1/3, 1/4, 1/10 sum to 2.18: half is reached at 2 m.
    assert constant.relative == pytest.approx(2)


def test_holes_take_no_part():
    split = _split([1.0, 2.0, 9.0])
    split.depth[2, 0, 0] = 0
    split.depth[:, 3, 3] = 0
    constant = ConstantImages.fit(split)
    assert constant.mean[0, 0] == pytest.approx(1.5)
    assert np.isfinite(constant.mean).all() and np.isfinite(constant.median).all()


def test_depth_that_is_a_line_over_the_range_is_found(monkeypatch):
    ranges = np.linspace(0.5, 4, 20)
    split = _split(list(0.4 + 1.5 * ranges))
    monkeypatch.setattr(baselines, 'echo_range',
                        lambda window, fmt, least: ranges[round(window[0, 0] * 32767)])
    mean = split.mean_depth().numpy()
    scaled = ScaledMean.fit(split, mean)
    images = scaled.images(2.0)
    assert images['scaled mean, first echo, line'] == pytest.approx(3.4, abs=0.01)
    assert images['scaled mean, first echo, line per pixel'] == pytest.approx(3.4, abs=0.01)
    assert images['scaled mean, first echo, ratio'] == pytest.approx(mean * 2 / ranges.mean())
    for image in scaled.images(np.inf).values():
        assert image == pytest.approx(mean)
