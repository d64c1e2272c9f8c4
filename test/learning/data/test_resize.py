# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
import numpy as np
import pytest

from echo_depth_ros.learning.data import DatasetError
from echo_depth_ros.learning.data.resize import (
    central_square,
    nearest,
    resize_colour,
    resize_depth,
)

DEPTHS = arrays.arrays(np.uint16, arrays.array_shapes(min_dims=2, max_dims=2, max_side=40))


@given(DEPTHS, st.integers(1, 50))
def test_nearest_only_picks_pixels_that_are_there(image, size):
    small = nearest(image, size)
    assert small.shape == (size, size)
    assert set(np.unique(small)) <= set(np.unique(image))


@given(DEPTHS, st.integers(1, 5), st.integers(1, 5))
def test_nearest_undoes_a_repetition(image, down, right):
    side = min(image.shape)
    image = image[:side, :side]
    large = image.repeat(down, axis=0).repeat(right, axis=1)
    assert np.array_equal(nearest(large, side), image)


@given(DEPTHS, st.sampled_from([1, 3, 5]))
def test_left_and_right_are_treated_alike(image, shrink):
    # By an odd factor, so that every new centre is an old one.
    side = min(image.shape)
    image = image[:side, :side].repeat(shrink, axis=0).repeat(shrink, axis=1)
    assert np.array_equal(nearest(image[:, ::-1], side), nearest(image, side)[:, ::-1])


@given(DEPTHS)
def test_holes_stay_holes_and_surfaces_stay_surfaces(depth):
    depth = np.minimum(depth, 12000)
    small = resize_depth(depth, 16)
    assert small.dtype == np.int16
    assert np.array_equal(small == 0, nearest(depth, 16) == 0)
    assert set(np.unique(small)) <= set(np.unique(depth))


def test_a_mean_would_invent_surfaces_where_nearest_does_not():
    depth = np.full((256, 256), 3000, np.uint16)
    depth[::2] = 0
    assert set(np.unique(resize_depth(depth, 128))) <= {0, 3000}


def test_all_kinds_of_holes_units_and_limits():
    depth = np.array([[np.nan, np.inf], [-np.inf, -1.0]])
    assert not resize_depth(depth, 2).any()
    depth = np.array([[0.0001, 1.2344], [13.0, 0.0]])
    assert resize_depth(depth, 2, per_metre=1).tolist() == [[1, 1234], [12000, 0]]


def test_wide_frames_are_stretched_or_cropped():
    depth = np.tile(np.arange(1, 9, dtype=np.uint16) * 100, (4, 1))
    assert resize_depth(depth, 4)[0].tolist() == [200, 400, 600, 800]
    assert resize_depth(depth, 4, 'crop')[0].tolist() == [300, 400, 500, 600]
    assert central_square(depth.T).shape == (4, 4)
    with pytest.raises(DatasetError, match="'pad'; expected one of stretch, crop"):
        resize_depth(depth, 4, 'pad')


@pytest.mark.parametrize('depth', [
    np.zeros((4, 4, 3)), np.zeros((0, 4)), np.zeros((4, 4), complex), np.full((2, 2), 'a')])
def test_what_is_no_depth_image_is_refused(depth):
    with pytest.raises(DatasetError, match='expected'):
        resize_depth(depth, 4)


def test_colour_is_averaged():
    rgb = np.zeros((8, 16, 3), np.uint8)
    rgb[:, ::2] = 200
    small = resize_colour(rgb, 4)
    assert small.shape == (4, 4, 3) and np.abs(small[:, 1:3].astype(int) - 100).max() <= 15
    assert np.array_equal(resize_colour(rgb[:4, :4], 4), rgb[:4, :4])
    for bad in (rgb[..., 0], rgb.astype(float), rgb[:0]):
        with pytest.raises(DatasetError, match='expected uint8'):
            resize_colour(bad, 4)
