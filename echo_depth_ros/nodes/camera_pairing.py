# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The camera images that belong to an echo window, on demand."""

from statistics import median
from threading import Lock
from time import monotonic_ns
from typing import Any, Optional

from sensor_msgs.msg import Image

from echo_depth_ros.nodes.conversions import stamp_from_msg, stamp_to_msg
from echo_depth_ros.vision.pairing import FramePairing, Pair

STREAMS = {'binaural/rgb': 'camera/color/image_raw', 'binaural/depth': 'camera/depth/image_raw'}

_NS = 1_000_000_000
_SETTLE = 0.05
"""Seconds between looks at windows that have waited long enough, where no image does it."""
_PLAUSIBLE = -0.2, 1.0
"""Seconds from stamp to arrival that a camera and a coarse /clock may explain."""
_CERTAIN = 5
_MISSED = 10
"""Windows in a row without an image upon which the user is told why."""
_NOBODY = 40
"""Likewise where nobody publishes: it takes ROS seconds to discover who does."""


class CameraPairing:
    """
    Publishes, for each window, the nearest image of each camera with the window's stamp.

    An image that is still on its way when the window is published is waited for, and its window
    is not: image and window are topics of their own. Images are passed on as they came, 16UC1
    millimetres and 32FC1 metres alike.

    A camera is subscribed to only while somebody subscribes to what comes of it: unpacking
    images that nobody looks at would cost more than the capture itself.
    """

    def __init__(self, node, tolerance: int, camera_wait: float = 0.1):
        """
        Make the publishers.

        :param node: a managed node.
        :param tolerance: nanoseconds by which an image may be off.
        :param camera_wait: seconds for which an image is waited for after its window.
        """
        self._node = node
        self._timer = None
        self._streams = [_Stream(node, out, camera, tolerance, round(camera_wait * _NS))
                         for out, camera in STREAMS.items()]

    @property
    def wanted(self) -> bool:
        """Whether anybody subscribes to a paired image."""
        return any(stream.wanted for stream in self._streams)

    @property
    def published(self) -> int:
        """Images published with a window."""
        return sum(stream.pairing.paired for stream in self._streams)

    @property
    def unpaired(self) -> int:
        """Images that a window went without."""
        return sum(stream.pairing.missing for stream in self._streams)

    @property
    def late(self) -> int:
        """Images that came after a window to which they were nearer than what it got."""
        return sum(stream.pairing.late for stream in self._streams)

    @property
    def jumps(self) -> int:
        """How many times the clock of a camera, or the node's, was set."""
        return sum(stream.pairing.jumps for stream in self._streams)

    @property
    def offset_ms(self) -> float:
        """Median milliseconds from a window to the image nearest to it; NaN before the first."""
        offsets = [stream.offset_ms for stream in self._streams if stream.offset_ms is not None]
        return median(offsets) if offsets else float('nan')

    def report(self) -> dict[str, Any]:
        """Return the figures by the names that diagnostics give them."""
        figures = {
            'camera images paired': self.published, 'camera images missing': self.unpaired,
            'camera images late': self.late, 'camera clock jumps': self.jumps}
        for stream in self._streams:
            if stream.offset_ms is not None:
                figures[f'{stream.name} offset ms'] = stream.offset_ms
        return figures

    def set_tolerance(self, tolerance: int) -> None:
        """Change by how many nanoseconds an image may be off."""
        for stream in self._streams:
            stream.pairing.tolerance = tolerance

    def set_wait(self, camera_wait: float) -> None:
        """Change for how many seconds an image is waited for."""
        for stream in self._streams:
            stream.pairing.wait = round(camera_wait * _NS)

    def update(self) -> None:
        """Subscribe to the cameras that are wanted now, let go of the others, and warn."""
        for stream in self._streams:
            stream.update()
        if self._timer is None and any(stream.subscribed for stream in self._streams):
            # Not the node's clock, which may stand still or run at another rate.
            self._timer = self._node.steady_timer(_SETTLE, self._settle)
        elif self._timer is not None and not any(s.subscribed for s in self._streams):
            self._drop_timer()

    def publish(self, stamp: int) -> None:
        """Publish what belongs to the window of that time, now or when it comes; any thread."""
        for stream in self._streams:
            stream.window(stamp)

    def close(self) -> None:
        """Let go of the cameras."""
        self._drop_timer()
        for stream in self._streams:
            stream.release()

    def _settle(self) -> None:
        for stream in self._streams:
            stream.settle()

    def _drop_timer(self) -> None:
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
        self._timer = None


