# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which metric depth counts, where an AVS-Net and the echo student both may give one."""

import math
from typing import NamedTuple, Optional

import numpy as np

from echo_depth_ros.perception.scaling import MIN_SHARE, pair_pixels
from echo_depth_ros.vision.sync import FrameBuffer, Stamped

AUTO, AVS_NET, ECHO = 'auto', 'avs_net', 'echo'
MODES = (AUTO, AVS_NET, ECHO)
MAX_RATIO = 1.5
"""Factor between both sources from which on they disagree."""


class Metric(NamedTuple):
    """
    Metric depth of one ping.

    :ivar depth: float32 (h, w) metres; NaN and +Inf where it is not known.
    :ivar k: intrinsics (3, 3), or None where they are not known.
    :ivar source: :data:`AVS_NET` or :data:`ECHO`.
    """

    depth: np.ndarray
    k: Optional[np.ndarray]
    source: str


def ratio_of(one: Metric, other: Metric) -> float:
    """
    Return the factor, as the median over all pixels, by which one says more metres than another.

    NaN where too few pixels are known in both to tell.
    """
    pairs = pair_pixels(one.depth.shape, other.depth.shape, one.k, other.k)
    a, b = one.depth.ravel()[pairs.relative], other.depth.ravel()[pairs.metric]
    both = np.isfinite(a) & np.isfinite(b) & (a > 0) & (b > 0)
    if np.count_nonzero(both) <= MIN_SHARE * max(both.size, 1):
        return math.nan
    return float(np.median(a[both] / b[both]))


class MetricSources:
    """
    Chooses, ping by ping: the AVS-Net's depth, else that of the echoes.

    With :data:`AUTO` an echo depth waits for the AVS-Net where that is at work on the same window,
    and counts where nothing comes of it. Where both are there and their ratio is beyond
    ``max_ratio``, the echoes count: they cannot be fooled by looks.

    :ivar disagreed: pings at which they did.
    :ivar ratio: of the last ping at which both were there, AVS-Net over echoes; NaN before.
    """

    def __init__(self, mode: str = AUTO, max_ratio: float = MAX_RATIO, length: int = 30):
        """
        Know nothing yet.

        :param mode: one of :data:`MODES`.
        :param length: pings that are held.
        :raises ValueError: another mode, or a ratio below 1.
        """
        if mode not in MODES or not max_ratio >= 1:
            raise ValueError(f'mode is {mode!r} and max_ratio {max_ratio}; expected one of '
                             f'{", ".join(MODES)}, and 1 or more')
        self.mode, self.max_ratio = mode, max_ratio
        self.disagreed, self.ratio = 0, math.nan
        self._echoes, self._avs, self._chosen = (FrameBuffer(length) for _ in range(3))
        self._length = length
        self._expected: list[int] = []

    def nearest(self, stamp: int, tolerance: int) -> Optional[Stamped]:
        """Return the :class:`Metric` that counts nearest to a time, if any is near."""
        return self._chosen.nearest(stamp, tolerance)

    @property
    def newest(self) -> Optional[int]:
        """Stamp of the newest that counts, or None where there is none."""
        return self._chosen.newest

    @property
    def apart(self) -> bool:
        """Whether both disagreed about the last ping at which both were there."""
        return not (math.isnan(self.ratio)
                    or 1 / self.max_ratio <= self.ratio <= self.max_ratio)

    def expect(self, stamp: int) -> None:
        """Note that an AVS-Net is at work on the window of that time."""
        self._expected = [*self._expected[1 - self._length:], stamp]

    def no_avs(self, stamp: int) -> Optional[Metric]:
        """Note that nothing came of it; return what counts therefore."""
        self._forget(stamp)
        echo = self._at(self._echoes, stamp)
        return self._choose(stamp, echo) if self.mode == AUTO and echo else None

    def avs(self, stamp: int, metric: Metric) -> Optional[Metric]:
        """Note an AVS-Net's depth; return what counts therefore."""
        self._forget(stamp)
        self._avs.add(stamp, metric)
        return self._choose(stamp, self._either(metric, self._at(self._echoes, stamp)))

    def echo(self, stamp: int, metric: Metric) -> Optional[Metric]:
        """Note an echo depth; return what counts therefore; None where that is not new."""
        self._echoes.add(stamp, metric)
        if self.mode == AVS_NET or stamp in self._expected:
            return None
        avs = self._at(self._avs, stamp)
        if avs is None:
            return self._choose(stamp, metric)
        best = self._either(avs, metric)
        return self._choose(stamp, best) if best is metric else None

    def _either(self, avs: Metric, echo: Optional[Metric]) -> Metric:
        if echo is None or self.mode == AVS_NET:
            return avs
        self.ratio = ratio_of(avs, echo)
        if not self.apart:
            return avs
        self.disagreed += 1
        return echo

    def _choose(self, stamp: int, metric: Metric) -> Metric:
        self._chosen.add(stamp, metric)
        return metric

    def _forget(self, stamp: int) -> None:
        self._expected = [each for each in self._expected if each != stamp]

    @staticmethod
    def _at(buffer: FrameBuffer, stamp: int) -> Optional[Metric]:
        found = buffer.nearest(stamp, 0)
        return None if found is None else found.item
