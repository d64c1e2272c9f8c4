# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Motions and views against closed forms."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest
import torch

from echo_depth_ros.learning.monodepth.motion import (
    inverse_motion,
    rigid_motion,
    rotation_matrix,
)
from echo_depth_ros.learning.monodepth.warp import (
    pixel_rays,
    projected,
    sample,
    warp,
)

from .films import CAMERA, texture

NO_TURN, NO_STEP = torch.eye(3)[None], torch.zeros(1, 3)
ANGLES = st.tuples(*[st.floats(-2, 2)] * 3)


@given(ANGLES)
def test_rotations_are_rotations_and_turn_back(angles):
    turn = torch.tensor(angles, dtype=torch.float64)
    matrix = rotation_matrix(turn).double()
    assert torch.allclose(matrix @ matrix.T, torch.eye(3).double(), atol=1e-6)
    assert torch.linalg.det(matrix) == pytest.approx(1, abs=1e-6)
    assert torch.allclose(rotation_matrix(-turn).double(), matrix.T, atol=1e-6)
    assert torch.allclose(matrix @ turn, turn, atol=1e-6)


def test_rotation_is_that_of_the_matrix_exponential():
    for angles in ([0.3, -0.2, 0.9], [1e-5, 2e-5, 0.0], [0.0, 0.0, 0.0]):
        x, y, z = angles
        cross = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        assert torch.allclose(rotation_matrix(torch.tensor(angles)),
                              torch.linalg.matrix_exp(cross), atol=1e-6)


def test_no_rotation_has_a_slope():
    angles = torch.zeros(3, requires_grad=True)
    rotation_matrix(angles)[2, 1].backward()
    assert angles.grad.tolist() == pytest.approx([1, 0, 0])


def test_a_camera_that_stands_sees_the_same():
    image, depth = texture(), torch.rand(1, 64, 64) + 0.5
    assert torch.allclose(warp(image, depth, NO_TURN, NO_STEP, CAMERA), image, atol=1e-4)


@settings(deadline=None)
@given(st.floats(0.5, 5), st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
def test_a_plane_ahead_shifts_by_focal_length_times_step_over_depth(depth, across, down):
    places = projected(torch.full((1, 64, 64), depth), NO_TURN,
                       torch.tensor([[across, down, 0.0]]), CAMERA, pixel_rays(CAMERA, (64, 64)))
    still = projected(torch.ones(1, 64, 64), NO_TURN, NO_STEP, CAMERA,
                      pixel_rays(CAMERA, (64, 64)))
    shift = (places - still).flatten(0, 2).mean(0)
    assert shift.tolist() == pytest.approx([32 * across / depth, 32 * down / depth], abs=1e-3)


def test_a_view_from_aside_is_the_image_shifted():
    image = texture()
    # A source 0.25 m to the left of the target sees a plane at 2 m 4 pixels further right.
    seen = warp(image, torch.full((1, 64, 64), 2.0), NO_TURN, torch.tensor([[0.25, 0.0, 0.0]]),
                CAMERA)
    assert torch.allclose(seen[..., :60], image[..., 4:], atol=1e-4)
    assert torch.allclose(seen[..., 61:], image[..., -1:].expand(-1, -1, -1, 3), atol=1e-4)


def test_driving_ahead_widens_about_the_axis():
    places = projected(torch.full((1, 64, 64), 2.0), NO_TURN, torch.tensor([[0.0, 0.0, -0.5]]),
                       CAMERA, pixel_rays(CAMERA, (64, 64)))
    assert places[0, 0, 0].tolist() == pytest.approx([31.5 - 31.5 * 2 / 1.5] * 2, abs=1e-4)


@settings(deadline=None)
@given(st.floats(0.2, 9), ANGLES.map(lambda a: [x / 8 for x in a]))
def test_turning_on_the_spot_is_a_homography_whatever_the_depth(depth, angles):
    turn = rotation_matrix(torch.tensor([angles]))
    rays = pixel_rays(CAMERA, (64, 64))
    places = projected(torch.full((1, 64, 64), depth), turn, NO_STEP, CAMERA, rays)
    matrix = torch.tensor([[32.0, 0, 31.5], [0, 32.0, 31.5], [0, 0, 1]])
    pixels = torch.stack([*torch.meshgrid(torch.arange(64.0), torch.arange(64.0),
                                          indexing='xy'), torch.ones(64, 64)])
    flat = matrix @ turn[0] @ torch.linalg.inv(matrix) @ pixels.flatten(1)
    expected = (flat[:2] / flat[2]).unflatten(1, (64, 64)).permute(1, 2, 0)
    ahead = (flat[2] > 0.1).unflatten(0, (64, 64))
    assert torch.allclose(places[0][ahead], expected[ahead], rtol=1e-3, atol=1e-2)


def test_what_is_behind_the_camera_is_outside_and_has_no_nan():
    depth = torch.ones(1, 64, 64, requires_grad=True)
    image = warp(texture(), depth, NO_TURN, torch.tensor([[0.1, 0.0, -3.0]]), CAMERA)
    image.sum().backward()
    assert torch.isfinite(image).all() and torch.isfinite(depth.grad).all()


def test_between_pixels_is_their_mean():
    image = texture()
    half = torch.full((1, 1, 1, 2), 10.5)
    assert torch.allclose(sample(image, half)[0, :, 0, 0], image[0, :, 10:12, 10:12].mean((1, 2)),
                          atol=1e-5)


def test_half_the_pixels_see_as_wide():
    half = CAMERA.halved()
    full = pixel_rays(CAMERA, (64, 64)).unflatten(1, (64, 64))
    small = pixel_rays(half, (32, 32)).unflatten(1, (32, 32))
    assert torch.allclose(torch.nn.functional.avg_pool2d(full[None], 2)[0], small, atol=1e-6)


def test_six_numbers_are_turn_then_step():
    turn, step = rigid_motion(torch.tensor([0.0, math.pi / 2, 0.0, 1.0, 2.0, 3.0]))
    assert torch.allclose(turn @ torch.tensor([0.0, 0.0, 1.0]), torch.tensor([1.0, 0.0, 0.0]),
                          atol=1e-6)
    assert step.tolist() == [1, 2, 3]


@given(ANGLES, ANGLES)
def test_the_way_back_undoes_the_way(angles, step):
    motion = torch.tensor([*angles, *step])
    turn, way = rigid_motion(motion)
    back, home = rigid_motion(inverse_motion(motion))
    point = torch.tensor([0.3, -0.7, 2.0])
    assert torch.allclose(back @ (turn @ point + way) + home, point, atol=1e-4)
