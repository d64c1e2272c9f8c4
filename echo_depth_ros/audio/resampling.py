# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Another sample rate for any stretch of a stream: the same frames are always the same samples."""

import math

import numpy as np
from scipy import signal

_CROSSINGS = 40
"""Zero crossings of the filter on each side; leaves 0 to 20 kHz of 44.1 kHz as they were."""
_STOPBAND_DB = 80.0


class Resampler:
    """
    Converts stretches of frames, without any state.

    Frame ``n`` at the target rate is the same instant as frame ``n * source / target`` at the
    source rate, exactly: both counters began together, and the filter has no delay.
    """

    def __init__(self, source_rate: int, target_rate: int):
        """Design the filter; equal rates need none."""
        divisor = math.gcd(source_rate, target_rate)
        self._up, self._down = target_rate // divisor, source_rate // divisor
        self.identical = self._up == self._down
        wide = max(self._up, self._down)
        half = _CROSSINGS * wide
        self._reach = 0 if self.identical else half // self._up + 1
        if not self.identical:
            self._filter = signal.firwin(
                2 * half + 1, 1 / wide, window=('kaiser', signal.kaiser_beta(_STOPBAND_DB)))

    def source_span(self, start: int, count: int) -> tuple[int, int]:
        """Return the first source frame and the number of them that ``count`` frames need."""
        if self.identical:
            return start, count
        # A multiple of `down` falls on a target frame, so every stretch has the same phases.
        first = (start * self._down // self._up - self._reach) // self._down * self._down
        last = (start + count - 1) * self._down // self._up + self._reach
        return first, last + 1 - first

    def __call__(self, block: np.ndarray, start: int, count: int) -> np.ndarray:
        """
        Convert what :meth:`source_span` asked for.

        :param block: (channels, n) of the source.
        :returns: float32 (channels, count): frames ``start ... start + count - 1``.
        """
        if self.identical:
            return block
        first, _ = self.source_span(start, count)
        offset = start - first // self._down * self._up
        converted = signal.resample_poly(
            block.astype(np.float64), self._up, self._down, axis=1, window=self._filter)
        return converted[:, offset:offset + count].astype(np.float32)

    def to_target(self, frame: float) -> float:
        """Return the target frame, with its fraction, at the instant of a source frame."""
        if self.identical:
            return frame
        return frame * self._up / self._down

    def to_source(self, frame: float) -> float:
        """Return the source frame, with its fraction, at the instant of a target frame."""
        if self.identical:
            return frame
        return frame * self._down / self._up

    def target_end(self, source_end: int) -> int:
        """Return one past the newest target frame that can be had from so many source frames."""
        if self.identical:
            return source_end
        return max(0, (source_end - self._reach) * self._up // self._down)
