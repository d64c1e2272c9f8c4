# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A wall follower over real DDS, what it is told of, and what it commands."""

import math
import time

from geometry_msgs.msg import Twist, TwistStamped
import numpy as np
from sensor_msgs.msg import Image, Range
from std_srvs.srv import SetBool

from echo_depth_ros.nodes.conversions import image_to_msg, range_to_msg, velocity_from_msg
from echo_depth_ros.nodes.wall_follower import WallFollower
from echo_depth_ros.vision.camera import CameraModel

PERIOD = 0.07
AGE = 0.1
"""Seconds since a ping began, when it has been told."""
FREE = 1.5


def wall_on_the_right(camera=CameraModel(), distance=0.6, ahead=4.0):
    """Depth image of a wall along the robot's way, and of one that ends the room."""
    x = camera.rays()[..., 0]
    depth = np.full(x.shape, ahead)
    depth[x > 0] = np.minimum(ahead, distance / x[x > 0])
    return depth.astype(np.float32)


class Teller:
    """Tells of pings."""

    def __init__(self, bench, confident=True, seen=True):
        self.bench = bench
        self.ranges = bench.publisher(Range, 'range')
        self.depths = bench.publisher(Image, 'depth/image') if seen else None
        self.confidences = (
            bench.publisher(Image, 'depth/confidence') if confident and seen else None)
        self.depth = wall_on_the_right()
        self.sure = np.full(self.depth.shape, 0.9, np.float32)

    def ping(self, range_m=FREE, depth='wall', confidence='sure', age=AGE, stamp=None):
        """Tell of one ping; None leaves a part out."""
        if stamp is None:
            stamp = self.bench.node.get_clock().now().nanoseconds - round(age * 1e9)
        if confidence is not None and self.confidences:
            image = self.sure if isinstance(confidence, str) else confidence
            self.confidences.publish(image_to_msg(image, stamp, 'echo'))
        if depth is not None:
            image = self.depth if isinstance(depth, str) else depth
            self.depths.publish(image_to_msg(image, stamp, 'echo'))
        if range_m is not None:
            self.ranges.publish(range_to_msg(range_m, (0.25, 12.0), math.pi, stamp, 'echo'))

    def pings(self, condition, timeout=6.0, **told):
        """Tell of pings until a condition holds; return whether it does."""
        end = time.monotonic() + timeout
        while not condition() and time.monotonic() < end:
            self.ping(**told)
            self.bench.until(condition, PERIOD)
        return bool(condition())

class Robot(Teller):
    """A follower, what it is told, and what it commands."""

    def __init__(self, bench, stamped=True, confident=True, **parameters):
        self.commands = []
        self.kind = TwistStamped if stamped else Twist
        topic = f'{bench.namespace}/cmd_vel'
        bench.node.create_subscription(self.kind, topic, self._on_command, 50)
        self.node = bench.start(WallFollower, **{
            'start_enabled': True, 'odometry': 'off', 'enable_stamped_cmd_vel': stamped,
            **parameters})
        assert bench.matched(self.node, 'cmd_vel')
        super().__init__(bench, confident, parameters.get('follow_by') != 'ambient')

    def _on_command(self, msg):
        self.commands.append((time.monotonic(), *velocity_from_msg(msg)))

    def moves(self):
        return bool(self.commands) and self.commands[-1][1] > 0.05

    def stands(self):
        return bool(self.commands) and self.commands[-1][1:] == (0.0, 0.0)

    def get_going(self):
        assert self.pings(self.moves), self.why()
        return self

    def values(self):
        return self.node.diagnose().values

    def why(self):
        return self.values()['why it stands']

    def enable(self, on):
        return self.bench.call(
            SetBool, f'{self.node.get_fully_qualified_name()}/enable', SetBool.Request(data=on))
