# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Least squares in disparity, for networks whose disparity is right up to a factor and a shift.

    1 / M = scale * D + shift

MiDaS, DPT and Depth Anything are such (Ranftl et al., "Towards robust monocular depth estimation",
equations 4 and 5, there with ground truth in the place of echoes). Pixels are weighted by
confidence, and by Huber's weights, so that far-off ones pull as if they were only a little off:
iteratively reweighted least squares (Holland and Welsch 1977).
"""

import math
from typing import Optional

import numpy as np

from echo_depth_ros.perception.scaling.compared import compare, MIN_SHARE
from echo_depth_ros.perception.scaling.mean_std import FLAT
from echo_depth_ros.perception.scaling.pixels import PixelPairs, ScaleError
from echo_depth_ros.perception.scaling.result import Scaling
from echo_depth_ros.perception.scaling.uncertainty import block_sums, judge

ROUNDS = 15
_HUBER = 1.345
"""Standard deviations from which on a pixel is far off: 95 % efficient for normal errors."""
_MAD = 1.4826
"""Standard deviation of normal errors, in medians of their size."""
_STEADY = 1e-5
"""Change of the line, as a share of the mean disparity, at which rounds end."""


def fit(relative: np.ndarray, metric: np.ndarray, kind: str = 'disparity',
        confidence: Optional[np.ndarray] = None, pairs: Optional[PixelPairs] = None, *,
        min_share: float = MIN_SHARE) -> Scaling:
    """
    Fit scale and shift of the disparity.

    :param relative: ``(h, w)``, disparity up to a factor and a shift; of depth the reciprocal is
        taken.
    :param metric: ``(H, W)`` metres.
    :param confidence: ``(H, W)``, 0 to 1.
    :param pairs: from :func:`pair_pixels`.
    :returns: 1 / metres = scale * D + shift, D being 1 / R where ``kind`` is depth.
    :raises ScaleError: see :func:`compare`; or the relative image is flat, or runs the other way.
    """
    compared = compare(relative, metric, kind, 'disparity', confidence, pairs, min_share)
    weight, y = compared.weight, compared.metric
    about = float(np.average(compared.relative, weights=weight))
    x = compared.relative - about
    if not np.sqrt(np.average(x * x, weights=weight)) > FLAT * about:
        raise ScaleError(f'the relative {kind} is flat: no scale and shift can be told from it')
    line, robust, limit = _robust_line(x, y, weight)
    if not line[0] > 0:
        raise ScaleError(
            f'the relative {kind} grows where the metric depth says that it falls (scale '
            f'{line[0]:.3g}): check relative_kind')
    blocks = [block_sums(compared, robust * part)
              for part in (np.ones(x.size), x, x * x, y, x * y)]
    without = np.array(_line(*(part.sum() - part for part in blocks)))
    # The robust weights stay as they are above, while those of a line that moves would move with
    # it: far-off pixels stop pulling, and the others pull the more (Huber 1964, of the variance).
    follow = np.abs(y - line[0] * x - line[1]) <= limit
    without = line[:, None] + (without - line[:, None]) * (robust.sum() / weight[follow].sum())
    return judge(compared, kind, 'disparity', (line[0], line[1] - line[0] * about),
                 (without[0], without[1] - without[0] * about))


def _robust_line(x: np.ndarray, y: np.ndarray, weight: np.ndarray):
    """Scale and shift (2,), weights (n,) that give them, and how far off is far-off."""
    line, robust, limit = np.zeros(2), weight, math.inf
    for _ in range(ROUNDS):
        before = line
        wx = robust * x
        # Not by @: BLAS would take threads for it, which then spin and burn a whole core.
        line = np.array(_line(robust.sum(), wx.sum(), (wx * x).sum(), (robust * y).sum(),
                              (wx * y).sum()))
        off = np.abs(y - line[0] * x - line[1])
        if np.abs(line - before).max() <= _STEADY * abs(line[1]):
            break
        middle = _HUBER * _MAD * np.median(off)
        if not middle > 0:
            break  # most pixels lie on the line
        limit = middle
        robust = weight * (limit / np.maximum(off, limit))
    return line, robust, limit


def _line(count, sum_x, sum_xx, sum_y, sum_xy):
    """Scale and shift that solve the normal equations; of as many as there are sums."""
    with np.errstate(divide='ignore', invalid='ignore'):
        scale = (count * sum_xy - sum_x * sum_y) / (count * sum_xx - sum_x ** 2)
        return scale, (sum_y - scale * sum_x) / count
