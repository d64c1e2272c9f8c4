# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Give a relative depth image its metres from an echo depth image (AVS-Net, section 3.2.2).

Three scalings by name, with one interface: ``median``, ``mean_std`` and ``least_squares``.
``fit(relative, metric, kind, confidence, pairs)`` returns a :class:`Scaling`, whose ``apply``
makes metres of a relative image. :class:`LastScale` and :class:`ScaleFilter` hold it in time.
"""

from echo_depth_ros.perception.scaling.compared import MIN_SHARE
from echo_depth_ros.perception.scaling.filter import ScaleFilter
from echo_depth_ros.perception.scaling.flat import MIN_SPREAD, spread_of
from echo_depth_ros.perception.scaling.holder import LastScale, ScaleHolder
from echo_depth_ros.perception.scaling.median import median_scale
from echo_depth_ros.perception.scaling.methods import scaling_named, SCALINGS
from echo_depth_ros.perception.scaling.pixels import (
    KINDS,
    pair_pixels,
    PixelPairs,
    relative_depth,
    ScaleError,
)
from echo_depth_ros.perception.scaling.result import apply_scale, Scaling, UNKNOWN

__all__ = [
    'apply_scale', 'KINDS', 'LastScale', 'median_scale', 'MIN_SHARE', 'MIN_SPREAD', 'pair_pixels',
    'PixelPairs', 'relative_depth', 'ScaleError', 'ScaleFilter', 'ScaleHolder', 'Scaling',
    'scaling_named', 'SCALINGS', 'spread_of', 'UNKNOWN']
