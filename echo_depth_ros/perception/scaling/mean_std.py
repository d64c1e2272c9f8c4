# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Mean and standard deviation matched: the scaling that AVS-Net compares the median with.

    M = (R - mean(R)) / std(R) * std(M_p) + mean(M_p)

For a network that gives disparity the same is done with disparities, in which its error is a
factor and a shift; the reciprocal of a small disparity would outweigh all other pixels.
"""

from typing import Optional

import numpy as np

from echo_depth_ros.perception.scaling.compared import compare, MIN_SHARE
from echo_depth_ros.perception.scaling.pixels import PixelPairs, ScaleError
from echo_depth_ros.perception.scaling.result import Scaling
from echo_depth_ros.perception.scaling.uncertainty import block_sums, judge

FLAT = 1e-4
"""Standard deviation, as a share of the mean, below which an image says nothing of its scale."""


def fit(relative: np.ndarray, metric: np.ndarray, kind: str = 'depth',
        confidence: Optional[np.ndarray] = None, pairs: Optional[PixelPairs] = None, *,
        min_share: float = MIN_SHARE) -> Scaling:
    """
    Match mean and standard deviation.

    :param relative: ``(h, w)``, depth or disparity up to a factor and a shift.
    :param metric: ``(H, W)`` metres.
    :param confidence: ``(H, W)``, 0 to 1, by which both are weighted.
    :param pairs: from :func:`pair_pixels`.
    :returns: metres = scale * R + shift, or for disparity 1 / metres = scale * D + shift.
    :raises ScaleError: see :func:`compare`; or an image is flat.
    """
    compared = compare(relative, metric, kind, kind, confidence, pairs, min_share)
    weight, r, m = compared.weight, compared.relative, compared.metric
    # About their means, or the squares would lose in the differences what flat images have.
    about_r, about_m = np.average(r, weights=weight), np.average(m, weights=weight)
    r, m = r - about_r, m - about_m
    blocks = [block_sums(compared, weight * values)
              for values in (np.ones(r.size), r, r * r, m, m * m)]
    totals = [part.sum() for part in blocks]
    spread_r, spread_m = (
        np.sqrt(squares / totals[0]) for squares in (totals[2], totals[4]))
    for spread, about, name in ((spread_r, about_r, f'relative {kind}'),
                                (spread_m, about_m, 'metric depth')):
        if not spread > FLAT * about:
            raise ScaleError(f'the {name} is flat: all compared pixels hold about {about:.3g}, '
                             'and a standard deviation of nothing gives no scale')
    scale = spread_m / spread_r
    without = _line(*(total - part for total, part in zip(totals, blocks)))
    return judge(compared, kind, kind, (scale, about_m - scale * about_r),
                 (without[0], without[1] + about_m - without[0] * about_r))


def _line(count, sum_r, squares_r, sum_m, squares_m) -> tuple[np.ndarray, np.ndarray]:
    """Scales and shifts (b,) from weighted sums (b,); NaN where nothing is left."""
    with np.errstate(divide='ignore', invalid='ignore'):
        mean_r, mean_m = sum_r / count, sum_m / count
        scale = np.sqrt((squares_m / count - mean_m ** 2) / (squares_r / count - mean_r ** 2))
    return scale, mean_m - scale * mean_r
