# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Learning rate of a step."""

from dataclasses import dataclass
import math


@dataclass(frozen=True)
class OneCycle:
    """
    Linear warm-up, then a cosine down to nearly nothing: a pure function of the step.

    :ivar peak: highest learning rate.
    :ivar steps: of the whole run.
    :ivar warm_up: share of the run that warms up.
    :ivar final: last learning rate over the peak.
    """

    peak: float
    steps: int
    warm_up: float = 0.05
    final: float = 0.002

    def rate(self, step: int) -> float:
        """Learning rate of the step with this number, counted from 0."""
        progress = min(step / max(self.steps, 1), 1.0)
        if progress < self.warm_up:
            return self.peak * (0.04 + 0.96 * progress / self.warm_up)
        phase = (progress - self.warm_up) / (1 - self.warm_up)
        return self.peak * (self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * phase)))


@dataclass(frozen=True)
class Constant:
    """The same learning rate all along, as EchoNet's and BatVision's authors train."""

    peak: float

    def rate(self, step: int) -> float:
        """Learning rate, whatever the step."""
        return self.peak
