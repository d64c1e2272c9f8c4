# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Node that gives a relative depth image its metres, from the echo depth (AVS-Net)."""

import numpy as np
from sensor_msgs.msg import CameraInfo, Image

from echo_depth_ros.nodes.conversions import (
    camera_to_msg,
    depth_from_msg,
    image_from_msg,
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
    KINDS,
    LastScale,
    pair_pixels,
    ScaleError,
    ScaleFilter,
    Scaling,
    scaling_named,
    SCALINGS,
)
from echo_depth_ros.vision.camera import CameraModel
from echo_depth_ros.vision.sync import FrameBuffer


class DepthScale(ManagedNode):
    """
    Publishes ``metric_depth`` for each ``relative_depth``, scaled by ``depth/image``.

    The scale comes from the pair of images nearest in time, or with ``smooth`` from the last few
    of them, and is held for ``max_scale_age`` seconds; after that all pixels are NaN. It is not
    renewed where echoes are missing, where the relative image is blank (in the dark its pixels are
    NaN in the metric one, too), and where both images disagree. Without relative images nothing is
    published.
    """

    def __init__(self, **kwargs):
        """Take the same arguments as :class:`rclpy.node.Node`, but the name."""
        super().__init__('depth_scale', **kwargs)
        self.declare('relative_kind', 'depth', 'What relative_depth holds', choices=KINDS)
        self.declare('scaling', 'median', 'How both images are matched: median (a scale), '
                     'mean_std (scale and shift), or least_squares (scale and shift of disparity, '
                     'for affine-invariant networks)', choices=tuple(SCALINGS))
        self.declare('use_confidence', True, 'Weigh pixels by depth/confidence where it comes')
        self.declare('min_agreement', 0.2, 'Share of the compared pixels that must be within 25 % '
                     'of the echo depth once they are scaled, or the images disagree and give no '
                     'scale', low=0.0, high=1.0, live=True)
        self.declare('smooth', False, 'Smooth the scale in time and leave out outliers, for '
                     'networks whose scale is steady from image to image')
        self.declare('scale_drift', 0.2, 'How far the true scale wanders in a second, as a share '
                     'of itself; used by smooth', low=0.001, high=10.0)
        self.declare('outlier_sigmas', 3.0, 'Standard deviations beyond which a scale is an '
                     'outlier; used by smooth', low=1.0, high=20.0)
        self.declare('outlier_patience', 3, 'Outliers in a row that agree and become the scale; '
                     'used by smooth', low=1, high=100)
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
        self._fit = scaling_named(self.value('scaling'))
        self._keeper = self._new_keeper()

    def activate(self) -> None:
        """Subscribe."""
        self._keeper = self._new_keeper()
        self._echoes, self._images = FrameBuffer(10), FrameBuffer(10)
        self._confidences = FrameBuffer(10)
        self._relative_info = self._echo_info = None
        self._pairs = {}
        self._scaled = self._blank = self._dark = self._refused = self._disagreed = 0
        self._unsure = 0
        self._in_the_dark = False
        self._image_times, self._echo_times, self._pair_times = Recent(), Recent(), Recent()
        self._agreement = float('nan')
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
            if self.value('use_confidence'):
                self._opened.append(
                    self.subscription(Image, 'depth/confidence', self._on_confidence))

    def _release(self) -> None:
        for subscription in self._opened:
            self.destroy_subscription(subscription)
        self._opened = []

    def diagnose(self) -> Status:
        """Tell the scale, how sure and how old it is, and why there is none."""
        now = self.now()
        scaling = self._keeper.at(now)
        status = Status(values={
            'scaled images': self._scaled, 'blank images': self._blank,
            'dark images': self._dark, 'refused images': self._refused,
            'last refusal': self._last_refusal, 'rejected: disagreement': self._disagreed,
            'scale': scaling.scale, 'shift': scaling.shift,
            'scale uncertainty': scaling.uncertainty, 'agreement': self._agreement,
            'scale age s': self._keeper.age(now), 'pairs without confidence': self._unsure,
            'relative rate': self._image_times.rate(now / 1e9),
            'echo rate': self._echo_times.rate(now / 1e9)})
        if self.value('smooth'):
            status.values.update({
                'rejected: outlier': self._keeper.outliers, 'scale steps': self._keeper.steps,
                'scale restarts': self._keeper.restarts})
        problem = self._problem(now) if self._opened else ''
        if problem:
            status.level, status.message = Level.WARN, problem
        elif not self._opened:
            status.message = 'nobody listens to metric_depth'
        return status

    def _problem(self, now: int) -> str:
        """Why there is no metric depth, or less of it; empty where there is."""
        if not self._image_times.rate(now / 1e9):
            return ('no image comes on relative_depth: start the vision network, or remap '
                    'relative_depth to its topic')
        if not self._echo_times.rate(now / 1e9):
            return 'no echo depth comes on depth/image: without it metric_depth is all NaN'
        if self._in_the_dark:
            return 'relative_depth holds no depth at all: it is dark, or the network fails'
        if abs(self._keeper.age(now)) <= self._keeper.max_age:
            return ''
        if not self._pair_times.rate(now / 1e9):
            apart = (self._images.newest - self._echoes.newest) / 1e6
            return ('no recent scale: no image is within sync_tolerance of an echo depth; the '
                    f'newest ones are stamped {apart:.0f} ms apart')
        reason = self._last_refusal or 'pings come more seldom than max_scale_age'
        return f'no recent scale: metric_depth is all NaN; {reason}'

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
        self._echo_times.add(0.0, self.now() / 1e9)
        self._measure_echo(stamp, depth)

    def _on_confidence(self, msg: Image) -> None:
        """Hold the confidence of an echo depth; it mostly comes before, and may come after."""
        try:
            confidence = image_from_msg(msg)
        except MessageError as error:
            self._refuse(f'depth/confidence: {error}')
            return
        if msg.encoding != '32FC1':
            self._refuse(f'depth/confidence came as {msg.encoding!r}; expected 32FC1, 0 to 1')
            return
        stamp = stamp_from_msg(msg.header.stamp)
        self._confidences.add(stamp, confidence)
        echo = self._echoes.nearest(stamp, 0)
        if echo is not None:
            self._measure_echo(stamp, echo.item)

    def _on_relative(self, msg: Image) -> None:
        """Publish the metric image, scaled by what is known now."""
        try:
            relative = relative_from_msg(msg)
        except MessageError as error:
            self._refuse(f'relative_depth: {error}')
            return
        stamp = stamp_from_msg(msg.header.stamp)
        self._images.add(stamp, relative)
        self._image_times.add(0.0, self.now() / 1e9)
        self._in_the_dark = not np.any(np.isfinite(relative) & (relative > 0))
        self._dark += self._in_the_dark
        echo = self._echoes.nearest(stamp, self._tolerance())
        if echo is not None:
            self._measure(relative, echo.item, echo.stamp)
        scaling = self._keeper.at(stamp)
        if scaling.known:
            self._scaled += 1
        else:
            self._blank += 1
        self._publish(relative, scaling, stamp, msg.header.frame_id)

    def _measure_echo(self, stamp: int, depth: np.ndarray) -> None:
        """Compare an echo depth with the image that it was taken with, if that is here."""
        image = self._images.nearest(stamp, self._tolerance())
        if image is not None:
            self._measure(image.item, depth, stamp)

    def _measure(self, relative: np.ndarray, depth: np.ndarray, stamp: int) -> None:
        """Take the scale of a pair; once more where its confidence comes late."""
        self._pair_times.add(0.0, self.now() / 1e9)
        confidence = self._confidences.nearest(stamp, 0)
        self._unsure += confidence is None
        try:
            scaling = self._fit(
                relative, depth, self._kind, None if confidence is None else confidence.item,
                self._paired(relative.shape, depth.shape))
        except ScaleError as error:
            self._refuse(str(error))
            return
        self._agreement = scaling.agreement
        if scaling.agreement < self.value('min_agreement'):
            self._disagreed += 1
            self._refuse(
                f'the images disagree: only {scaling.agreement:.0%} of the scaled pixels are '
                f'within 25 % of the echo depth, expected {self.value("min_agreement"):.0%} '
                '(min_agreement); check relative_kind, fields of view, and where cameras look')
            return
        if not self._keeper.update(scaling, stamp):
            self._last_refusal = (f'a scale of {scaling.scale:.3g} does not fit those before: an '
                                  'outlier until others agree with it')

    def _new_keeper(self) -> LastScale:
        age = self.value('max_scale_age')
        if not self.value('smooth'):
            return LastScale(age)
        return ScaleFilter(age, drift=self.value('scale_drift'),
                           sigmas=self.value('outlier_sigmas'),
                           patience=self.value('outlier_patience'))

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

    def _publish(self, relative: np.ndarray, scaling: Scaling, stamp: int,
                 frame_id: str) -> None:
        if self._depth_publisher.get_subscription_count():
            self._depth_publisher.publish(image_to_msg(
                scaling.apply(relative), stamp, frame_id))
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
