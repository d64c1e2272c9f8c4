# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Figures that a node keeps about itself and reports on /diagnostics."""

from collections import deque
from dataclasses import dataclass, field
import enum
from typing import Any

import numpy as np


class Level(enum.Enum):
    """The levels of diagnostic_msgs/DiagnosticStatus."""

    OK = b'\x00'
    WARN = b'\x01'
    ERROR = b'\x02'


@dataclass
class Status:
    """
    What a node says about itself.

    :ivar values: named figures; floats are rounded for people.
    """

    level: Level = Level.OK
    message: str = 'running'
    values: dict[str, Any] = field(default_factory=dict)


class Recent:
    """The last values of one figure, and how often they came."""

    def __init__(self, length: int = 1000, window: float = 5.0):
        """
        Keep at most ``length`` values.

        :param window: seconds over which :meth:`rate` counts.
        """
        self._values: deque[float] = deque(maxlen=length)
        self._times: deque[float] = deque(maxlen=length)
        self._window = window

    def add(self, value: float, now: float) -> None:
        """Note a value that came at ``now`` seconds."""
        self._values.append(value)
        self._times.append(now)

    def percentile(self, percent: float) -> float:
        """Return the percentile over what is kept; NaN before the first value."""
        values = list(self._values)
        return float(np.percentile(values, percent)) if values else float('nan')

    def rate(self, now: float) -> float:
        """Values per second over the last few seconds, from the gaps between them."""
        # Where the clock was set back, what came before lies in the future.
        times = [t for t in list(self._times) if abs(now - t) <= self._window]
        if len(times) < 2 or times[-1] <= times[0]:
            return 0.0
        return (len(times) - 1) / (times[-1] - times[0])


def figure(value: Any) -> str:
    """Write a figure for people: floats with four significant digits."""
    return f'{value:.4g}' if isinstance(value, float) else str(value)
