# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether a colour image shows enough for a network to go by."""

from dataclasses import dataclass
from typing import NamedTuple, Optional

import numpy as np

DARK, BLANK = 'dark', 'blank'
MOST = 90
"""Percentile that must be bright: a lamp in the dark lights a few pixels only."""
ENDS = 5, 95


class Gloom(NamedTuple):
    """What is wrong with an image: :data:`DARK` or :data:`BLANK`, and in words."""

    kind: str
    problem: str


@dataclass(frozen=True)
class LightLimits:
    """
    How much light and contrast an image must have.

    :ivar brightness: grey level, 0 to 255, that a tenth of the pixels must reach.
    :ivar contrast: grey levels that must lie between the darkest and the brightest twentieth.
    """

    brightness: float = 20.0
    contrast: float = 4.0

    def judge(self, rgb: np.ndarray) -> Optional[Gloom]:
        """
        Say why a colour image, uint8 (h, w, 3), shows too little; None where it does not.

        A pixel is as bright as the brightest of its colours: a red wall is no dark one.
        """
        low, bright, high = np.percentile(rgb.max(axis=2), (ENDS[0], MOST, ENDS[1]))
        if bright < self.brightness:
            return Gloom(DARK, (
                f'the colour image is dark: {MOST} % of its pixels are below {bright:.0f} of 255; '
                f'expected a tenth of them above {self.brightness:g} (min_brightness)'))
        if high - low < self.contrast:
            return Gloom(BLANK, (
                f'the colour image is blank: {ENDS[1] - ENDS[0]} % of its pixels are between '
                f'{low:.0f} and {high:.0f} of 255; expected {self.contrast:g} levels or more '
                'between them (min_contrast): is the lens covered, or the exposure wrong?'))
        return None
