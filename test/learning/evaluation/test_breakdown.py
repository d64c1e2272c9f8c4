# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from echo_depth_ros.learning.evaluation.breakdown import DistanceBreakdown
from echo_depth_ros.learning.evaluation.pixels import pixels


def test_rows_by_hand():
    breakdown = DistanceBreakdown()
    breakdown.add(pixels(np.array([0.6, 1.2, 3.0]), np.array([0.5, 1.0, 2.0])))
    breakdown.add(pixels(np.array([np.nan, 4.4, 9.0, 12.0]), np.array([4.0, 4.0, 12.0, 20.0])))
    rows = breakdown.rows()
    assert [(row.near, row.far) for row in rows] == [
        (0, 1), (1, 2), (2, 3), (3, 5), (5, 8), (8, 12)]
    assert [row.share for row in rows] == pytest.approx(np.array([2, 1, 0, 2, 0, 2]) / 7)
    assert [row.rel for row in rows] == pytest.approx(
        [0.2, 0.5, np.nan, 0.1, np.nan, 0.125], nan_ok=True)
    assert [row.mae for row in rows] == pytest.approx(
        [0.15, 1.0, np.nan, 0.4, np.nan, 1.5], nan_ok=True)
    assert [row.delta1 for row in rows] == pytest.approx(
        [1, 0, np.nan, 1, np.nan, 0.5], nan_ok=True)
    assert rows[3].coverage == 0.5
