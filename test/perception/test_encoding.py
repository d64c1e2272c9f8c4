# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
import numpy as np
import pytest

from echo_depth_ros.perception.encoding import (
    encode_confidence,
    encode_depth,
    encode_range,
    hide_unsure,
)


def test_depth_at_its_limits():
    depth = np.array([[-1, 0, 0.09, 0.1, 5], [11.99, 12, 99, np.inf, np.nan]])
    expected = [[np.nan, np.nan, np.nan, 0.1, 5], [11.99, np.inf, np.inf, np.inf, np.nan]]
    encoded = encode_depth(depth, 0.1, 12.0)
    assert encoded.dtype == np.float32
    np.testing.assert_allclose(encoded, expected, rtol=1e-6)


def test_minus_infinity_is_unknown():
    assert np.isnan(encode_depth(np.array([-np.inf]), 0.1, 12.0)).all()


@settings(max_examples=50, deadline=None, derandomize=True)
@given(arrays(np.float32, (4, 5), elements=st.floats(width=32)))
def test_depth_is_in_range_or_marked_and_the_input_is_left_alone(depth):
    before = depth.copy()
    encoded = encode_depth(depth, 0.3, 12.0)
    seen = np.isfinite(encoded)
    assert (encoded[seen] == depth[seen]).all()
    assert ((encoded[seen] >= np.float32(0.3)) & (encoded[seen] < 12)).all()
    assert not np.isneginf(encoded).any()
    np.testing.assert_array_equal(depth, before)


def test_confidence_is_unknown_where_depth_is():
    depth = np.array([np.nan, 1.0, np.inf, 2.0, 3.0], np.float32)
    encoded = encode_confidence(np.array([0.9, 0.2, 0.7, 1.0003, -0.0003]), depth)
    assert encoded.dtype == np.float32
    np.testing.assert_allclose(encoded, [np.nan, 0.2, 0.7, 1, 0], rtol=1e-6)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(arrays(np.float32, (4, 5), elements=st.floats(width=32)),
       arrays(np.float32, (4, 5), elements=st.floats(0, 1, width=32)),
       st.floats(0, 1, width=32))
def test_what_is_left_is_sure_enough_and_what_is_hidden_is_not(raw, confidence, least):
    depth = encode_depth(raw, 0.3, 12.0)
    before = depth.copy()
    hidden = hide_unsure(depth, encode_confidence(confidence, depth), least)
    assert hidden.dtype == np.float32
    left = ~np.isnan(hidden)
    assert (confidence[left] >= least).all()
    np.testing.assert_array_equal(hidden[left], depth[left])
    assert (np.isnan(depth[~left]) | (confidence[~left] < least)).all()
    np.testing.assert_array_equal(depth, before)


@pytest.mark.parametrize('measured, encoded', [
    (0.1, -math.inf), (0.3, 0.3), (2.5, 2.5), (12.0, math.inf), (math.inf, math.inf)])
def test_range_follows_rep_117(measured, encoded):
    assert encode_range(measured, 0.3, 12.0) == encoded


def test_unknown_range_stays_unknown():
    assert math.isnan(encode_range(math.nan, 0.3, 12.0))
