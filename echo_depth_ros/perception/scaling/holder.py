# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Holding the last scale, until it is too old."""

from dataclasses import dataclass, replace
import math

from echo_depth_ros.perception.scaling.result import Scaling, UNKNOWN

_LATE = 1.0
"""Seconds by which a scaling may be late without being taken for one of another time."""


@dataclass
class ScaleHolder:
    """
    Holds the last good scale, for no longer than ``max_age`` seconds.

    A relative image and an echo depth image rarely carry the same stamp, and some pings say
    nothing; but an old scale belongs to another view and is worse than none.
    """

    max_age: float
    _scale: float = math.nan
    _stamp: int = 0

    def __post_init__(self) -> None:
        """Refuse an age that is none."""
        if not self.max_age >= 0:
            raise ValueError(f'max_age is {self.max_age}; expected seconds, 0 or more')

    def update(self, scale: float, stamp: int) -> None:
        """Hold a scale that was measured at ``stamp`` nanoseconds; one that is none is ignored."""
        if math.isfinite(scale) and scale > 0:
            self._scale, self._stamp = scale, stamp

    def at(self, stamp: int) -> float:
        """
        Return the scale for an image of that time, or NaN where it is too old.

        Age counts both ways, so that a clock that went back does not keep a scale for ever.
        """
        return self._scale if abs(self.age(stamp)) <= self.max_age else math.nan

    def age(self, stamp: int) -> float:
        """Seconds since the scale was measured; +Inf before the first one."""
        return math.inf if math.isnan(self._scale) else (stamp - self._stamp) / 1e9


class LastScale:
    """
    The scaling of the newest ping, as it is, until it is too old.

    A scaling that comes late, after one of a newer ping, is left out, as :class:`ScaleFilter`
    does; one that is older by more than a second is of a clock that went back, and counts.

    :class:`ScaleFilter` has the same methods, and smooths.
    """

    def __init__(self, max_age: float):
        """
        Know nothing yet.

        :param max_age: seconds for which a scaling is held.
        :raises ValueError: a negative age.
        """
        self._holder = ScaleHolder(max_age)
        self._scaling = UNKNOWN
        self._before_last = self._scaling, self._holder

    @property
    def max_age(self) -> float:
        """Seconds for which a scaling is held."""
        return self._holder.max_age

    def update(self, scaling: Scaling, stamp: int) -> bool:
        """
        Take a scaling that was measured at ``stamp`` nanoseconds.

        :returns: whether it counts.
        """
        late = -self.age(stamp)
        counts = scaling.known and not 0 < late <= min(self.max_age, _LATE)
        if counts:
            if late:
                self._before_last = self._scaling, replace(self._holder)
            self._scaling = scaling
            self._holder.update(scaling.scale, stamp)
        return counts

    def forget(self, stamp: int) -> None:
        """Go back to the scaling before, where the last one was measured at ``stamp``."""
        if self.age(stamp) == 0:
            self._scaling, held = self._before_last
            self._holder = replace(held)

    def at(self, stamp: int) -> Scaling:
        """Return the scaling for an image of that time; ``UNKNOWN`` where it is too old."""
        return UNKNOWN if math.isnan(self._holder.at(stamp)) else self._scaling

    def age(self, stamp: int) -> float:
        """Seconds since the last scaling that counted; +Inf before the first one."""
        return self._holder.age(stamp)
