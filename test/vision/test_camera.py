# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.vision.camera import CameraModel


def test_default_is_the_camera_of_the_depth_image():
    camera = CameraModel()
    np.testing.assert_allclose(camera.k, [[64, 0, 63.5], [0, 64, 63.5], [0, 0, 1]])
    np.testing.assert_allclose(camera.p, np.hstack([camera.k, [[0], [0], [0]]]))
    np.testing.assert_array_equal(camera.d, np.zeros(5))
    np.testing.assert_array_equal(camera.r, np.eye(3))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(width=st.integers(1, 2000), height=st.integers(1, 2000),
       hfov=st.floats(1, 179), vfov=st.floats(1, 179))
def test_image_borders_lie_on_the_field_of_view(width, height, hfov, vfov):
    camera = CameraModel(width, height, hfov, vfov)
    for size, focal, centre, fov in (
            (width, camera.fx, camera.cx, hfov), (height, camera.fy, camera.cy, vfov)):
        left = math.degrees(math.atan((-0.5 - centre) / focal))
        right = math.degrees(math.atan((size - 0.5 - centre) / focal))
        assert (left, right) == (pytest.approx(-fov / 2), pytest.approx(fov / 2))


def test_rays_project_back_to_their_pixels():
    camera = CameraModel(8, 6, 100, 70)
    pixels = camera.rays() @ camera.k.T
    cols, rows = np.meshgrid(np.arange(8), np.arange(6))
    np.testing.assert_allclose(pixels[..., 0], cols, atol=1e-12)
    np.testing.assert_allclose(pixels[..., 1], rows, atol=1e-12)


def test_rays_point_right_and_down_and_forward():
    rays = CameraModel(4, 4).rays()
    assert rays.shape == (4, 4, 3)
    assert (rays[0, 3] * [1, -1, 1] > 0).all()


@pytest.mark.parametrize('others, says', [
    ({'width': 0}, '0x128'), ({'hfov_deg': 180}, 'hfov_deg is 180'),
    ({'vfov_deg': -1}, 'vfov_deg is -1'), ({'hfov_deg': math.nan}, 'hfov_deg is nan')])
def test_refuses_what_no_camera_has(others, says):
    with pytest.raises(ValueError, match=says):
        CameraModel(**others)
