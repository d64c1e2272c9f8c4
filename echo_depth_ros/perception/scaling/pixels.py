# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Which pixels of a relative depth image and of a metric one are compared, and what they hold.

A depth is valid where it is finite and positive; so is a disparity, of which the reciprocal is the
depth. Zero and NaN are how vision nodes say that they see nothing, as in the dark.
"""

import math
from typing import NamedTuple, Optional

import numpy as np

from echo_depth_ros.acoustics.errors import EchoDepthError

KINDS = ('depth', 'disparity')


class ScaleError(EchoDepthError, ValueError):
    """Two depth images that have no scale between them."""


class PixelPairs(NamedTuple):
    """Which pixel of the relative image looks where which pixel of the metric one does."""

    relative: np.ndarray
    metric: np.ndarray


def pair_pixels(relative_shape: tuple[int, int], metric_shape: tuple[int, int],
                relative_k: Optional[np.ndarray] = None,
                metric_k: Optional[np.ndarray] = None) -> PixelPairs:
    """
    Pair the pixels of two images, each pixel of the smaller with the nearest of the larger.

    Nothing is interpolated, which would invent depth across edges and holes.

    :param relative_shape: height and width.
    :param metric_shape: height and width.
    :param relative_k: intrinsics (3, 3) of each camera, where both are known and the cameras look
        the same way from about the same place. Pixels are then paired along their rays, and those
        that only one camera sees are left out. Without them both images are taken to show the
        same field of view.
    :param metric_k: see ``relative_k``.
    :returns: flat indices into each image, of equal length.
    """
    relative_k, metric_k = _intrinsics(relative_shape, metric_shape, relative_k, metric_k)
    swap = math.prod(relative_shape) < math.prod(metric_shape)
    (small, k_small), (large, k_large) = (
        ((relative_shape, relative_k), (metric_shape, metric_k)) if swap
        else ((metric_shape, metric_k), (relative_shape, relative_k)))
    rows, row_ok = _nearest(small[0], large[0], k_small[1], k_large[1], axis=1)
    cols, col_ok = _nearest(small[1], large[1], k_small[0], k_large[0], axis=0)
    seen = np.ravel(row_ok[:, None] & col_ok[None, :])
    in_small = np.flatnonzero(seen)
    in_large = np.ravel(rows[:, None] * large[1] + cols[None, :])[seen]
    return PixelPairs(in_small, in_large) if swap else PixelPairs(in_large, in_small)


def check_relative(relative: np.ndarray, kind: str) -> None:
    """
    Refuse what is no image of a kind that is known.

    :raises ScaleError: another kind than depth or disparity, or not ``(height, width)``.
    """
    if kind not in KINDS:
        raise ScaleError(f'relative kind is {kind!r}; expected one of {", ".join(KINDS)}')
    if relative.ndim != 2 or relative.size == 0:
        raise ScaleError(f'relative {kind} has shape {relative.shape}; expected (height, width)')


def relative_depth(relative: np.ndarray, kind: str) -> np.ndarray:
    """Relative depth as float32, NaN where it is not a positive finite number."""
    return relative_in(relative, kind, 'depth')


def relative_in(relative: np.ndarray, kind: str, space: str) -> np.ndarray:
    """
    Return a relative image as depth or as disparity, whichever of both it holds.

    :param kind: what it holds, and ``space`` what is wanted; both of :data:`KINDS`.
    :returns: float32 of the same shape, NaN where it is not a positive finite number.
    """
    values = np.asarray(relative, np.float32)
    valid = np.isfinite(values) & (values > 0)
    wanted = np.full(values.shape, np.nan, np.float32)
    if kind == space:
        np.copyto(wanted, values, where=valid)
    else:
        with np.errstate(over='ignore'):
            np.divide(np.float32(1), values, out=wanted, where=valid)
        wanted[np.isinf(wanted)] = np.nan
    return wanted


def _intrinsics(relative_shape, metric_shape, relative_k, metric_k):
    """Both intrinsics; where either is unknown, those of one common field of view."""
    if relative_k is None or metric_k is None:
        return tuple(np.array([[w, 0, (w - 1) / 2], [0, h, (h - 1) / 2], [0, 0, 1]])
                     for h, w in (relative_shape, metric_shape))
    return np.asarray(relative_k, float), np.asarray(metric_k, float)


def _nearest(small: int, large: int, k_small: np.ndarray, k_large: np.ndarray, axis: int):
    """Index in the larger image of each row or column of the smaller, and whether it is there."""
    tangent = (np.arange(small) - k_small[2]) / k_small[axis]
    at = np.rint(tangent * k_large[axis] + k_large[2]).astype(int)
    return np.clip(at, 0, large - 1), (at >= 0) & (at < large)
