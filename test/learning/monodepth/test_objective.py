# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Equations 5 and 6 and what they are made of."""

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest
import torch
from torch.nn import functional

from echo_depth_ros.learning.monodepth.motion import rotation_matrix
from echo_depth_ros.learning.monodepth.network import Estimated
from echo_depth_ros.learning.monodepth.objective import Objective, ObjectiveConfig
from echo_depth_ros.learning.monodepth.photometric import least_error, photometric_error
from echo_depth_ros.learning.monodepth.similarity import moments, ssim_loss
from echo_depth_ros.learning.monodepth.smoothness import smoothness
from echo_depth_ros.learning.monodepth.warp import pixel_rays, projected, sample

from .films import CAMERA, texture


def test_equal_images_have_no_error():
    image = texture()
    assert ssim_loss(image, moments(image)).abs().max() < 1e-5
    assert photometric_error(image, moments(image)).abs().max() < 1e-5


def test_structure_counts_more_than_brightness():
    image = 0.2 + 0.5 * texture(smooth=3)
    brighter, inverted = image + 0.05, 2 * image.mean() - image
    known = moments(image)
    assert ssim_loss(brighter, known).mean() < 0.1 < 0.5 < ssim_loss(inverted, known).mean()
    assert ssim_loss(inverted, known).max() <= 1


def test_similarity_is_that_of_windows_about_each_pixel():
    one, other = (texture(seed=seed).double() for seed in (0, 1))

    def pool(image):
        return functional.avg_pool2d(image, 3, 1, 1, count_include_pad=False)

    a, b = pool(one), pool(other)
    both = pool(one * other) - a * b
    spread = pool(one ** 2) - a ** 2 + pool(other ** 2) - b ** 2
    alike = ((2 * a * b + 1e-4) * (2 * both + 9e-4)) / ((a**2 + b**2 + 1e-4) * (spread + 9e-4))
    assert torch.allclose(ssim_loss(one, moments(other)), ((1 - alike) / 2).clamp(0, 1))


def test_similarity_has_the_slope_of_its_differences():
    other = moments(texture((8, 8), seed=1).double())
    image = texture((8, 8)).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda each: ssim_loss(each, other), image)


def test_weights_are_those_of_equation_5():
    image, known = texture(seed=1), moments(texture())
    l1 = photometric_error(image, known, 1, 0)
    assert torch.allclose(l1, (image - known.image).abs().mean(1))
    alike = photometric_error(image, known, 0, 1)
    assert torch.allclose(photometric_error(image, known), 0.15 * l1 + 0.85 * alike)


def test_a_pixel_that_one_source_does_not_see_is_judged_by_the_other():
    errors = torch.tensor([[[[0.9, 0.1]]], [[[0.2, 0.8]]]])
    assert least_error(errors).tolist() == [[[pytest.approx(0.2), pytest.approx(0.1)]]]


def test_what_standing_still_explains_better_teaches_nothing():
    errors = torch.tensor([[[[0.3, 0.1]]], [[[0.4, 0.2]]]], requires_grad=True)
    standing = torch.tensor([[[[0.2, 0.9]]], [[[0.25, 0.8]]]])
    least_error(errors, standing).sum().backward()
    assert errors.grad.tolist() == [[[[0, 1]]], [[[0, 0]]]]


@given(st.floats(0.01, 100))
def test_constant_disparity_is_smooth(value):
    assert float(smoothness(torch.full((2, 1, 16, 16), value),
                            texture((16, 16)).repeat(2, 1, 1, 1))) == 0


@given(st.floats(0.01, 100))
def test_smoothness_knows_no_scale(factor):
    disparity = 0.5 + torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    image = texture((16, 16)).repeat(2, 1, 1, 1)
    assert float(smoothness(factor * disparity, image)) == pytest.approx(
        float(smoothness(disparity, image)), rel=1e-3)


