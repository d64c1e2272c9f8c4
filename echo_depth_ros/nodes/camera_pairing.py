# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The camera images that belong to an echo window, on demand."""

from sensor_msgs.msg import Image

from echo_depth_ros.nodes.conversions import stamp_from_msg, stamp_to_msg
from echo_depth_ros.vision.sync import FrameBuffer

STREAMS = {'binaural/rgb': 'camera/color/image_raw', 'binaural/depth': 'camera/depth/image_raw'}


class CameraPairing:
    """
    Publishes, for each window, the nearest image of each camera with the window's stamp.

    A camera is subscribed to only while somebody subscribes to what comes of it: unpacking
    images that nobody looks at would cost more than the capture itself.
    """

    def __init__(self, node, tolerance: int):
        """
        Make the publishers.

        :param node: a managed node.
        :param tolerance: nanoseconds by which an image may be off.
        """
        self._node = node
        self._tolerance = tolerance
        self._publishers = {out: node.publisher(Image, out) for out in STREAMS}
        self._buffers = {out: FrameBuffer(30) for out in STREAMS}
        self._subscriptions = {}
        self.published = 0
        self.unpaired = 0

    @property
    def wanted(self) -> bool:
        """Whether anybody subscribes to a paired image."""
        return any(p.get_subscription_count() for p in self._publishers.values())

    def set_tolerance(self, tolerance: int) -> None:
        """Change by how many nanoseconds an image may be off."""
        self._tolerance = tolerance

    def update(self) -> None:
        """Subscribe to the cameras that are wanted now, and let go of the others."""
        for out, camera in STREAMS.items():
            wanted = self._publishers[out].get_subscription_count() > 0
            if wanted and out not in self._subscriptions:
                buffer = self._buffers[out]
                self._subscriptions[out] = self._node.subscription(
                    Image, camera, lambda msg, buffer=buffer: buffer.add(
                        stamp_from_msg(msg.header.stamp), msg), depth=2)
            elif not wanted and out in self._subscriptions:
                self._release(out)

    def publish(self, stamp: int) -> None:
        """Publish what belongs to the window of that time."""
        for out in list(self._subscriptions):
            nearest = self._buffers[out].nearest(stamp, self._tolerance)
            if nearest is None:
                self.unpaired += 1
                continue
            msg = nearest.item
            true_stamp, msg.header.stamp = msg.header.stamp, stamp_to_msg(stamp)
            self._publishers[out].publish(msg)
            msg.header.stamp = true_stamp
            self.published += 1

    def close(self) -> None:
        """Let go of the cameras."""
        for out in list(self._subscriptions):
            self._release(out)

    def _release(self, out: str) -> None:
        self._node.destroy_subscription(self._subscriptions.pop(out))
        self._buffers[out].clear()
