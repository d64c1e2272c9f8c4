# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from echo_depth_ros.learning.losses import coarse, inside_likelihood, log_l1, material_entropy


def test_log_l1_of_a_constant_factor_is_its_log():
    depth = torch.rand(2, 8, 8) * 5 + 0.5
    assert torch.isclose(log_l1((1.25 * depth).log(), depth), torch.tensor(math.log(1.25)))


def test_holes_do_not_count():
    depth = torch.full((1, 8, 8), 2.0)
    guess = depth.log()
    guess[0, :4] = 7.0
    depth[0, :4] = 0.0
    assert log_l1(guess, depth) == 0
    scale = torch.full((1, 8, 8), -5.0)
    assert inside_likelihood(scale, guess, depth) < 1e-6


def test_an_image_of_holes_gives_zero_and_a_finite_gradient():
    guess = torch.zeros(1, 8, 8, requires_grad=True)
    hole = torch.zeros(1, 8, 8)
    loss = log_l1(guess, hole) + inside_likelihood(guess, guess, hole)
    loss.backward()
    assert loss.item() == 0
    assert torch.isfinite(guess.grad).all()


def test_likelihood_is_the_entropy_of_what_happened():
    # Three of four pixels inside: the scale that says 3/4 is the best, and scores the entropy.
    depth = torch.ones(1, 2, 2)
    guess = torch.tensor([[[0.0, 0.1], [0.2, 1.0]]])
    right = math.log(math.log(1.25) / -math.log(0.25))
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    best = inside_likelihood(torch.full((1, 2, 2), right), guess, depth)
    assert best.item() == pytest.approx(entropy, rel=1e-5)
    for other in (right - 0.5, right + 0.5):
        assert inside_likelihood(torch.full((1, 2, 2), other), guess, depth) > best


def test_likelihood_does_not_pull_at_depth():
    guess = torch.zeros(1, 4, 4, requires_grad=True)
    scale = torch.zeros(1, 4, 4, requires_grad=True)
    inside_likelihood(scale, guess, torch.full((1, 4, 4), 3.0)).backward()
    assert guess.grad is None
    assert scale.grad.abs().min() > 0


@pytest.mark.parametrize('log_scale', [-20.0, 20.0])
def test_likelihood_stays_finite(log_scale):
    scale = torch.full((1, 1, 2), log_scale, requires_grad=True)
    loss = inside_likelihood(scale, torch.tensor([[[0.0, 3.0]]]), torch.ones(1, 1, 2))
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(scale.grad).all()


def test_materials_are_sampled_not_mixed():
    material = torch.arange(16).reshape(1, 4, 4)
    assert coarse(material, 2).tolist() == [[[5, 7], [13, 15]]]
    logits = torch.full((1, 16, 2, 2), -30.0)
    logits.scatter_(1, coarse(material, 2)[:, None], 30.0)
    assert material_entropy(logits, material) < 1e-6
