# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A scale that is smoothed in time, and that one bad ping does not move.

A Kalman filter of one state, the log of the scale, which is taken to wander at random. Logs,
because scales err by factors: twice too long is as bad as twice too short.
"""

from dataclasses import dataclass, replace
import math
from typing import Optional

from echo_depth_ros.perception.scaling.holder import LastScale, ScaleHolder
from echo_depth_ros.perception.scaling.result import Scaling, UNKNOWN

LEAST_ERROR = 0.01
"""Relative error below which no measured scale is believed to be."""


@dataclass(frozen=True)
class _Track:
    """A scale as it was believed to be at ``stamp``, with the variance of its log."""

    scaling: Scaling
    variance: float
    stamp: int
    count: int = 1


class ScaleFilter(LastScale):
    """
    Smooths scalings, each by its own uncertainty.

    A scaling that is off by more than ``sigmas`` standard deviations does not count, but is
    remembered: once ``patience`` of them in a row agree among themselves, the scale did change,
    and they take over. A scaling measured later than ``max_age`` after the last one that counted,
    or earlier than ``max_age`` before it, starts the filter anew: it belongs to another view or
    another time. One by the same stamp as the last takes its place, because an echo is one
    measurement, however many images it is compared with. One a little older is left out.

    Where there is a shift, it moves by the same share as the scale: the new line is the mean of
    both lines everywhere. How far lines are apart is told in the middle of the newer image.

    :ivar outliers: scalings that did not count, :ivar steps: times that these took over, and
    :ivar restarts: times that it started anew.
    """

    def __init__(self, max_age: float, *, drift: float = 0.2, sigmas: float = 3.0,
                 patience: int = 3):
        """
        Know nothing yet.

        :param max_age: seconds for which a scaling is held.
        :param drift: how far the true scale wanders in a second, as a share of itself, one
            standard deviation.
        :param sigmas: standard deviations beyond which a scaling is an outlier.
        :param patience: outliers in a row that agree and make a step, at least 1.
        :raises ValueError: a number out of its range.
        """
        super().__init__(max_age)
        if not (drift > 0 and sigmas > 0 and patience >= 1):
            raise ValueError(f'drift, sigmas and patience are {drift}, {sigmas} and {patience}; '
                             'expected above 0, above 0, and 1 or more')
        self._drift, self._sigmas, self._patience = drift, sigmas, patience
        self._track: Optional[_Track] = None
        self._rival: Optional[_Track] = None
        self._newest: Optional[int] = None
        self._before: tuple = (None, None, (0, 0, 0))
        self.outliers = self.steps = self.restarts = 0

    def update(self, scaling: Scaling, stamp: int) -> bool:
        """
        Take a scaling that was measured at ``stamp`` nanoseconds.

        :returns: whether it counts. One without a scale or an uncertainty never does.
        """
        if not (scaling.known and math.isfinite(scaling.uncertainty)):
            return False
        self.forget(stamp)
        before = self._track, self._rival, (self.outliers, self.steps, self.restarts)
        counts = self._weigh(scaling, stamp)
        if stamp == self._newest:
            self._before = before
        # Also where it does not: what it takes the place of may have counted.
        self._hold()
        return counts

    def forget(self, stamp: int) -> None:
        """Go back to what was believed before, where the newest scaling is of ``stamp``."""
        if stamp == self._newest:
            self._track, self._rival, (self.outliers, self.steps, self.restarts) = self._before
            self._hold()

    def at(self, stamp: int) -> Scaling:
        """
        Return the smoothed scaling for an image of that time; ``UNKNOWN`` where it is too old.

        Its uncertainty grows with its age. What all pixels share does not average out in time, and
        is never less than it was.
        """
        if self._track is None or math.isnan(self._holder.at(stamp)):
            return UNKNOWN
        scaling = self._track.scaling
        return replace(scaling, uncertainty=math.sqrt(
            self._variance(self._track, stamp) + scaling.common ** 2))

    def _weigh(self, scaling: Scaling, stamp: int) -> bool:
        """Let a scaling change what is believed; return whether it does."""
        fresh = _Track(scaling, _variance_of(scaling), stamp)
        if self._track is None:
            self._start(fresh)
            return True
        since = (stamp - self._track.stamp) / 1e9
        if abs(since) > self.max_age or scaling.space != self._track.scaling.space:
            self.restarts += 1
            self._start(fresh)
            return True
        if since < 0 or stamp < self._newest:
            return False
        self._newest = stamp
        if self._agree(self._track, fresh):
            self._track, self._rival = self._joined(self._track, fresh), None
            return True
        if self._rival is not None and self._agree(self._rival, fresh):
            self._rival = self._joined(self._rival, fresh)
        else:
            self._rival = fresh
        if self._rival.count >= self._patience:
            self.steps += 1
            self._track, self._rival = self._rival, None
            return True
        self.outliers += 1
        return False

    def _hold(self) -> None:
        self._holder = ScaleHolder(self.max_age)
        if self._track is not None:
            self._holder.update(self._track.scaling.scale, self._track.stamp)

    def _start(self, fresh: _Track) -> None:
        self._track, self._rival, self._newest = fresh, None, fresh.stamp

    def _variance(self, track: _Track, stamp: int) -> float:
        """Variance of the log scale by then; the true one wanders meanwhile."""
        return track.variance + self._drift ** 2 * abs(stamp - track.stamp) / 1e9

    def _agree(self, track: _Track, fresh: _Track) -> bool:
        expected = self._variance(track, fresh.stamp) + fresh.variance
        return _apart(track.scaling, fresh.scaling) <= self._sigmas * math.sqrt(expected)

    def _joined(self, track: _Track, fresh: _Track) -> _Track:
        """Return what is believed after a measurement, by Kalman's gain."""
        prior = self._variance(track, fresh.stamp)
        gain = prior / (prior + fresh.variance)
        old, new = track.scaling, fresh.scaling
        return _Track(
            replace(new, scale=old.scale ** (1 - gain) * new.scale ** gain,
                    shift=(1 - gain) * old.shift + gain * new.shift,
                    common=(1 - gain) * old.common + gain * new.common),
            (1 - gain) * prior, fresh.stamp, track.count + 1)


def _variance_of(scaling: Scaling) -> float:
    return max(scaling.uncertainty, LEAST_ERROR) ** 2


def _apart(old: Scaling, new: Scaling) -> float:
    """Distance of the logs of two lines in the middle of the newer one's image."""
    was, now = old.at(new.centre), new.at(new.centre)
    return abs(math.log(now / was)) if was > 0 and now > 0 else math.inf
