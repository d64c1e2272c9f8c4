# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from echo_depth_ros.perception.metrics import depth_figures, DepthFigures, FigureMean


def test_figures_by_hand():
    truth = np.array([[1.0, 2.0, 4.0, 8.0]])
    predicted = np.array([[1.0, 3.0, 4.0, 4.0]])
    figures = depth_figures(predicted, truth, max_depth=10)
    assert figures.rel == pytest.approx((0 + 1 / 2 + 0 + 4 / 8) / 4)
    assert figures.rmse == pytest.approx(math.sqrt((1 + 16) / 4))
    assert figures.rmse_norm == pytest.approx(figures.rmse / 10)
    assert figures.log10 == pytest.approx((math.log10(1.5) + math.log10(2)) / 4)
    assert figures.mae == pytest.approx(5 / 4)
    # Ratios are 1, 1.5, 1 and 2; the thresholds 1.25, 1.5625 and 1.953.
    assert (figures.delta1, figures.delta2, figures.delta3) == (0.5, 0.75, 0.75)
    assert figures.coverage == 1


def test_thresholds_exclude_their_own_value():
    assert depth_figures(np.array([1.25]), np.array([1.0])).delta1 == 0


@pytest.mark.parametrize('protocol, rel', [('batvision', 0.25), ('avsnet', 0.5)])
def test_protocols_differ_in_far_truth(protocol, rel):
    truth, predicted = np.array([2.0, 12.0]), np.array([3.0, 12.0])
    assert depth_figures(predicted, truth, 12, protocol).rel == pytest.approx(rel)


def test_truth_without_value_does_not_count():
    truth = np.array([2.0, 0.0, -1.0, np.nan, np.inf])
    predicted = np.array([2.2, 9.0, 9.0, 9.0, 9.0])
    assert depth_figures(predicted, truth).rel == pytest.approx(0.1)


def test_far_predictions_and_truth_are_clipped():
    figures = depth_figures(np.array([np.inf, 50.0]), np.array([12.0, 40.0]), 12)
    assert figures.rmse == 0


def test_no_answer_lowers_coverage_only():
    figures = depth_figures(np.array([np.nan, 2.0, 4.0, np.nan]), np.array([1.0, 2, 4, 8]))
    assert figures.rel == 0
    assert figures.coverage == 0.5


def test_negative_predictions_stay_finite_and_bad():
    figures = depth_figures(np.array([-1.0]), np.array([2.0]))
    assert figures.delta3 == 0
    assert math.isfinite(figures.log10)


@pytest.mark.parametrize('predicted, truth, coverage', [
    (1.0, 0.0, math.nan), (math.nan, 1.0, 0.0)])
def test_empty_image_has_no_figures(predicted, truth, coverage):
    figures = depth_figures(np.full((4, 4), predicted), np.full((4, 4), truth))
    assert np.isnan(figures[:-1]).all()
    np.testing.assert_equal(figures.coverage, coverage)


def test_mean_is_over_images_not_pixels_and_counts_the_empty():
    mean = FigureMean(max_depth=10)
    wide = np.ones((10, 10))
    mean.add(wide * 1.5, wide)
    mean.add(np.ones((1, 1)), np.ones((1, 1)))
    mean.add(wide, wide * np.nan)
    mean.add(wide * np.nan, wide)
    assert (mean.images, mean.empty) == (2, 2)
    assert mean.mean.rel == pytest.approx(0.25)
    assert mean.mean.delta1 == 0.5
    assert mean.mean.coverage == pytest.approx(2 / 3)


def test_mean_of_nothing_is_nothing():
    mean = FigureMean()
    mean.add(np.ones((2, 2)), np.zeros((2, 2)))
    assert np.isnan(mean.mean).all()
    assert isinstance(mean.mean, DepthFigures)


def test_errors_name_what_came():
    with pytest.raises(ValueError, match=r'\(2, 2\), but truth \(3, 3\)'):
        depth_figures(np.ones((2, 2)), np.ones((3, 3)))
    with pytest.raises(ValueError, match="'mine'; expected one of batvision, avsnet"):
        depth_figures(np.ones(1), np.ones(1), protocol='mine')
