# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Median scaling, equation 3 of AVS-Net.

    M = R * median(M_p) / median(R)

Where confidence is known, both medians are weighted by it.
"""

from typing import Optional

import numpy as np

from echo_depth_ros.perception.scaling.compared import BLOCKS, compare, Compared, MIN_SHARE
from echo_depth_ros.perception.scaling.pixels import PixelPairs
from echo_depth_ros.perception.scaling.result import Scaling
from echo_depth_ros.perception.scaling.uncertainty import judge

_THINNED = 4096
"""Pixels that are enough to tell how far the median moves; more of them take time to sort."""


def fit(relative: np.ndarray, metric: np.ndarray, kind: str = 'depth',
        confidence: Optional[np.ndarray] = None, pairs: Optional[PixelPairs] = None, *,
        min_share: float = MIN_SHARE) -> Scaling:
    """
    Match the medians of the depths.

    :param relative: ``(h, w)``, depth or disparity up to a factor, as ``kind`` says.
    :param metric: ``(H, W)`` metres.
    :param confidence: ``(H, W)``, 0 to 1.
    :param pairs: from :func:`pair_pixels`.
    :returns: metres = scale * R; the shift is 0.
    :raises ScaleError: see :func:`compare`.
    """
    compared = compare(relative, metric, kind, 'depth', confidence, pairs, min_share)
    scale = _ratio(compared)
    every = -(-compared.weight.size // _THINNED)
    fewer = compared._replace(
        relative=compared.relative[::every], metric=compared.metric[::every],
        weight=compared.weight[::every], block=compared.block[::every])
    ratios = _medians_without(fewer, fewer.metric) / _medians_without(fewer, fewer.relative)
    without = scale * ratios[:-1] / ratios[-1]
    return judge(compared, kind, 'depth', (scale, 0.0), (without, np.zeros(without.size)))


def median_scale(relative: np.ndarray, metric: np.ndarray, kind: str = 'depth', *,
                 pairs: Optional[PixelPairs] = None, min_share: float = MIN_SHARE) -> float:
    """
    Return the factor alone that turns a relative depth image into metres.

    :returns: metres per unit of relative depth, positive and finite.
    :raises ScaleError: see :func:`compare`.
    """
    return _ratio(compare(relative, metric, kind, 'depth', pairs=pairs, min_share=min_share))


def _ratio(compared: Compared) -> float:
    if not compared.weighted:
        return float(np.median(compared.metric) / np.median(compared.relative))
    return (weighted_median(compared.metric, compared.weight)
            / weighted_median(compared.relative, compared.weight))


def weighted_median(values: np.ndarray, weight: np.ndarray) -> float:
    """
    Return the value (of n) with half of the weight on either side.

    It is between two values where these share the weight evenly, as the plain median is.
    """
    order = np.argsort(values)
    return float(_middle(values[order], np.cumsum(weight[order])[None])[0])


def _medians_without(compared: Compared, values: np.ndarray) -> np.ndarray:
    """Weighted medians (b + 1,) of values (n,) without each of b blocks, and with all of them."""
    order = np.argsort(values)
    block, weight = compared.block[order], compared.weight[order]
    blocks = np.arange(BLOCKS ** 2 + 1)
    kept = np.where(block[None] == blocks[:, None], 0.0, weight[None])
    return _middle(values[order], np.cumsum(kept, axis=1))


def _middle(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Medians (b,) of sorted values (n,), by b cumulative weights (b, n)."""
    low = [np.searchsorted(row, row[-1] / 2, 'left') for row in weights]
    # Where no weight is left, there is nothing right of the middle either.
    high = [min(np.searchsorted(row, row[-1] / 2, 'right'), row.size - 1) for row in weights]
    return (values[low] + values[high]) / 2
