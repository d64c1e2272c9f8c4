# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Depth, confidence and ranges as REP-117 and REP-118 want them: unknown is NaN."""

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


def encode_confidence(confidence: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """
    Mark where nothing was said that one could be sure of.

    :param confidence: 0 to 1, any shape; rounding beyond these limits is cut off.
    :param depth: the same shape, as :func:`encode_depth` returns it.
    :returns: float32 copy: NaN where ``depth`` is unknown, 0 to 1 elsewhere. "Beyond range" (+Inf)
        is a claim about depth like any other, and keeps its confidence.
    """
    return np.where(np.isnan(depth), np.float32(np.nan),
                    np.clip(np.asarray(confidence, np.float32), 0, 1))


def hide_unsure(depth: np.ndarray, confidence: np.ndarray, min_confidence: float) -> np.ndarray:
    """
    Depth without the pixels that are less sure than wanted.

    "Beyond range" is hidden like any depth: free space that is not sure is no free space.

    :param depth: as :func:`encode_depth` returns it; ``confidence`` of the same shape.
    :returns: float32 copy, NaN also where ``confidence < min_confidence`` or is NaN.
    """
    return np.where(confidence >= min_confidence, depth, np.float32(np.nan))


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
