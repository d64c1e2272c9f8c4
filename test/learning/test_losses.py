# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import torch

from echo_depth_ros.learning.losses import depth_loss, log_gradient, log_l1


def test_log_l1_of_a_constant_factor_is_its_log():
    depth = torch.rand(2, 8, 8) * 5 + 0.5
    assert torch.isclose(log_l1((1.25 * depth).log(), depth), torch.tensor(math.log(1.25)))


def test_holes_do_not_count():
    depth = torch.full((1, 8, 8), 2.0)
    guess = depth.log()
    guess[0, :4] = 7.0
    depth[0, :4] = 0.0
    assert log_l1(guess, depth) == 0


def test_an_image_of_holes_gives_zero_and_a_finite_gradient():
    guess = torch.zeros(1, 8, 8, requires_grad=True)
    loss = depth_loss(guess, torch.zeros(1, 8, 8), gradient=0.5)
    loss.backward()
    assert loss.item() == 0
    assert torch.isfinite(guess.grad).all()


def test_gradient_term_ignores_scale_and_sees_slope():
    depth = torch.linspace(1, 3, 16).expand(1, 16, 16)
    assert log_gradient((2 * depth).log(), depth) < 1e-6
    assert log_gradient(torch.zeros(1, 16, 16), depth) > 0.01


def test_gradient_term_of_a_ramp_is_its_step():
    # Log depth that grows 0.01 a pixel, guessed flat: 4-pixel cells step 0.04 along x, 0 along y.
    depth = torch.exp(0.01 * torch.arange(16.0)).expand(1, 16, 16)
    assert torch.isclose(log_gradient(torch.zeros(1, 16, 16), depth), torch.tensor(0.02),
                         atol=1e-5)
