# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the tops of a recording have been cut off, at full scale or below it."""

import math

import numpy as np

from echo_depth_ros.acoustics.quality import CLIPPED_AT

_LEAST_TOP = 0.02
_FLAT = 1e-4
_STEEP = 0.01
_OFTEN = 3


def clipped_at(samples: np.ndarray) -> float:
    """
    Level at which a recording clips; NaN where it does not.

    An amplifier or a converter with a volume control behind it may clip below full scale. No
    wave that has not been cut stays within 1e-4 of its top for two samples and falls by a
    hundredth of it right beside them. An amplifier ahead of a noisy one may clip unnoticed: noise
    roughens what was flat.

    :param samples: float array (n,), full scale 1.0.
    """
    levels = [_flat_top(side) for side in (samples, -samples)]
    at = [level for level in levels if not math.isnan(level)]
    if at:
        return max(at)
    # Digital full scale needs no second witness: a few samples there are too many.
    hot = int(np.count_nonzero(np.abs(samples) >= CLIPPED_AT))
    return 1.0 if hot >= _OFTEN else math.nan


def _flat_top(side: np.ndarray) -> float:
    top = float(side.max(initial=0.0))
    if top < _LEAST_TOP:
        return math.nan
    flat = side >= top * (1 - _FLAT)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flat.astype(np.int8), [0]))))
    begins, ends = edges[::2], edges[1::2]
    inside = (ends - begins >= 2) & (begins > 0) & (ends < side.size)
    begins, ends = begins[inside], ends[inside]
    if not begins.size:
        return math.nan
    steep = np.minimum(side[begins - 1], side[ends]) < top * (1 - _STEEP)
    return top if np.count_nonzero(steep) >= _OFTEN else math.nan
