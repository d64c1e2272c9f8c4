# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the wall follower subscribes to."""

from typing import Optional

from nav_msgs.msg import Odometry
from sensor_msgs.msg import CameraInfo, Image, Range

from echo_depth_ros.navigation.ambient_follower import Heard
from echo_depth_ros.navigation.messages import Motion, Percept
from echo_depth_ros.navigation.safe_drive import DriveLimits
from echo_depth_ros.nodes.conversions import (
    depth_from_msg,
    image_from_msg,
    intrinsics_from_msg,
    MessageError,
    near_wall_from_msg,
    odometry_pose_from_msg,
    range_from_msg,
    stamp_from_msg,
)
from echo_depth_ros.nodes.wall_input import camera_of, PingInput, same_camera
from echo_depth_ros.nodes.wheel_odometry import WheelOdometry
from echo_depth_ros.vision.camera import CameraModel


class WallEars:
    """
    Subscribes, and hands out what came since it was asked last.

    :ivar given: what pings have told; counts what was refused, clips and odometry included.
    :ivar odometry: of the wheels.
    """

    def __init__(self, node, limits: DriveLimits, ambient: bool):
        """Listen by a node's parameters; ``ambient`` needs ``near_wall`` and no depth."""
        self._node, self._limits = node, limits
        self.given = PingInput(limits.stop_within, node.now())
        self.forget()
        self._opened = [node.subscription(Range, 'range', self._on_range)]
        if node.value('odometry') != 'off':
            self._opened.append(node.subscription(Odometry, 'odom', self._on_odometry))
        if ambient:
            self._opened.append(node.subscription(Image, 'near_wall', self._on_near_wall, depth=4))
        else:
            self._opened += [
                node.subscription(Image, 'depth/image', self._on_depth),
                node.subscription(Image, 'depth/confidence', self._on_confidence),
                node.subscription(CameraInfo, 'depth/camera_info', self._on_camera)]

    def close(self) -> None:
        """Stop listening."""
        for subscription in self._opened:
            self._node.destroy_subscription(subscription)
        self._opened = []

    def forget(self) -> None:
        """Begin anew, with the counts so far; the present moment is second 0."""
        self.given = self.given.emptied(self._node.now())
        self.odometry = WheelOdometry(
            self._node.value('odometry'), (self._limits.max_speed, self._limits.max_turn))
        self._clips: list[Heard] = []

    @property
    def camera(self) -> CameraModel:
        """Camera for which depth is drawn."""
        return self.given.camera

    def seconds(self, now: int) -> float:
        """Seconds since :meth:`forget`, of which percepts and clips are."""
        return self.given.seconds(now)

    @property
    def confidence_published(self) -> bool:
        """Whether anybody publishes confidence."""
        topic = self._node.resolve_topic_name('depth/confidence')
        return self._node.count_publishers(topic) > 0

    def percepts(self, now: int) -> list[Percept]:
        """Hand out what pings have told, oldest first."""
        return self.given.due(now, self.given.sure is None and self.confidence_published)

    def clips(self) -> list[Heard]:
        """Hand out the clips of ambient sound, oldest first."""
        clips, self._clips = self._clips, []
        return clips

    def motion(self, now: int) -> Optional[Motion]:
        """Hand out the motion; None where commands are to be believed."""
        return self.odometry.motion(now)

    def _on_range(self, msg: Range) -> None:
        self._take(msg, 'range', range_from_msg, self.given.take_range)

    def _on_depth(self, msg: Image) -> None:
        self._take(msg, 'depth/image', depth_from_msg, self.given.take_depth)

    def _on_confidence(self, msg: Image) -> None:
        self._take(msg, 'depth/confidence', image_from_msg, self.given.take_confidence)

    def _on_near_wall(self, msg: Image) -> None:
        self._take(msg, 'near_wall', near_wall_from_msg, self._take_clip)

    def _on_odometry(self, msg: Odometry) -> None:
        self._take(msg, 'odom', odometry_pose_from_msg, self._take_pose)

    def _take(self, msg, topic: str, read, take) -> None:
        try:
            take(stamp_from_msg(msg.header.stamp), read(msg), self._node.now())
        except MessageError as error:
            self.given.refuse('layout', f'{topic}: {error}', self._node.now())

    def _take_clip(self, stamp: int, chances: tuple[float, float], now: int) -> None:
        seconds = self._node.value('clip_seconds')
        if self.given.check_stamp('near_wall', stamp, now, seconds + self._limits.stop_within):
            clip = Heard(self.given.seconds(stamp), seconds, *chances)
            self._clips.append(clip)
            if not clip.tells:
                self.given.refuse('not heard', 'near_wall is NaN: the clip could not be heard, '
                                  'see ambient_wall', now)

    def _take_pose(self, stamp: int, pose: tuple[float, float, float], now: int) -> None:
        self.odometry.take(stamp, pose)

    def _on_camera(self, msg: CameraInfo) -> None:
        k = intrinsics_from_msg(msg)
        if k is None:
            return
        try:
            camera = camera_of(msg.width, msg.height, k)
        except ValueError as error:
            self.given.refuse('camera', str(error), self._node.now())
            return
        if not same_camera(camera, self.given.camera):
            self.given.camera = camera
