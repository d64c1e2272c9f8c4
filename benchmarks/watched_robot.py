# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of what a robot hears, and notes of what it then does; for dead_man.py."""

from collections import deque
import math
import time

import numpy as np

CLIP = 1.0
"""Seconds of a clip of ambient sound."""
_DRIVES = 0.05
_STANDS = 0.01, 0.02
"""m/s and rad/s below which odom says that the robot stands."""


class Spoiler:
    """Passes sound, windows and clips on, spoilt in the way that is set."""

    def __init__(self, node):
        from rclpy.qos import QoSProfile
        from sensor_msgs.msg import Image
        self.way = ''
        self._last = None
        self._rng = np.random.default_rng(0)
        queue = QoSProfile(depth=100)
        self._ears = node.create_publisher(Image, 'air/ears', queue)
        self._windows = node.create_publisher(Image, 'binaural', queue)
        self._clips = node.create_publisher(Image, 'near_wall', queue)
        node.create_subscription(Image, 'air/ears_whole', self._on_ears, queue)
        node.create_subscription(Image, 'binaural_whole',
                                 lambda msg: self._pass_on(msg, self._windows), queue)
        node.create_subscription(Image, 'near_wall_whole',
                                 lambda msg: self._pass_on(msg, self._clips), queue)

    def _on_ears(self, msg) -> None:
        sound = np.frombuffer(msg.data, np.float32).reshape(2, -1)
        if self.way == 'ears gone':
            return
        if self.way == 'ears silent':
            sound = np.zeros_like(sound)
        elif self.way == 'ear dead':
            sound = sound * np.array([[0.0], [1.0]], np.float32)
        elif self.way == 'ears drowned':
            sound = sound + self._rng.normal(0, 0.3, sound.shape).astype(np.float32)
        if self.way.startswith('ear'):
            msg.data = sound.astype(np.float32).tobytes()
        self._ears.publish(msg)

    def _pass_on(self, msg, publisher) -> None:
        """Pass on a window or a clip; there is but one of both kinds in a chain."""
        if self.way == 'windows gone':
            return
        if self.way == 'windows past':
            msg.header.stamp.sec -= 1
        elif self.way == 'windows future':
            msg.header.stamp.sec += 1
        elif self.way == 'windows again' and self._last is not None:
            msg = self._last
        else:
            self._last = msg
        publisher.publish(msg)


class Notes:
    """
    What a robot was told and did; times are seconds since 1970.

    :ivar commands: when each came, m/s and rad/s.
    :ivar moments: of when each is, metres x and y, m/s and rad/s.
    :ivar pings: when each range came, and its stamp; or each clip, and its end.
    """

    def __init__(self):
        self.commands: deque = deque(maxlen=4000)
        self.moments: deque = deque(maxlen=4000)
        self.pings: deque = deque(maxlen=4000)

    def drives(self, seconds: float = 1.0) -> bool:
        """Whether the robot has driven for so long."""
        if not self.moments:
            return False
        since = self.moments[-1][0] - seconds
        lately = [moment[3] for moment in self.moments if moment[0] >= since]
        return self.moments[0][0] < since and min(lately) > _DRIVES

    def zero_after(self, fault: float) -> float:
        """When the first of the zeros came with which commands ended; NaN where none did."""
        first = math.nan
        for at, speed, turn in self.commands:
            if at < fault:
                continue
            if speed or turn:
                first = math.nan
            elif math.isnan(first):
                first = at
        return first

    def standstill_after(self, fault: float) -> tuple[float, float]:
        """When the robot came to stand for good (NaN: never), and metres rolled from the fault."""
        after = [m for m in self.moments if m[0] >= fault]
        moving = [i for i, m in enumerate(after)
                  if abs(m[3]) > _STANDS[0] or abs(m[4]) > _STANDS[1]]
        if not after or (moving and moving[-1] == len(after) - 1):
            return math.nan, math.nan
        end = moving[-1] + 1 if moving else 0
        places = np.array([m[1:3] for m in after[:end + 1]])
        return after[end][0], float(np.hypot(*np.diff(places, axis=0).T).sum())

    def longest_gap(self, begin: float, end: float) -> float:
        """Most seconds between two moments that are known, of those around a span of time."""
        times = np.array([m[0] for m in self.moments])
        near = times[(times >= begin - 0.2) & (times <= end + 0.2)]
        return float(np.diff(near).max()) if len(near) > 1 else math.inf

    def last_good(self, before: float, oldest: float) -> float:
        """Stamp of the last ping that came before a moment, no older than so many seconds."""
        good = [stamp for at, stamp in self.pings if at <= before and 0 <= at - stamp < oldest]
        return max(good) if good else math.nan


class Watch(Notes):
    """Takes notes of what is published."""

    def __init__(self, node):
        from geometry_msgs.msg import TwistStamped
        from nav_msgs.msg import Odometry
        from sensor_msgs.msg import Image, Range
        super().__init__()
        node.create_subscription(TwistStamped, 'cmd_vel', self._on_command, 50)
        node.create_subscription(Odometry, 'odom', self._on_odometry, 50)
        node.create_subscription(Range, 'range', self._on_range, 50)
        node.create_subscription(Image, 'near_wall', self._on_clip, 50)

    def _on_command(self, msg) -> None:
        self.commands.append((time.time(), msg.twist.linear.x, msg.twist.angular.z))

    def _on_odometry(self, msg) -> None:
        place, twist = msg.pose.pose.position, msg.twist.twist
        self.moments.append((_seconds(msg.header.stamp), place.x, place.y, twist.linear.x,
                             twist.angular.z))

    def _on_range(self, msg) -> None:
        if not math.isnan(msg.range):
            self.pings.append((time.time(), _seconds(msg.header.stamp)))

    def _on_clip(self, msg) -> None:
        if np.isfinite(np.frombuffer(msg.data, np.float32)).all():
            self.pings.append((time.time(), _seconds(msg.header.stamp) + CLIP))


def _seconds(stamp) -> float:
    return stamp.sec + stamp.nanosec / 1e9
