# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The three scalings and what they have in common."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.perception.scaling import (
    median_scale,
    ScaleError,
    Scaling,
    scaling_named,
    SCALINGS,
    UNKNOWN,
)
from echo_depth_ros.perception.scaling.median import weighted_median

NAMES_AND_KINDS = [(name, kind) for name in SCALINGS for kind in ('depth', 'disparity')]


def room(seed=0, shape=(32, 40)):
    """Return a depth that varies along both sides, in metres."""
    rng = np.random.default_rng(seed)
    rows, cols = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing='ij')
    return (3 + 0.8 * rows - 0.6 * cols + rng.uniform(-0.5, 0.5, shape)).astype(np.float32)


def seen(metric, kind, factor=5.0):
    return metric / np.float32(factor) if kind == 'depth' else np.float32(factor) / metric


@pytest.mark.parametrize(('name', 'kind'), NAMES_AND_KINDS)
def test_metres_come_back(name, kind):
    metric = room()
    relative = seen(metric, kind)
    scaling = SCALINGS[name](relative, metric, kind)
    np.testing.assert_allclose(scaling.apply(relative), metric, rtol=1e-4)
    assert scaling.scale > 0 and scaling.agreement == 1
    assert scaling.uncertainty < 1e-4


@pytest.mark.parametrize(('name', 'kind'), NAMES_AND_KINDS)
def test_sizes_may_differ_and_metres_are_of_the_relative_size(name, kind):
    metric = room()
    relative = np.repeat(np.repeat(seen(metric, kind), 3, 0), 2, 1)
    metres = SCALINGS[name](relative, metric, kind).apply(relative)
    assert metres.shape == (96, 80) and metres.dtype == np.float32
    np.testing.assert_allclose(metres[1::3, ::2], metric, rtol=1e-3)


@pytest.mark.parametrize(('name', 'kind'), NAMES_AND_KINDS)
def test_what_is_invalid_in_either_or_not_sure_at_all_counts_for_nothing(name, kind):
    metric, relative = room(), seen(room(), kind)
    confidence = np.full(metric.shape, 0.5, np.float32)
    expected = SCALINGS[name](relative, metric, kind, confidence)
    metric[:3] = np.array([[np.nan], [np.inf], [-2]])
    relative[-3:] = np.array([[np.nan], [0], [-1]])
    confidence[10:12] = np.array([[np.nan], [0]])
    metric[10:12] = 90
    found = SCALINGS[name](relative, metric, kind, confidence)
    assert found.scale == pytest.approx(expected.scale, rel=1e-3)
    assert found.shift == pytest.approx(expected.shift, abs=1e-3)
    assert np.isnan(found.apply(relative)[-3:]).all()
    assert np.isfinite(found.apply(relative)[:-3]).all()


@pytest.mark.parametrize(('name', 'kind'), NAMES_AND_KINDS)
def test_confidence_decides_between_echoes_that_differ(name, kind):
    """Two halves of the pixels, strewn, say 1 and 2 times the truth."""
    truth = room()
    wrong = np.random.default_rng(1).random(truth.shape) < 0.5
    metric = np.where(wrong, 2 * truth, truth)
    relative = seen(truth, kind)

    def off(confidence):
        metres = SCALINGS[name](relative, metric, kind, confidence).apply(relative)
        return abs(math.log(np.nanmedian(metres / truth)))
    assert off(np.where(wrong, 0.01, 0.9)) < 0.05 < 0.1 < off(None)


@pytest.mark.parametrize(('name', 'kind'), NAMES_AND_KINDS)
@pytest.mark.parametrize('invalid', [np.nan, np.inf, 0.0])
def test_nothing_to_compare_is_an_error_with_counts(name, kind, invalid):
    with pytest.raises(ScaleError, match=rf'only 0 of 1280 .*\(0 in the relative {kind}, 1280 '):
        SCALINGS[name](np.full((32, 40), invalid), room(), kind)
    with pytest.raises(ScaleError, match=r'only 0 of 1280 .*, 0 in the metric depth\)'):
        SCALINGS[name](room(), room(), kind, np.zeros((32, 40)))
    with pytest.raises(ScaleError, match=r'confidence has shape \(4, 4\); .*\(32, 40\)'):
        SCALINGS[name](room(), room(), kind, np.ones((4, 4)))


@pytest.mark.parametrize(('name', 'says'), [
    ('mean_std', 'the relative depth is flat'), ('least_squares', 'the relative depth is flat')])
