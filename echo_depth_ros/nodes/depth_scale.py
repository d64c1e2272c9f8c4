# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Node that gives a relative depth image its metres, from the echo depth (AVS-Net)."""

import numpy as np
from sensor_msgs.msg import CameraInfo, Image

from echo_depth_ros.nodes.conversions import (
    camera_to_msg,
    depth_from_msg,
    image_to_msg,
    intrinsics_from_msg,
    MessageError,
    relative_from_msg,
    stamp_from_msg,
    stamp_to_msg,
)
from echo_depth_ros.nodes.health import Level, Recent, Status
from echo_depth_ros.nodes.managed import ManagedNode
from echo_depth_ros.nodes.spin import run
from echo_depth_ros.perception.scaling import (
    apply_scale,
    KINDS,
    median_scale,
    pair_pixels,
    ScaleError,
    ScaleHolder,
)
from echo_depth_ros.vision.camera import CameraModel
from echo_depth_ros.vision.sync import FrameBuffer


class DepthScale(ManagedNode):
    """
    Publishes ``metric_depth`` for each ``relative_depth``, scaled by ``depth/image``.

    The scale comes from the pair of images nearest in time, and is held for ``max_scale_age``
    seconds where pings say nothing; after that all pixels are NaN.
    """

    def __init__(self, **kwargs):
        """Take the same arguments as :class:`rclpy.node.Node`, but the name."""
        super().__init__('depth_scale', **kwargs)
        self.declare('relative_kind', 'depth', 'What relative_depth holds', choices=KINDS)
        self.declare('max_scale_age', 0.5, 'Seconds for which a scale is held',
                     low=0.0, high=60.0)
        self.declare('sync_tolerance', 0.05, 'Seconds between an image and an echo depth that '
                     'are taken to show the same', low=0.0, high=1.0, live=True)
        self.declare('relative_hfov', 90.0, 'Horizontal field of view of relative_depth in '
                     'degrees, used where relative_depth/camera_info does not come',
                     low=1.0, high=179.0)
        self.declare('relative_vfov', 90.0, 'Vertical field of view, likewise',
                     low=1.0, high=179.0)
        self._depth_publisher = self.publisher(Image, 'metric_depth')
        self._info_publisher = self.publisher(CameraInfo, 'metric_depth/camera_info')
        self._timer = None
        self._opened = []

    def configure(self) -> None:
        """Read the parameters."""
        self._kind = self.value('relative_kind')
        self._holder = ScaleHolder(self.value('max_scale_age'))

    def activate(self) -> None:
        """Subscribe."""
        self._holder = ScaleHolder(self.value('max_scale_age'))
        self._echoes, self._images = FrameBuffer(10), FrameBuffer(10)
        self._relative_info = self._echo_info = None
        self._pairs = {}
        self._scaled = self._blank = self._refused = 0
        self._scales = Recent(100)
        self._last_refusal = ''
        self._timer = self.create_timer(0.25, self._look_around)
        self._look_around()

    def deactivate(self) -> None:
        """Unsubscribe."""
        if self._timer is not None:
            self.destroy_timer(self._timer)
        self._timer = None
        self._release()

    def _look_around(self) -> None:
        """Subscribe while somebody wants metric depth; else the network would run for nobody."""
        wanted = (self._depth_publisher.get_subscription_count()
                  + self._info_publisher.get_subscription_count()) > 0
        if not wanted:
            self._release()
        elif not self._opened:
            self._opened = [
                self.subscription(
                    CameraInfo, 'relative_depth/camera_info', self._on_relative_info),
                self.subscription(CameraInfo, 'depth/camera_info', self._on_echo_info),
                self.subscription(Image, 'depth/image', self._on_echo),
                self.subscription(Image, 'relative_depth', self._on_relative)]

    def _release(self) -> None:
        for subscription in self._opened:
            self.destroy_subscription(subscription)
        self._opened = []

    def diagnose(self) -> Status:
        """Tell the scale and how old it is."""
        now = self.now()
        age = self._holder.age(now)
        status = Status(values={
            'scaled images': self._scaled, 'blank images': self._blank,
            'refused images': self._refused, 'last refusal': self._last_refusal,
            'scale': self._scales.percentile(50), 'scale age s': age})
        if not age <= self._holder.max_age and (self._scaled or self._blank):
            status.level, status.message = Level.WARN, 'no recent scale: metric_depth is all NaN'
        return status

    def _on_relative_info(self, msg: CameraInfo) -> None:
        self._relative_info = msg

    def _on_echo_info(self, msg: CameraInfo) -> None:
        self._echo_info = msg

    def _on_echo(self, msg: Image) -> None:
        """Hold an echo depth, and scale by it the image that it was taken with."""
        try:
            depth = depth_from_msg(msg)
        except MessageError as error:
            self._refuse(f'depth/image: {error}')
            return
        stamp = stamp_from_msg(msg.header.stamp)
        self._echoes.add(stamp, depth)
        image = self._images.nearest(stamp, self._tolerance())
        if image is not None:
            self._measure(image.item, depth, stamp)

    def _on_relative(self, msg: Image) -> None:
        """Publish the metric image, scaled by what is known now."""
        try:
            relative = relative_from_msg(msg)
        except MessageError as error:
            self._refuse(f'relative_depth: {error}')
            return
        stamp = stamp_from_msg(msg.header.stamp)
        self._images.add(stamp, relative)
        echo = self._echoes.nearest(stamp, self._tolerance())
        if echo is not None:
            self._measure(relative, echo.item, echo.stamp)
        scale = self._holder.at(stamp)
        if np.isnan(scale):
            self._blank += 1
        else:
            self._scaled += 1
        self._publish(relative, scale, stamp, msg.header.frame_id)

    def _measure(self, relative: np.ndarray, depth: np.ndarray, stamp: int) -> None:
        try:
            scale = median_scale(relative, depth, self._kind, pairs=self._paired(
                relative.shape, depth.shape))
        except ScaleError as error:
            self._refuse(str(error))
            return
        self._holder.update(scale, stamp)
        self._scales.add(scale, stamp / 1e9)

    def _paired(self, relative_shape: tuple[int, int], depth_shape: tuple[int, int]):
        """Pixel pairs, worked out once for each pair of cameras."""
        info = self._echo_info
        matches = info is not None and (info.height, info.width) == depth_shape
        k_echo = intrinsics_from_msg(info) if matches else None
        k_relative = self._camera(relative_shape)[1]
        key = (relative_shape, depth_shape, k_relative.tobytes(),
               b'' if k_echo is None else k_echo.tobytes())
        if key not in self._pairs:
            self._pairs = {key: pair_pixels(relative_shape, depth_shape, k_relative, k_echo)}
        return self._pairs[key]

    def _camera(self, shape: tuple[int, int]):
        """Model of the relative camera as parameters have it, and intrinsics as they are."""
        model = CameraModel(
            shape[1], shape[0], self.value('relative_hfov'), self.value('relative_vfov'))
        info = self._relative_info
        if info is not None and (info.height, info.width) == shape:
            k = intrinsics_from_msg(info)
            if k is not None:
                return model, k
        return model, model.k

    def _publish(self, relative: np.ndarray, scale: float, stamp: int, frame_id: str) -> None:
        if self._depth_publisher.get_subscription_count():
            self._depth_publisher.publish(image_to_msg(
                apply_scale(relative, scale, self._kind), stamp, frame_id))
        if self._info_publisher.get_subscription_count():
            info = self._relative_info
            if info is None or (info.height, info.width) != relative.shape:
                info = camera_to_msg(self._camera(relative.shape)[0], stamp, frame_id)
            else:
                info.header.stamp = stamp_to_msg(stamp)
            self._info_publisher.publish(info)

    def _tolerance(self) -> int:
        return round(self.value('sync_tolerance') * 1e9)

    def _refuse(self, reason: str) -> None:
        self._refused += 1
        self._last_refusal = reason
        self.get_logger().error(f'no scale: {reason}', throttle_duration_sec=5.0)


def main(args=None) -> int:
    """Run the node."""
    return run(DepthScale, args)


if __name__ == '__main__':
    raise SystemExit(main())