def test_disparity_may_jump_where_the_image_does():
    step = torch.ones(1, 1, 8, 8)
    step[..., 4:] = 2
    here, elsewhere = torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)
    here[..., 4:], elsewhere[..., 2:] = 1, 1
    assert smoothness(step, here) < smoothness(step, elsewhere)


def _scene(shift=3.0, depth=2.0):
    """Triple of a plane, seen from the left, the middle and the right."""
    wide = texture((64, 96))
    offset = int(shift)
    images = [wide[..., 16 + move:80 + move] for move in (-offset, 0, offset)]
    step = shift * depth / CAMERA.fx
    motions = torch.zeros(1, 2, 6)
    motions[0, 0, 3], motions[0, 1, 3] = step, -step
    return torch.stack(images, 1), motions, depth


def _believe(depth, motions, size=64):
    return Estimated(tuple(torch.full((1, 1, size >> i, size >> i), 1 / depth)
                           for i in range(4)), motions)


@pytest.mark.parametrize('full_size', [True, False])
def test_the_right_depth_and_motion_have_the_least_loss(full_size):
    frames, motions, depth = _scene()
    objective = Objective(CAMERA, (64, 64), ObjectiveConfig(full_size=full_size))
    right = objective(frames, _believe(depth, motions))
    assert right['loss'] < 0.2 * right['still']
    for wrong in (0.6, 1.5):
        assert objective(frames, _believe(wrong * depth, motions))['loss'] > 2 * right['loss']
    still = objective(frames, _believe(depth, torch.zeros_like(motions)))['loss']
    assert still > 3 * right['loss']


@settings(deadline=None, max_examples=20)
@given(st.floats(0.3, 4), st.booleans())
def test_no_film_tells_a_size(factor, full_size):
    frames, motions, _ = _scene()
    chance = torch.Generator().manual_seed(0)
    disparities = tuple(0.3 + torch.rand(1, 1, 64 >> i, 64 >> i, generator=chance)
                        for i in range(4))
    motions = motions + 0.01 * torch.randn(1, 2, 6, generator=chance)
    larger = motions.clone()
    larger[..., 3:] *= factor
    objective = Objective(CAMERA, (64, 64), ObjectiveConfig(full_size=full_size))
    one = objective(frames, Estimated(disparities, motions))['loss']
    other = objective(frames, Estimated(tuple(d / factor for d in disparities), larger))['loss']
    assert float(one) == pytest.approx(float(other), rel=1e-3)


def test_motion_is_that_of_points_not_of_the_camera():
    # A wall at 2 m; the source camera is turned 5 degrees to the right and 0.2 m further ahead.
    turn = rotation_matrix(torch.tensor([[0.0, -0.0873, 0.0]]))
    step = -(turn @ torch.tensor([0.0, 0.0, 0.2]))
    target = texture((64, 64), smooth=9)
    rays = pixel_rays(CAMERA, (64, 64))
    # The source's view: for each of its pixels, the ray back to the wall, in the target's image.
    points = torch.linalg.inv(turn) @ rays
    distance = (2.0 - 0.2) / points[:, 2:]
    seen = points * distance + torch.tensor([0.0, 0.0, 0.2])[:, None]
    places = torch.stack([32 * seen[:, 0] / seen[:, 2] + 31.5,
                          32 * seen[:, 1] / seen[:, 2] + 31.5], -1).unflatten(1, (64, 64))
    source = sample(target, places)
    back = sample(source, projected(torch.full((1, 64, 64), 2.0), turn, step, CAMERA, rays))
    inside = (slice(None), slice(None), slice(16, 48), slice(16, 48))
    # Two interpolations blur a little.
    assert (back - target)[inside].abs().mean() < 0.2 * (source - target)[inside].abs().mean()


def test_halves_are_not_used_for_places():
    frames, motions, depth = _scene()
    objective = Objective(CAMERA, (64, 64))
    with torch.autocast('cpu', torch.bfloat16):
        loss = objective(frames, _believe(depth, motions))['loss']
    assert loss.dtype == torch.float32
    assert loss == objective(frames, _believe(depth, motions))['loss']
