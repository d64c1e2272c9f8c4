# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A scale between a relative and a metric depth image, and how it is put to use."""

from dataclasses import dataclass
import math

import numpy as np

from echo_depth_ros.perception.scaling.pixels import check_relative, relative_in


@dataclass(frozen=True)
class Scaling:
    """
    A line that turns relative depth into metres.

    In the space ``depth``: metres = scale * R + shift, and in ``disparity``:
    1 / metres = scale * D + shift, with R = 1 / D.

    :ivar scale: positive; NaN where nothing is known.
    :ivar shift: 0 where the scaling has none.
    :ivar uncertainty: relative standard error of the metres as a whole: by what share all of them
        may be too long or too short together. Without a shift it is the scale's. See
        :mod:`echo_depth_ros.perception.scaling.uncertainty`.
    :ivar common: what of it is from errors that all pixels of the echo depth may share.
    :ivar agreement: share of the compared pixels, by confidence, that are within 25 % of the echo
        depth once they are scaled.
    :ivar kind: what relative images hold, ``depth`` or ``disparity``.
    :ivar space: in which of both the line is.
    :ivar centre: a relative depth, or disparity, in the middle of the pixels it was found from.
    """

    scale: float
    shift: float = 0.0
    uncertainty: float = math.nan
    common: float = 0.0
    agreement: float = math.nan
    kind: str = 'depth'
    space: str = 'depth'
    centre: float = 1.0

    def apply(self, relative: np.ndarray) -> np.ndarray:
        """
        Return metres, float32 and of the relative image's shape.

        NaN where the relative image is invalid or the line leaves what is positive, and
        everywhere for a scale of NaN.

        :raises ScaleError: ``relative`` is no image.
        """
        check_relative(relative, self.kind)
        line = relative_in(relative, self.kind, self.space)
        with np.errstate(over='ignore', divide='ignore', invalid='ignore'):
            line *= np.float32(self.scale)
            if self.shift:
                line += np.float32(self.shift)
            metres = line if self.space == 'depth' else np.float32(1) / line
        metres[~((metres > 0) & np.isfinite(metres))] = np.nan
        return metres

    def at(self, relative: float) -> float:
        """Return the line at a relative depth, or disparity, that is of its own space."""
        return self.scale * relative + self.shift

    @property
    def known(self) -> bool:
        """Whether there is a scale at all."""
        return math.isfinite(self.scale) and self.scale > 0 and math.isfinite(self.shift)


UNKNOWN = Scaling(math.nan)
"""Makes NaN of every pixel."""


def apply_scale(relative: np.ndarray, scale: float, kind: str = 'depth') -> np.ndarray:
    """
    Return metres, float32 and of the relative image's shape.

    NaN where the relative image is invalid, and everywhere for a scale of NaN.
    """
    return Scaling(scale, kind=kind).apply(relative)
