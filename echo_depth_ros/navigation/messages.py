# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What policies are told, and what they answer."""

from dataclasses import dataclass
import math
from typing import Literal, Optional

import numpy as np

Side = Literal['left', 'right']

SEARCHING = 'searching'
"""No wall in hearing: the robot looks to its side, then goes where one may be."""
FOLLOWING = 'following'
"""Along the wall, round its corners."""
ESCAPING = 'escaping'
"""No way on: the robot turns on the spot until there is one."""
WAITING = 'waiting'
"""Nothing has been heard lately: the robot stands."""
LISTENING = 'listening'
"""The robot stands, and listens to the room before its next step."""
STATES = (SEARCHING, FOLLOWING, ESCAPING, WAITING, LISTENING)


@dataclass(frozen=True, eq=False)
class Percept:
    """
    What one ping has told.

    :ivar stamp_s: seconds; when the ping's first sample was heard, on the clock of ``now_s``.
    :ivar range_m: metres to the nearest surface by the first echo; +Inf where nothing answered,
        NaN where it could not be heard.
    :ivar depth: metres along the optical axis, (height, width), NaN unknown, +Inf beyond range;
        None where there is none.
    :ivar confidence: 0 to 1, as ``depth``; None takes all depth for sure.
    """

    stamp_s: float
    range_m: float = math.nan
    depth: Optional[np.ndarray] = None
    confidence: Optional[np.ndarray] = None


@dataclass(frozen=True)
class Motion:
    """How far the robot went since the last step by its odometry: metres ahead, radians left."""

    ahead: float
    turned: float


@dataclass(frozen=True)
class Wall:
    """
    A straight piece of wall as the robot believes it, in its frame (x ahead, y left).

    :ivar side: on which side of the robot it is.
    :ivar distance: metres from the robot's centre to the wall's line.
    :ivar angle: radians from the robot's heading to the wall's direction, counter-clockwise.
    :ivar start: its end towards the robot's back, metres.
    :ivar end: its end towards the robot's front, metres.
    """

    side: Side
    distance: float
    angle: float
    start: tuple[float, float]
    end: tuple[float, float]


@dataclass(frozen=True)
class Command:
    """
    What the robot shall do.

    :ivar speed: metres per second ahead.
    :ivar turn: radians per second, counter-clockwise.
    :ivar state: one of :data:`STATES`.
    :ivar wall: the wall that is believed to be there, or None.
    """

    speed: float
    turn: float
    state: str = WAITING
    wall: Optional[Wall] = None
