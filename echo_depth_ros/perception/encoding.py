# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Depth and ranges as REP-117 and REP-118 want them: unknown is NaN, beyond range is +Inf."""

import math

import numpy as np


def encode_depth(depth: np.ndarray, depth_min: float, depth_max: float) -> np.ndarray:
    """
    Mark what is beyond range and what is not known.

    :param depth: metres, any shape.
    :returns: float32 copy: +Inf where ``depth >= depth_max``, NaN where ``depth < depth_min`` or
        NaN. Nearer than ``depth_min`` is unknown rather than REP-117's -Inf, since no echo ends
        before its chirp does: a network that says so has not heard it.
    """
    encoded = np.array(depth, np.float32)
    encoded[~(encoded >= depth_min)] = np.nan
    encoded[encoded >= depth_max] = np.inf
    return encoded


def encode_range(range_m: float, range_min: float, range_max: float) -> float:
    """
    Mark a single range (REP-117).

    :returns: +Inf at ``range_max`` and beyond, -Inf below ``range_min``, NaN for NaN.
    """
    if math.isnan(range_m):
        return math.nan
    if range_m < range_min:
        return -math.inf
    return math.inf if range_m >= range_max else range_m
