# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How much a relative image says at all: in the dark some networks answer with one number."""

import math

import numpy as np

from echo_depth_ros.perception.scaling.compared import MIN_SHARE

MIN_SPREAD = 0.01
"""Least spread of an image that tells near from far."""
_ENDS = 5, 50, 95
_SAMPLES = 10_000


def spread_of(relative: np.ndarray) -> float:
    """
    Return by what share of their median the valid pixels of a relative image differ.

    From the 5th to the 95th percentile of a regular sample, so that an edge or a lamp does not
    count. The same for depth and for disparity while it is small.

    :param relative: (h, w); zero, negative and NaN is invalid.
    :returns: 0 where all hold the same; NaN where too few are valid for a scale anyway.
    """
    step = max(1, math.isqrt(relative.size // _SAMPLES))
    values = relative[::step, ::step]
    count = values.size
    values = values[np.isfinite(values) & (values > 0)]
    if values.size <= MIN_SHARE * count:
        return math.nan
    low, middle, high = np.percentile(values, _ENDS)
    return float((high - low) / middle)
