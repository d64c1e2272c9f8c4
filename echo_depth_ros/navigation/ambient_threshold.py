# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The threshold of Algorithm 1 for a room: in the paper a person set it, here the robot does.

What a network says is off in each room and on each robot, and it is off on the left and on the
right by themselves, as the microphones differ. A robot that has turned round on the spot has its
left ear where its right one was: what both then say of the same side of the room differs by the
ears alone. So it listens, turns by 180 degrees, listens again, and sets a threshold for each side
that is :data:`KEPT` plus or minus half that difference, in log odds.

How much it is worth depends on the network: one that had heard few rooms was off far more by ears
and rooms than one that has heard many, for which one threshold serves all rooms as well. See
``benchmarks/ambient_threshold.py``. By how much both sides are off together is left as it is.
"""

import math
from typing import NamedTuple

KEPT = 0.35
"""Chance of a near surface, averaged over both sides, that is kept where ears are alike."""
_LEAST = 1e-3
_MOST_OFF = 4.0
"""Log odds; what differs by more is no ear's fault."""


class Sides(NamedTuple):
    """Chance of a near surface on either side, 0 to 1."""

    left: float
    right: float


class RoomThreshold:
    """
    What a robot learns of its ears by turning round on the spot.

    :ivar off: log odds by which the left side is said to be nearer than the right one where both
        are alike; None as long as that is not known.
    """

    def __init__(self) -> None:
        self.off: float | None = None

    def turn_round(self, before: Sides, after: Sides) -> None:
        """
        Take in what was heard at one place before and after a turn of 180 degrees.

        The left side before is the right one after.
        """
        off = 0.5 * (log_odds(before.left) - log_odds(after.right)
                     + log_odds(after.left) - log_odds(before.right))
        self.off = max(-_MOST_OFF, min(_MOST_OFF, off))

    def balance(self, sides: Sides) -> Sides:
        """
        Take out what the ears differ by, so that one threshold serves both sides.

        :returns: the same as long as nothing is known of the ears.
        """
        half = 0.5 * (self.off or 0.0)
        return Sides(_chance(log_odds(sides.left) - half), _chance(log_odds(sides.right) + half))


def log_odds(chance: float) -> float:
    """Return ln(p / (1 - p)), of chances that are neither sure nor impossible."""
    chance = max(_LEAST, min(1 - _LEAST, chance))
    return math.log(chance / (1 - chance))


def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
