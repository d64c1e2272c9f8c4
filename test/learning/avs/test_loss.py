# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from echo_depth_ros.learning.avs.loss import scale_invariant, ScaleInvariantConfig
from echo_depth_ros.learning.training.errors import ConfigError
from echo_depth_ros.learning.training.sections import section


def _images(seed=0, count=2):
    chance = torch.Generator().manual_seed(seed)
    return (0.5 + 8 * torch.rand(count, 6, 5, generator=chance),
            0.5 + 8 * torch.rand(count, 6, 5, generator=chance))


def test_two_pixels_by_hand():
    truth = torch.tensor([[[2.0, 4.0]]])
    predicted = torch.tensor([[[2 * math.e**0.3, 4 * math.e**-0.1]]])
    expected = 10 * math.sqrt((0.3**2 + 0.1**2) / 2 - 0.85 / 4 * (0.3 - 0.1)**2)
    assert float(scale_invariant(predicted, truth)) == pytest.approx(expected, rel=1e-5)


def test_a_single_pixel_by_hand():
    loss = scale_invariant(torch.tensor([[[3.0]]]), torch.tensor([[[2.0]]]))
    assert float(loss) == pytest.approx(10 * math.sqrt(0.15) * math.log(1.5), rel=1e-5)


@pytest.mark.parametrize('factor', [0.25, 0.9, 3.0])
def test_a_wrong_scale_alone_costs_its_logarithm(factor):
    truth = _images()[1]
    expected = 10 * math.sqrt(1 - 0.85) * abs(math.log(factor))
    assert float(scale_invariant(factor * truth, truth)) == pytest.approx(expected, rel=1e-4)


def test_with_lambda_1_scale_costs_nothing():
    predicted, truth = _images()
    config = ScaleInvariantConfig(lam=1.0)
    once, more = (float(scale_invariant(k * predicted, truth, config=config)) for k in (1, 2.5))
    assert once > 1 and more == pytest.approx(once, rel=1e-5)
    half = ScaleInvariantConfig(lam=0.5)
    assert float(scale_invariant(2.5 * predicted, truth, config=half)) != pytest.approx(
        float(scale_invariant(predicted, truth, config=half)), rel=1e-2)


def test_it_is_the_papers_sum():
    predicted, truth = _images(3, 1)
    g = (predicted.double().log() - truth.double().log()).flatten()
    expected = 10 * math.sqrt(float((g**2).sum() / 30 - 0.85 / 30**2 * g.sum()**2))
    assert float(scale_invariant(predicted, truth)) == pytest.approx(expected, rel=1e-5)


def test_holes_and_what_is_beyond_range_do_not_count():
    predicted, truth = _images()
    kept = float(scale_invariant(predicted[:, :4], truth[:, :4]))
    truth[:, 4], truth[:, 5] = 0, 12
    predicted[:, 4] = 0
    predicted.requires_grad_()
    loss = scale_invariant(predicted, truth)
    assert float(loss.detach()) == pytest.approx(kept, rel=1e-5)
    loss.backward()
    assert torch.isfinite(predicted.grad).all()
    assert not predicted.grad[:, 4:].any() and predicted.grad[:, :4].all()


def test_each_image_counts_the_same_and_empty_ones_do_not():
    predicted, truth = _images(1, 3)
    one, two = (float(scale_invariant(predicted[i:i + 1], truth[i:i + 1])) for i in (0, 1))
    truth[2] = 0
    assert float(scale_invariant(predicted, truth)) == pytest.approx((one + two) / 2, rel=1e-5)
    assert float(scale_invariant(predicted, torch.zeros_like(truth))) == 0


def test_a_perfect_image_has_no_gradient_and_no_nan():
    truth = _images()[1]
    predicted = truth.clone().requires_grad_()
    loss = scale_invariant(predicted, truth)
    loss.backward()
    assert float(loss.detach()) == 0
    assert torch.equal(predicted.grad, torch.zeros_like(truth))


@pytest.mark.parametrize('values', [{'lam': 1.1}, {'lam': -0.1}, {'alpha': 0}])
def test_weights_that_make_no_sense_are_refused(values):
    with pytest.raises(ConfigError, match='expected'):
        section(ScaleInvariantConfig, values, 'here')
