# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One-cycle learning rate over steps or over minutes, whichever ends first."""

from dataclasses import dataclass
import math


@dataclass(frozen=True)
class OneCycle:
    """
    Linear warm-up, then a cosine down to nearly nothing.

    With a time budget the schedule finishes in time on any machine, at the price that two runs
    take different numbers of steps; without one a run is reproducible.

    :ivar peak: highest learning rate.
    :ivar total_steps: steps of the whole run.
    :ivar max_seconds: time budget, or None.
    :ivar warm_up: share of the run that warms up.
    :ivar final: last learning rate over the peak.
    """

    peak: float
    total_steps: int
    max_seconds: float | None = None
    warm_up: float = 0.05
    final: float = 0.002

    def progress(self, step: int, seconds: float) -> float:
        """Share of the run that is done, 0 to 1."""
        done = step / max(self.total_steps, 1)
        if self.max_seconds:
            done = max(done, seconds / self.max_seconds)
        return min(done, 1.0)

    def rate(self, progress: float) -> float:
        """Learning rate at that share of the run."""
        if progress < self.warm_up:
            return self.peak * (0.04 + 0.96 * progress / self.warm_up)
        phase = (progress - self.warm_up) / (1 - self.warm_up)
        return self.peak * (self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * phase)))
