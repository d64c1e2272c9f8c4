# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from echo_depth_ros.learning.evaluation.first_echo import obstacle_range, range_rows

DOWN = (2 * np.arange(128) + 1 - 128)[:, None] / 128
RIGHT = DOWN.T


def _room(wall, height=0.5):
    """Depth of a wall across the view, above a floor ``height`` below the camera."""
    with np.errstate(divide='ignore'):
        return np.minimum(np.where(DOWN > 0, height / DOWN, np.inf), wall) * np.ones((128, 128))


def test_the_floor_is_no_obstacle():
    depth = np.stack([_room(2.0), _room(0.8), np.zeros((128, 128))])
    assert obstacle_range(depth) == pytest.approx([2.0, 0.8, np.nan], abs=1e-3, nan_ok=True)


def test_what_stands_on_the_floor_is_one():
    depth = _room(4.0)
    depth[40:80, 90:100] = 1.0
    seen = np.hypot(1, np.hypot(DOWN[63, 0], RIGHT[0, 90]))
    assert obstacle_range(depth[None]) == pytest.approx([seen], abs=1e-3)


def test_rows_by_hand():
    heard = {'first': np.array([1.0, 2.1, np.inf, 4.0]), 'deaf': np.full(4, np.inf)}
    rows = range_rows(heard, {'wall': np.array([1.1, 2.0, 3.0, np.nan]),
                              'unknown': np.full(4, np.nan)})
    assert [row.echo for row in rows] == ['first', 'deaf']
    assert rows[0].windows == 3
    assert rows[0].median == pytest.approx(0.1) and rows[0].p95 == pytest.approx(0.1)
    assert rows[0].without == pytest.approx(1 / 3)
    assert rows[1].without == 1 and np.isnan(rows[1].median)
