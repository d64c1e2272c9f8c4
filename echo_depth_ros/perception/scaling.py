# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Give a relative depth image its metres from an echo depth image (AVS-Net, equation 3).

    M = R * median(M_p) / median(R)

Both medians are taken over the same directions, and only over those in which both images hold a
depth: an unknown or far pixel in one of them must not shift the other's median.
"""

from dataclasses import dataclass
import math
from typing import NamedTuple, Optional

import numpy as np

from echo_depth_ros.acoustics.errors import EchoDepthError

KINDS = ('depth', 'disparity')
MIN_SHARE = 0.05
"""Share of the compared pixels that must be valid in both images for a scale to count."""


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


def median_scale(relative: np.ndarray, metric: np.ndarray, kind: str = 'depth', *,
                 pairs: Optional[PixelPairs] = None, min_share: float = MIN_SHARE) -> float:
    """
    Return the factor that turns a relative depth image into metres.

    :param relative: ``(h, w)`` in any unit, of any size. A depth is valid where it is finite and
        positive; so is a disparity, of which the reciprocal is the depth.
    :param metric: ``(H, W)`` metres; NaN, +Inf and what is not positive is invalid.
    :param kind: what ``relative`` holds, ``depth`` or ``disparity``.
    :param pairs: from :func:`pair_pixels`, which is worth keeping between frames.
    :returns: metres per unit of relative depth, positive and finite.
    :raises ScaleError: fewer pixels than ``min_share`` of the pairs are valid in both; the message
        counts them.
    """
    _check(relative, kind)
    pairs = pairs or pair_pixels(relative.shape, metric.shape)
    r = relative_depth(relative.ravel()[pairs.relative], kind)
    m = metric.ravel()[pairs.metric]
    r_valid, m_valid = np.isfinite(r), np.isfinite(m) & (m > 0)
    both = r_valid & m_valid
    if both.sum() <= min_share * both.size or not both.any():
        raise ScaleError(
            f'only {both.sum()} of {both.size} compared pixels are valid in both images '
            f'({r_valid.sum()} in the relative {kind}, {m_valid.sum()} in the echo depth); '
            f'more than {min_share:.0%} are needed: check the topics, or relative_kind')
    return float(np.median(m[both]) / np.median(r[both]))


def apply_scale(relative: np.ndarray, scale: float, kind: str = 'depth') -> np.ndarray:
    """
    Return metres, float32 and of the relative image's shape.

    NaN where the relative image is invalid, and everywhere for a scale of NaN.
    """
    _check(relative, kind)
    return relative_depth(relative, kind) * np.float32(scale)


def relative_depth(relative: np.ndarray, kind: str) -> np.ndarray:
    """Relative depth as float32, NaN where it is not a positive finite number."""
    values = np.asarray(relative, np.float32)
    valid = np.isfinite(values) & (values > 0)
    depth = np.full(values.shape, np.nan, np.float32)
    if kind == 'depth':
        np.copyto(depth, values, where=valid)
    else:
        with np.errstate(over='ignore'):
            np.divide(np.float32(1), values, out=depth, where=valid)
        depth[np.isinf(depth)] = np.nan
    return depth


@dataclass
class ScaleHolder:
    """
    Holds the last good scale, for no longer than ``max_age`` seconds.

    A relative image and an echo depth image rarely carry the same stamp, and some pings say
    nothing; but an old scale belongs to another view and is worse than none.
    """

    max_age: float
    _scale: float = math.nan
    _stamp: int = 0

    def __post_init__(self) -> None:
        """Refuse an age that is none."""
        if not self.max_age >= 0:
            raise ValueError(f'max_age is {self.max_age}; expected seconds, 0 or more')

    def update(self, scale: float, stamp: int) -> None:
        """Hold a scale that was measured at ``stamp`` nanoseconds; one that is none is ignored."""
        if math.isfinite(scale) and scale > 0:
            self._scale, self._stamp = scale, stamp

    def at(self, stamp: int) -> float:
        """
        Return the scale for an image of that time, or NaN where it is too old.

        Age counts both ways, so that a clock that went back does not keep a scale for ever.
        """
        return self._scale if abs(self.age(stamp)) <= self.max_age else math.nan

    def age(self, stamp: int) -> float:
        """Seconds since the scale was measured; +Inf before the first one."""
        return math.inf if math.isnan(self._scale) else (stamp - self._stamp) / 1e9


def _check(relative: np.ndarray, kind: str) -> None:
    if kind not in KINDS:
        raise ScaleError(f'relative kind is {kind!r}; expected one of {", ".join(KINDS)}')
    if relative.ndim != 2 or relative.size == 0:
        raise ScaleError(f'relative {kind} has shape {relative.shape}; expected (height, width)')


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
