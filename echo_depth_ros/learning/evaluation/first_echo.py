# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How well the classical first echo, without any network, tells the range of what is nearest."""

from typing import Mapping, NamedTuple

import numpy as np

_ABOVE_FLOOR = 0.05


class RangeRow(NamedTuple):
    """
    One way to count echoes against one notion of the nearest surface.

    :ivar echo: as `baselines.FIRST_ECHOES` names it.
    :ivar truth: what it is compared with, in words.
    :ivar windows: how many have that truth.
    :ivar median: error in metres; NaN where no window has both truth and echo.
    :ivar p95: error in metres.
    :ivar without: share of those windows in which no echo is heard.
    """

    echo: str
    truth: str
    windows: int
    median: float
    p95: float
    without: float


def obstacle_range(depth: np.ndarray, half_width: float = 1.0) -> np.ndarray:
    """
    Metres to the nearest surface in view that is no floor, of a camera that looks level.

    The floor is the plane of the lowest points; what rises less than 5 cm above it belongs to it.

    :param depth: (B, H, W) metres along the optical axis; what is not positive is a hole.
    :param half_width: tangent of half the field of view, for both axes.
    :returns: (B,), NaN where nothing is seen.
    """
    height, width = depth.shape[1:]
    down = (2 * np.arange(height) + 1 - height)[:, None] / height * half_width
    right = (2 * np.arange(width) + 1 - width)[None] / width * half_width
    seen = np.where(depth > 0, depth, np.nan)
    below = seen * down
    with np.errstate(invalid='ignore'):
        lowest = np.nanmax(np.where(seen > 0, below, -np.inf), axis=(1, 2), keepdims=True)
        floor = (below > lowest - _ABOVE_FLOOR) & (lowest > 0)
        reach = np.where((seen > 0) & ~floor, seen * np.sqrt(1 + down**2 + right**2), np.inf)
    nearest = reach.min(axis=(1, 2))
    return np.where(np.isfinite(nearest), nearest, np.nan)


def range_rows(heard: Mapping[str, np.ndarray], truths: Mapping[str, np.ndarray]
               ) -> list[RangeRow]:
    """
    Compare every way to count echoes with every truth.

    :param heard: (N,) metres by name, +Inf where no echo came back.
    :param truths: (N,) metres by name, NaN where not known.
    """
    rows = []
    for truth, true in truths.items():
        for echo, ranges in heard.items():
            known = np.isfinite(true)
            if not known.any():
                continue
            both = known & np.isfinite(ranges)
            error = np.abs(ranges[both] - true[both])
            median, p95 = (np.percentile(error, (50, 95)) if len(error) else (np.nan, np.nan))
            rows.append(RangeRow(echo, truth, int(known.sum()), float(median), float(p95),
                                 float(1 - both.sum() / known.sum())))
    return rows


