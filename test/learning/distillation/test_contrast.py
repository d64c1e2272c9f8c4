# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch
from torch import nn

from echo_depth_ros.learning.distillation.contrast import CompositionalContrast


def _plain(kind, composed=True, **options):
    """With F_CCL the identity, so that the equation can be worked out by hand."""
    contrast = CompositionalContrast(
        4, {'depth': 4, 'material': 4}, composed=composed, width=4, kind=kind, **options)
    contrast.echo = nn.Identity()
    for projections in (contrast.seen, contrast.composed):
        for x in projections:
            projections[x] = nn.Identity()
    return contrast


def _one_hot(*channels):
    image = torch.zeros(len(channels), 4, 8, 8)
    for sample, channel in enumerate(channels):
        image[sample, channel] = 3.0
    return image


def test_cosine_is_equation_2():
    echo = _one_hot(0)
    teacher = {'depth': _one_hot(0), 'material': _one_hot(1)}
    composed = {'depth': -_one_hot(0), 'material': _one_hot(0) + _one_hot(1)}
    expected = 0 + 1 + 2 + (1 - math.sqrt(0.5))
    loss = _plain('cosine')(echo, teacher, composed)
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    only_seen = _plain('cosine', composed=False)(echo, teacher, {})
    assert only_seen.item() == pytest.approx(1)


def test_infonce_of_a_batch_in_which_all_differ():
    echo = _one_hot(0, 1, 2)
    loss = _plain('infonce', composed=False, temperature=0.5)(
        echo, {'depth': echo, 'material': echo}, {})
    same = math.exp(1 / 0.5)
    assert loss.item() == pytest.approx(-2 * math.log(same / (same + 2)), rel=1e-4)


def test_infonce_of_a_collapsed_batch_is_chance():
    echo = _one_hot(1, 1, 1, 1)
    loss = _plain('infonce', composed=False)(echo, {'depth': echo, 'material': echo}, {})
    assert loss.item() == pytest.approx(2 * math.log(4), rel=1e-4)


@pytest.mark.parametrize('detach', [True, False])
def test_detach_leaves_the_teachers_side_alone(detach):
    torch.manual_seed(0)
    contrast = CompositionalContrast(4, {'depth': 6}, composed=True, detach=detach)
    composed = torch.randn(3, 4, 8, 8, requires_grad=True)
    contrast(torch.randn(3, 4, 8, 8), {'depth': torch.randn(3, 6, 8, 8)},
             {'depth': composed}).backward()
    assert contrast.echo[0].weight.grad is not None
    assert (contrast.seen['depth'][0].weight.grad is None) == detach
    assert composed.grad is None


def test_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="'euclid'.*cosine, infonce"):
        CompositionalContrast(4, {'depth': 4}, composed=False, kind='euclid')
