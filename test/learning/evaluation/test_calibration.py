# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
import torch

from echo_depth_ros.learning.data import EchoSplit
from echo_depth_ros.learning.evaluation.calibration import (
    calibrate,
    CalibrationError,
    fit_confidence,
)
from echo_depth_ros.learning.networks.student import EchoStudent

from ..tiny import TINY


def _confidence(log_scale, slope, offset):
    return 1 - np.exp(-math.log(1.25) / np.exp(slope * log_scale + offset))


@pytest.mark.parametrize('slope, offset', [(1.0, 0.0), (0.6, -0.8), (1.4, 0.7)])
def test_finds_the_numbers_that_made_the_data(slope, offset):
    rng = np.random.default_rng(2)
    log_scale = rng.normal(-2, 0.7, 400_000)
    inside = rng.random(log_scale.size) < _confidence(log_scale, slope, offset)
    assert fit_confidence(log_scale, inside) == pytest.approx((slope, offset), abs=0.04)


def test_a_scale_that_says_nothing_gives_the_share_that_is_right():
    slope, offset = fit_confidence(np.full(1000, -1.0), np.arange(1000) < 700)
    assert _confidence(-1.0, slope, offset) == pytest.approx(0.7)


def test_a_scale_that_misleads_is_all_but_ignored():
    rng = np.random.default_rng(3)
    log_scale = rng.normal(-2, 0.5, 20_000)
    inside = rng.random(log_scale.size) < _confidence(-log_scale, 1, -2)
    slope, offset = fit_confidence(log_scale, inside)
    assert slope == pytest.approx(0.05)
    assert _confidence(log_scale, slope, offset).mean() == pytest.approx(inside.mean(), abs=0.01)


@pytest.mark.parametrize('log_scale, inside', [
    ([0.0, 1.0], [True, True]), ([0.0, 1.0], [False, False]), ([], []),
    ([0.0, 1.0], [True]), ([np.nan, 1.0], [True, False])])
def test_what_cannot_be_fitted_is_explained(log_scale, inside):
    with pytest.raises(CalibrationError, match='expected'):
        fit_confidence(np.array(log_scale), np.array(inside, bool))


def test_calibrating_makes_mean_confidence_the_share_that_is_right():
    torch.manual_seed(0)
    student = EchoStudent(TINY)
    generator = torch.Generator().manual_seed(1)
    waveform = torch.randint(-9000, 9000, (12, 2, 3197), generator=generator, dtype=torch.int16)
    student.set_mean_depth(torch.full((128, 128), 3.0))
    spread = torch.rand(12, 128, 128, generator=generator)
    split = EchoSplit(waveform, (3000 * (1 + 0.5 * spread)).to(torch.int16))
    student.train()
    numbers = calibrate(student, split, batch=5)
    assert student.training
    assert student.calibration.tolist() == pytest.approx(numbers)
    assert calibrate(student, split, batch=12) == pytest.approx(numbers, rel=1e-3)
    student.eval()
    with torch.no_grad():
        depth, confidence = student(split.batch(torch.arange(12))[0])
    truth = split.batch(torch.arange(12))[1]
    right = (torch.maximum(depth / truth, truth / depth) < 1.25).float().mean().item()
    assert confidence.mean().item() == pytest.approx(right, abs=0.02)
