# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
import numpy as np
import pytest

from echo_depth_ros.learning.evaluation.pixels import pixels
from echo_depth_ros.perception.metrics import depth_figures, PROTOCOLS

TRUTH = arrays.arrays(np.float32, (3, 4), elements=st.one_of(
    st.floats(0.25, 15, width=32), st.sampled_from([0.0, 12.0, np.nan, np.inf])))
ANSWER = arrays.arrays(np.float32, (3, 4), elements=st.one_of(
    st.floats(-1, 20, width=32), st.sampled_from([np.nan, np.inf])))


@given(TRUTH, ANSWER, st.sampled_from(PROTOCOLS))
def test_the_same_pixels_count_as_in_the_figures(truth, answer, protocol):
    taken = pixels(answer, truth, protocol=protocol)
    figures = depth_figures(answer, truth, protocol=protocol)
    answered = ~np.isnan(taken.predicted)
    if not answered.any():
        assert np.isnan(figures.rel)
        return
    error = np.abs(taken.predicted - taken.truth)[answered]
    assert np.mean(error) == pytest.approx(figures.mae, rel=1e-4, abs=1e-6)
    assert np.mean(error / taken.truth[answered]) == pytest.approx(figures.rel, rel=1e-4, abs=1e-6)
    assert answered.mean() == pytest.approx(figures.coverage)
    ratio = taken.predicted / taken.truth
    if not np.isclose(ratio[answered], 1.25).any() and not np.isclose(ratio[answered], 0.8).any():
        assert taken.inside[answered].mean() == pytest.approx(figures.delta1)


def test_no_answer_is_not_right_and_has_no_confidence():
    taken = pixels(np.array([np.nan, 2.0]), np.array([2.0, 2.0]), np.array([0.9, 0.8]))
    assert taken.inside.tolist() == [False, True]
    assert np.isnan(taken.confidence[0]) and taken.confidence[1] == pytest.approx(0.8)


def test_errors_name_what_came():
    with pytest.raises(ValueError, match=r'confidence has shape \(3,\); expected \(2,\)'):
        pixels(np.ones(2), np.ones(2), np.ones(3))
    with pytest.raises(ValueError, match="'mine'; expected one of batvision, avsnet"):
        pixels(np.ones(2), np.ones(2), protocol='mine')
