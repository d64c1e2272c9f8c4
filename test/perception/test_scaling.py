# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.perception.scaling import (
    apply_scale,
    median_scale,
    pair_pixels,
    ScaleError,
    ScaleHolder,
)
from echo_depth_ros.vision.camera import CameraModel

SECOND = 1_000_000_000


def scene(shape, seed=0):
    return np.random.default_rng(seed).uniform(1, 8, shape).astype(np.float32)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
def test_depth_of_another_unit_gets_its_metres_back(scale, seed):
    metric = scene((16, 20), seed)
    relative = metric / np.float32(scale)
    found = median_scale(relative, metric)
    assert found == pytest.approx(scale, rel=1e-4)
    np.testing.assert_allclose(apply_scale(relative, found), metric, rtol=1e-4)


def test_disparity_is_the_reciprocal():
    metric = scene((16, 16))
    disparity = 3 / metric
    scale = median_scale(disparity, metric, 'disparity')
    assert scale == pytest.approx(3, rel=1e-4)
    np.testing.assert_allclose(apply_scale(disparity, scale, 'disparity'), metric, rtol=1e-4)


def test_equation_three_by_hand():
    relative = np.array([[1.0, 2.0, 3.0]])
    metric = np.array([[10.0, 40.0, 70.0]])
    assert median_scale(relative, metric) == 40 / 2


def test_pixels_invalid_in_either_shift_neither_median():
    metric, relative = scene((10, 10)), scene((10, 10), 1)
    good = np.ones((10, 10), bool)
    for at, value in enumerate((np.nan, np.inf, 0.0, -1.0)):
        metric[at], relative[9 - at] = value, value
        good[at] = good[9 - at] = False
    expected = np.median(metric[good]) / np.median(relative[good])
    assert median_scale(relative, metric) == pytest.approx(expected)


@pytest.mark.parametrize('shape', [(64, 64), (31, 47), (128, 128), (240, 320)])
def test_other_resolutions(shape):
    rows, cols = np.meshgrid(np.linspace(1, 2, 64), np.linspace(1, 2, 64), indexing='ij')
    metric = rows * cols
    rows, cols = np.meshgrid(
        np.linspace(1, 2, shape[0]), np.linspace(1, 2, shape[1]), indexing='ij')
    relative = rows * cols / 5
    assert median_scale(relative, metric) == pytest.approx(5, rel=0.01)
    assert apply_scale(relative, 5.0).shape == shape


def test_pairs_of_equal_images_are_the_pixels_themselves():
    pairs = pair_pixels((7, 9), (7, 9))
    np.testing.assert_array_equal(pairs.relative, np.arange(63))
    np.testing.assert_array_equal(pairs.metric, np.arange(63))


@pytest.mark.parametrize('relative_size', [(160, 120), (40, 30)])
def test_intrinsics_pair_along_rays(relative_size):
    """A tilted wall, seen by a narrow camera and by the wide one of the echoes."""
    wide = CameraModel(64, 64, 90, 90)
    narrow = CameraModel(*relative_size, 60, 46)

    def wall(camera):
        rays = camera.rays()
        return 4 / (1 + 0.6 * rays[..., 0] + 0.4 * rays[..., 1])
    relative, metric = wall(narrow) / 7, wall(wide)
    pairs = pair_pixels(relative.shape, metric.shape, narrow.k, wide.k)
    assert 0 < pairs.metric.size < metric.size
    apart = relative.ravel()[pairs.relative] * 7 - metric.ravel()[pairs.metric]
    # Half a pixel of the coarse image, where the wall is steepest.
    assert np.abs(apart).max() < 0.3
    assert median_scale(relative, metric, pairs=pairs) == pytest.approx(7, rel=0.01)


@pytest.mark.parametrize('invalid', [np.nan, np.inf, 0.0])
def test_nothing_valid_is_an_error_with_counts(invalid):
    with pytest.raises(ScaleError, match=r'only 0 of 100 .*\(0 in the relative depth, 100 in'):
        median_scale(np.full((10, 10), invalid), scene((10, 10)))


def test_a_handful_of_pixels_is_no_scale():
    metric = np.full((20, 20), np.nan)
    metric[0, :5] = 2
    with pytest.raises(ScaleError, match='only 5 of 400'):
        median_scale(scene((20, 20)), metric)


@pytest.mark.parametrize('kind, shape, says', [
    ('inverse', (4, 4), "kind is 'inverse'; expected one of depth, disparity"),
    ('depth', (4, 4, 1), r'shape \(4, 4, 1\)')])
def test_wrong_kind_or_shape(kind, shape, says):
    with pytest.raises(ScaleError, match=says):
        median_scale(np.ones(shape), np.ones((4, 4)), kind)


def test_invalid_input_stays_unknown_in_the_output():
    relative = np.array([[1, np.nan, np.inf, 0, -2]])
    metres = apply_scale(relative, 3.0)
    assert metres.dtype == np.float32
    np.testing.assert_array_equal(metres, [[3] + [np.nan] * 4])
    np.testing.assert_array_equal(
        apply_scale(np.array([[2.0, 0.0, 1e-45]]), 3.0, 'disparity'), [[1.5, np.nan, np.nan]])


def test_no_scale_gives_no_metres():
    assert np.isnan(apply_scale(np.ones((2, 2)), math.nan)).all()


def test_holder_keeps_the_last_good_scale_until_it_is_too_old():
    holder = ScaleHolder(max_age=0.5)
    assert math.isnan(holder.at(0))
    holder.update(2.0, 10 * SECOND)
    holder.update(math.nan, 11 * SECOND)
    holder.update(-1.0, 11 * SECOND)
    assert holder.at(10 * SECOND + SECOND // 2) == 2.0
    assert math.isnan(holder.at(10 * SECOND + SECOND // 2 + 1))
    holder.update(3.0, 11 * SECOND)
    assert holder.at(11 * SECOND) == 3.0


def test_holder_takes_images_slightly_older_but_not_another_time():
    holder = ScaleHolder(max_age=0.5)
    holder.update(2.0, 10 * SECOND)
    assert holder.at(10 * SECOND - SECOND // 10) == 2.0
    assert math.isnan(holder.at(0))
    assert holder.age(11 * SECOND) == 1.0


def test_holder_refuses_a_negative_age():
    with pytest.raises(ValueError, match='max_age is -1'):
        ScaleHolder(max_age=-1)
