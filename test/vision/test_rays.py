# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.vision.camera import CameraModel
from echo_depth_ros.vision.rays import fields_of_view, look, nearest, seen_part, view_of


def ramp(camera):
    """Image whose red is the tangent to the right and green the tangent down, of each pixel."""
    rays = camera.rays()[..., :2]
    return np.dstack([127 + 60 * rays, np.full(rays.shape[:2], 9)]).round().astype(np.uint8)


def test_the_same_camera_sees_the_same_image():
    camera = CameraModel(64, 48, 70.0, 55.0)
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    view = view_of(camera, camera.k, (48, 64))
    assert view.coverage == pytest.approx(1)
    np.testing.assert_array_equal(look(image, view, camera), image)


@given(width=st.integers(20, 200), height=st.integers(20, 200), hfov=st.floats(80, 120),
       vfov=st.floats(80, 120))
def test_rays_stay_where_they_are(width, height, hfov, vfov):
    wide, narrow = CameraModel(width * 2, height * 2, hfov, vfov), CameraModel(32, 24, 60.0, 50.0)
    view = view_of(narrow, wide.k, (wide.height, wide.width))
    assert view.coverage == pytest.approx(1)
    pixel = 60 * max(1 / wide.fx, 1 / wide.fy)
    np.testing.assert_allclose(
        look(ramp(wide), view, narrow).astype(float), ramp(narrow), atol=1.5 + pixel)


def test_a_narrow_camera_covers_a_part_and_its_edge_is_repeated():
    wide, narrow = CameraModel(90, 90, 90.0, 90.0), CameraModel(60, 60, 60.0, 60.0)
    image = np.full((60, 60, 3), 50, np.uint8)
    image[:, -1] = 200
    view = view_of(wide, narrow.k, (60, 60))
    assert view.coverage == pytest.approx(np.tan(np.radians(30)) ** 2, rel=1e-6)
    seen = look(image, view, wide)
    assert seen.shape == (90, 90, 3)
    assert (seen[:, -15:] > 150).all() and (np.ptp(seen[:, -15:], axis=1) == 0).all()
    assert (seen[:, :60] == 50).all()


@given(hfov=st.floats(40, 90), vfov=st.floats(30, 90), width=st.integers(40, 200))
def test_what_a_narrow_camera_does_not_see_is_black_on_demand(hfov, vfov, width):
    wide, narrow = CameraModel(96, 96, 90.0, 90.0), CameraModel(width, 60, hfov, vfov)
    image = np.full((60, width, 3), 200, np.uint8)
    view = view_of(wide, narrow.k, (60, width))
    seen = look(image, view, wide, black=True)
    rows, cols = seen_part(wide, view, (60, width))
    assert (seen[rows, cols] == 200).all() and seen.sum() == seen[rows, cols].sum()
    assert (cols.stop - cols.start) / 96 == pytest.approx(np.tan(np.radians(hfov / 2)), abs=0.02)
    assert (rows.stop - rows.start) / 96 == pytest.approx(np.tan(np.radians(vfov / 2)), abs=0.02)


def test_one_that_looks_elsewhere_covers_nothing():
    k = CameraModel(60, 60, 60.0, 60.0).k
    k[0, 2] = -500
    assert view_of(CameraModel(), k, (60, 60)).coverage == 0


def test_a_map_is_not_interpolated_and_unknown_beyond_its_edge():
    camera = CameraModel(4, 4, 90.0, 90.0)
    image = np.arange(16, dtype=float).reshape(4, 4)
    np.testing.assert_array_equal(nearest(image, camera.k, camera), image)
    finer = nearest(image, camera.k, CameraModel(8, 8, 90.0, 90.0))
    np.testing.assert_array_equal(finer, image.repeat(2, 0).repeat(2, 1))
    wider = nearest(image, camera.k, CameraModel(8, 8, *[2 * np.degrees(np.arctan(2))] * 2))
    np.testing.assert_array_equal(wider[2:6, 2:6], image)
    assert np.isnan(np.delete(wider, slice(2, 6), axis=0)).all() and wider.dtype == np.float32


def test_fields_of_view_are_those_of_the_camera():
    camera = CameraModel(64, 48, 70.0, 55.0)
    assert fields_of_view(camera.k, (48, 64)) == pytest.approx((70, 55))
    # Half of the image to the right of the axis.
    k = camera.k
    k[0, 2] = -0.5
    assert fields_of_view(k, (48, 32)) == pytest.approx((35, 55))
