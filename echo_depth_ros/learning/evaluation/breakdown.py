# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where errors are: by true distance, pixel by pixel over a whole split."""

from typing import NamedTuple

import numpy as np

from echo_depth_ros.learning.evaluation.pixels import Pixels

EDGES = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0)
"""Metres; a bin holds its upper edge, so depth clipped to 12 m is in the last."""


class DistanceRow(NamedTuple):
    """
    Figures of the pixels whose truth lies in (near, far]; NaN where there are none.

    :ivar share: of all pixels with truth.
    :ivar coverage: share of the bin's pixels that have a prediction; the rest speaks of those.
    """

    near: float
    far: float
    share: float
    rel: float
    mae: float
    delta1: float
    coverage: float


class DistanceBreakdown:
    """
    Sums over pixels by true distance, batch by batch.

    :param edges: increasing metres, from 0; truth beyond the last counts in the last bin.
    """

    def __init__(self, edges: tuple[float, ...] = EDGES) -> None:
        self.edges = edges
        self._sums = np.zeros((5, len(edges) - 1))

    def add(self, taken: Pixels) -> None:
        """Take pixels in."""
        bins = len(self.edges) - 1
        index = np.searchsorted(np.asarray(self.edges[1:-1], np.float32), taken.truth)
        answered = ~np.isnan(taken.predicted)
        error = np.where(answered, np.abs(taken.predicted - taken.truth), 0)
        for row, weights in enumerate(
                (None, answered, error / taken.truth, error, taken.inside)):
            self._sums[row] += np.bincount(index, weights, bins)

    def rows(self) -> list[DistanceRow]:
        """Figures of each bin."""
        known, answered, rel, mae, inside = self._sums
        with np.errstate(invalid='ignore', divide='ignore'):
            columns = (known / known.sum(), rel / answered, mae / answered, inside / answered,
                       answered / known)
        return [DistanceRow(*(float(value) for value in row))
                for row in zip(self.edges, self.edges[1:], *columns)]
