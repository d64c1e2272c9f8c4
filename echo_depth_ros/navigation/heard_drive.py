# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What clips of ambient sound tell, and commands that only last as long as they come."""

from dataclasses import dataclass, replace
import math

from echo_depth_ros.navigation.safe_drive import DriveLimits, SafeDrive


@dataclass(frozen=True)
class Heard:
    """
    What one clip of ambient sound has told.

    :ivar stamp_s: seconds; when its first sample was heard, on the clock of ``now_s``.
    :ivar seconds: its length.
    :ivar left: chance that a surface is near on the left, 0 to 1; NaN: could not be heard.
    :ivar right: likewise on the right.
    """

    stamp_s: float
    seconds: float
    left: float
    right: float

    @property
    def end_s(self) -> float:
        """When its last sample was heard, seconds."""
        return self.stamp_s + self.seconds

    @property
    def tells(self) -> bool:
        """Whether both sides were heard, and what is said of them can be."""
        return (math.isfinite(self.stamp_s) and math.isfinite(self.seconds) and self.seconds > 0
                and 0 <= self.left <= 1 and 0 <= self.right <= 1)


class HeardDrive(SafeDrive):
    """
    Limits commands as :class:`SafeDrive` does, but lives by ambient clips in place of pings.

    A range that a ping told holds while it is fresh; who was never told one goes without.
    """

    def __init__(self, limits: DriveLimits, clip_hop: float):
        # The next clip ends a hop after the last.
        super().__init__(replace(limits, stop_within=limits.stop_within + clip_hop))
        self._fresh = limits.stop_within
        self._end = -math.inf
        self.stopped = False

    def listen(self, heard: Heard) -> None:
        """Take in that a clip was heard."""
        self._end = max(self._end, heard.end_s)

    def age(self, now_s: float) -> float:
        """Seconds since the end of the last clip that could be heard; +inf before the first."""
        return now_s - self._end

    def command(self, speed: float, turn: float, now_s: float) -> tuple[float, float]:
        """Limit what is wanted; see :meth:`SafeDrive.command`."""
        while self._heard and now_s - self._heard[0][0] > self._fresh:
            self._heard.popleft()
        return super().command(speed, turn, now_s)

    def stop(self) -> tuple[float, float]:
        """Stand at once; the step that was under way is given up."""
        self.stopped = True
        return super().stop()