class _Stream:
    """One camera topic and what is published of it."""

    def __init__(self, node, out: str, camera: str, tolerance: int, wait: int):
        self.name = out.rpartition('/')[2]
        self.pairing: FramePairing[Image] = FramePairing(tolerance, wait)
        self._node, self._camera = node, camera
        self._publisher = node.publisher(Image, out)
        self._subscription = None
        # Windows come from the capture's thread, images from the executor's. Publishing under the
        # lock keeps images in order, and costs the thread that waits a millisecond or two.
        self._lock = Lock()
        self._jumps = 0
        self._told = ''

    @property
    def wanted(self) -> bool:
        return self._publisher.get_subscription_count() > 0

    @property
    def subscribed(self) -> bool:
        return self._subscription is not None

    @property
    def offset_ms(self) -> Optional[float]:
        offset = self.pairing.offset
        return offset / 1e6 if offset == offset else None

    def update(self) -> None:
        if self.wanted and not self.subscribed:
            self._subscription = self._node.subscription(
                Image, self._camera, self._on_image, depth=2)
        elif not self.wanted and self.subscribed:
            self.release()
        if self.subscribed:
            self._warn()

    def window(self, stamp: int) -> None:
        if self.subscribed:
            with self._lock:
                self._publish(self.pairing.window(stamp, monotonic_ns()))

    def settle(self) -> None:
        with self._lock:
            self._publish(self.pairing.settle(monotonic_ns()))

    def release(self) -> None:
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
        self._subscription = None
        with self._lock:
            self.pairing.clear()
        self._told = ''

    def _on_image(self, msg: Image) -> None:
        with self._lock:
            self._publish(self.pairing.add(
                stamp_from_msg(msg.header.stamp), msg, self._node.now(), monotonic_ns()))

    def _publish(self, pairs: list[Pair]) -> None:
        for window, frame in pairs:
            msg = frame.item
            true_stamp, msg.header.stamp = msg.header.stamp, stamp_to_msg(window)
            self._publisher.publish(msg)
            msg.header.stamp = true_stamp

    def _warn(self) -> None:
        """Say what keeps windows without images, once until it changes."""
        pairing = self.pairing
        topic = self._node.resolve_topic_name(self._camera)
        if pairing.jumps != self._jumps:
            self._jumps = pairing.jumps
            step = pairing.delay.step / _NS
            self._node.get_logger().warning(
                f'{topic}: stamps jumped {abs(step):.3f} s '
                f'{"forward" if step > 0 else "back"} against the clock of this node; the images '
                'before are forgotten')
        kind, text = self._trouble(topic)
        if kind != self._told:
            self._told = kind
            if text:
                self._node.get_logger().warning(text)

    def _trouble(self, topic: str) -> tuple[str, str]:
        """Return the kind of what is wrong, and words for it."""
        pairing, delay = self.pairing, self.pairing.delay
        least = delay.least
        if delay.frames >= _CERTAIN and least is not None and not (
                _PLAUSIBLE[0] <= least / _NS <= _PLAUSIBLE[1]):
            side = 'behind' if least > 0 else 'ahead of'
            return 'foreign', (
                f'{topic}: images are stamped {abs(least) / _NS:.3f} s {side} the clock of this '
                'node, so none of them belongs to a window. Let both go by one clock: '
                "use_sim_time in both or in neither, the computer's time rather than the "
                "camera's own in its driver, chrony or ptp4l between two computers")
        if pairing.missed < _MISSED:
            return '', ''
        if not delay.frames:
            if self._node.count_publishers(topic):
                return 'silent', (
                    f'{topic}: no image comes, though somebody publishes it; is the camera '
                    'streaming, and does the network carry its images?')
            if pairing.missed < _NOBODY:
                return '', ''
            return 'nobody', (
                f'{topic}: nobody publishes it; start the camera, or remap {self._camera} to its '
                'topic')
        offset = self.offset_ms
        if offset is None:
            return '', ''
        return 'apart', (
            f'{topic}: the last {pairing.missed} windows got no image; the nearest ones are '
            f'{offset:+.0f} ms off, where sync_tolerance allows {pairing.tolerance / 1e6:.0f} ms. '
            'Raise sync_tolerance or the rate of the camera; where they are always behind, raise '
            'camera_wait or let the driver stamp images when they are taken')
