# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The seven figures of the tables of AVS-Net."""

from typing import NamedTuple

import numpy as np

from echo_depth_ros.perception.metrics import known_truth

_LEAST = 1e-3


class AvsFigures(NamedTuple):
    """
    Figures of one image, or the mean over images; NaN where nothing could be compared.

    :ivar abs_rel: mean of ``|p - g| / g``.
    :ivar sq_rel: mean of ``(p - g)² / g``, metres.
    :ivar rmse: metres.
    :ivar rmse_log: root of the mean of ``(ln p - ln g)²``.
    :ivar delta1: share of pixels with ``max(p / g, g / p) < 1.25``.
    :ivar delta2: the same with 1.25 squared.
    :ivar delta3: the same with 1.25 cubed.
    :ivar coverage: share of the pixels with truth that also have a prediction. The seven figures
        speak of those only, so compare methods at equal coverage.
    """

    abs_rel: float
    sq_rel: float
    rmse: float
    rmse_log: float
    delta1: float
    delta2: float
    delta3: float
    coverage: float


NOTHING = AvsFigures(*[float('nan')] * 8)
"""Of an image without truth."""


def avs_figures(predicted: np.ndarray, truth: np.ndarray, max_depth: float = 12.0,
                protocol: str = 'avsnet') -> AvsFigures:
    """
    Compare one depth image with the truth.

    :param predicted: (H, W) metres; NaN is no answer, all beyond ``max_depth`` counts as that.
    :param truth: (H, W) metres; see
        :func:`~echo_depth_ros.perception.metrics.known_truth` for which pixels count.
    :param protocol: 'avsnet', the paper's, or 'batvision'.
    :raises ValueError: shapes that differ, or an unknown protocol.
    """
    predicted, truth = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    if predicted.shape != truth.shape:
        raise ValueError(f'predicted depth has shape {predicted.shape}, but truth {truth.shape}; '
                         'expected the same')
    known = known_truth(truth, max_depth, protocol)
    both = known & ~np.isnan(predicted)
    if not both.any():
        return NOTHING._replace(coverage=0.0) if known.any() else NOTHING
    p, g = np.clip(predicted[both], _LEAST, max_depth), np.minimum(truth[both], max_depth)
    error, ratio = p - g, np.maximum(p / g, g / p)
    return AvsFigures(*map(float, (
        np.mean(np.abs(error) / g), np.mean(error**2 / g), np.sqrt(np.mean(error**2)),
        np.sqrt(np.mean(np.log(p / g)**2)),
        *(np.mean(ratio < 1.25**power) for power in (1, 2, 3)), both.sum() / known.sum())))


def mean_figures(images: list[AvsFigures]) -> tuple[AvsFigures, int]:
    """
    Average over images, each weighing the same.

    :returns: the mean over those that have figures, their coverage over all that have truth, and
        how many have figures.
    """
    rows = np.array([row for row in images if not np.isnan(row.abs_rel)])
    covered = [row.coverage for row in images if not np.isnan(row.coverage)]
    mean = AvsFigures(*(float(value) for value in rows.mean(0))) if len(rows) else NOTHING
    return (mean._replace(coverage=float(np.mean(covered))) if covered else mean), len(rows)
