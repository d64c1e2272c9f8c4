# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the robot is, on /tf, where tf2 is installed (the PyPI wheels come without it)."""

from geometry_msgs.msg import TransformStamped

from echo_depth_ros.nodes.conversions import pose_to_msg


class TransformPublisher:
    """Publishes the pose of the base in its odometry frame."""

    def __init__(self, node):
        """Make the publisher; without tf2_msgs there is none, and :attr:`available` is false."""
        try:
            from tf2_msgs.msg import TFMessage
        except ModuleNotFoundError:
            self.available = False
            return
        self.available = True
        self._message = TFMessage
        self._publisher = node.publisher(TFMessage, '/tf', depth=100)

    def publish(self, pose: tuple[float, float, float], stamp: int, frame_id: str,
                child_frame_id: str) -> None:
        """Publish x, y (metres) and yaw (radians) at ``stamp`` nanoseconds."""
        if not self.available or not self._publisher.get_subscription_count():
            return
        placed = pose_to_msg(*pose, stamp, frame_id)
        msg = TransformStamped(header=placed.header, child_frame_id=child_frame_id)
        msg.transform.translation.x = placed.pose.position.x
        msg.transform.translation.y = placed.pose.position.y
        msg.transform.rotation = placed.pose.orientation
        self._publisher.publish(self._message(transforms=[msg]))
