# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import math

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.perception.scaling import spread_of


@given(level=st.floats(1e-3, 1e3), shape=st.tuples(st.integers(1, 300), st.integers(1, 300)))
def test_one_number_has_no_spread(level, shape):
    assert spread_of(np.full(shape, level, np.float32)) == 0


@pytest.mark.parametrize('size', [100, 1000])
def test_a_ramp_has_that_of_its_ends(size):
    # From the 5th to the 95th percentile of 1 to 3: 1.1 to 2.9, around 2.
    ramp = np.linspace(1, 3, size)[:, None] * np.ones(size)
    assert spread_of(ramp) == pytest.approx(0.9, rel=0.02)


def test_invalid_pixels_do_not_count():
    image = np.full((50, 50), 2.0)
    image[:10], image[10:20], image[20:30] = np.nan, 0, -7
    assert spread_of(image) == 0


@pytest.mark.parametrize('valid', [0, 3])
def test_too_few_pixels_say_nothing(valid):
    image = np.zeros((50, 50))
    image[0, :valid] = 5
    assert math.isnan(spread_of(image))