def test_a_flat_relative_image_has_no_scale_and_shift(name, says):
    with pytest.raises(ScaleError, match=says):
        SCALINGS[name](np.full((32, 40), 0.3), room(), 'depth')


def test_a_flat_echo_depth_gives_no_standard_deviation():
    with pytest.raises(ScaleError, match='the metric depth is flat'):
        SCALINGS['mean_std'](room(), np.full((32, 40), 3.0), 'depth')


def test_mean_and_standard_deviation_by_hand():
    relative, metric = np.array([[1.0, 2.0, 3.0]]), np.array([[2.0, 6.0, 10.0]])
    scaling = SCALINGS['mean_std'](relative, metric)
    assert (scaling.scale, scaling.shift) == pytest.approx((4, -2))
    # (0.4 - 2) / std(R) * std(M) + 6 = -0.4 m, which is no depth.
    np.testing.assert_allclose(scaling.apply(np.array([[0.4, 2.5]])), [[np.nan, 8]])


@settings(max_examples=30, deadline=None, derandomize=True)
@given(scale=st.floats(0.05, 20), shift=st.floats(0, 3), seed=st.integers(0, 99))
@pytest.mark.parametrize('name', ['mean_std', 'least_squares'])
def test_a_disparity_with_a_shift_gets_its_metres_back(name, scale, shift, seed):
    metric = room(seed)
    disparity = (1 / metric + np.float32(shift)) * np.float32(scale)
    metres = SCALINGS[name](disparity, metric, 'disparity').apply(disparity)
    np.testing.assert_allclose(metres, metric, rtol=2e-2)


def test_disparity_below_the_shift_is_no_depth():
    metric = room()
    scaling = SCALINGS['least_squares'](1 / metric + np.float32(1), metric, 'disparity')
    np.testing.assert_allclose(scaling.apply(np.array([[0.5, 0.9, 1.5]])),
                               [[np.nan, np.nan, 2]], rtol=1e-3)


@pytest.mark.parametrize('wrong', [0.1, 10.0])
def test_least_squares_bear_a_fifth_of_gross_errors(wrong):
    truth = room()
    rng = np.random.default_rng(2)
    metric = truth * rng.lognormal(0, 0.02, truth.shape).astype(np.float32)
    metric[rng.random(truth.shape) < 0.2] *= wrong
    disparity = 4 / truth + 2
    metres = SCALINGS['least_squares'](disparity, metric, 'disparity').apply(disparity)
    np.testing.assert_allclose(metres, truth, rtol=0.05)
    plain = np.polyfit(disparity.ravel(), 1 / metric.ravel(), 1)
    assert np.abs(1 / np.polyval(plain, disparity) / truth - 1).max() > 0.15


def test_an_image_that_runs_the_other_way_is_no_disparity():
    with pytest.raises(ScaleError, match='relative disparity grows where .* check relative_kind'):
        SCALINGS['least_squares'](room(), room(), 'disparity')


def test_the_wrong_kind_shows_in_the_agreement():
    metric = np.random.default_rng(0).lognormal(1, 0.6, (64, 64)).astype(np.float32)
    assert SCALINGS['median'](metric, metric, 'depth').agreement == 1
    assert SCALINGS['median'](metric, metric, 'disparity').agreement < 0.2


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.floats(0.1, 10), st.integers(1, 5)), min_size=1, max_size=30))
def test_weighted_median_is_that_of_repeated_values(entries):
    values, times = np.array([v for v, _ in entries]), np.array([n for _, n in entries])
    assert weighted_median(values, times.astype(float)) == pytest.approx(
        np.median(np.repeat(values, times)))


def test_the_median_is_equation_three_to_the_last_bit():
    relative, metric = room(3), room(4)
    expected = float(np.median(metric.astype(float)) / np.median(relative.astype(float)))
    assert SCALINGS['median'](relative, metric).scale == expected
    assert median_scale(relative, metric) == expected


def test_an_unknown_scaling_is_named():
    with pytest.raises(ScaleError, match="scaling is 'mean'; expected one of median, mean_std, l"):
        scaling_named('mean')


def test_what_is_unknown_makes_no_metres():
    assert not UNKNOWN.known and np.isnan(UNKNOWN.apply(np.ones((3, 3)))).all()
    assert not Scaling(-1.0).known and not Scaling(1.0, math.nan).known
    assert np.isnan(Scaling(-1.0).apply(np.ones((3, 3)))).all()
