# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Scalings by name."""

from types import MappingProxyType

from echo_depth_ros.perception.scaling import least_squares, mean_std, median
from echo_depth_ros.perception.scaling.pixels import ScaleError

SCALINGS = MappingProxyType({
    'median': median.fit, 'mean_std': mean_std.fit, 'least_squares': least_squares.fit})
"""``fit(relative, metric, kind, confidence=None, pairs=None) -> Scaling`` by name."""


def scaling_named(name: str):
    """
    Return the ``fit`` of a scaling.

    :raises ScaleError: no scaling has that name.
    """
    if name not in SCALINGS:
        raise ScaleError(f'scaling is {name!r}; expected one of {", ".join(SCALINGS)}')
    return SCALINGS[name]
