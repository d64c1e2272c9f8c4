# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Node that gives a relative depth image its metres, from colour and echoes (AVS-Net)."""

from typing import Optional

import numpy as np
from sensor_msgs.msg import CameraInfo, Image

from echo_depth_ros.nodes.avs_source import AvsSource, load_avs
from echo_depth_ros.nodes.conversions import (
    depth_from_msg,
    image_from_msg,
    image_to_msg,
    MessageError,
    relative_from_msg,
    stamp_from_msg,
)
from echo_depth_ros.nodes.health import Level, Status
from echo_depth_ros.nodes.managed import ManagedNode
from echo_depth_ros.nodes.relative_camera import intrinsics_for, RelativeCamera
from echo_depth_ros.nodes.scale_parameters import declare_scale, declare_source, new_keeper
from echo_depth_ros.nodes.scale_report import (
    BLANK,
    DARK,
    DISAGREED,
    ECHOES,
    FLAT,
    SCALED,
    ScaleReport,
    UNREAD,
    UNSURE,
)
from echo_depth_ros.nodes.spin import run
from echo_depth_ros.perception.metric_sources import AVS_NET, ECHO, Metric, MetricSources
from echo_depth_ros.perception.scaling import ScaleError, Scaling, scaling_named, spread_of
from echo_depth_ros.vision.camera import CameraModel
from echo_depth_ros.vision.rays import nearest
from echo_depth_ros.vision.sync import FrameBuffer

_CERTAIN = 20
"""Images without camera_info upon which the user is told."""


class DepthScale(ManagedNode):
    """
    Publishes ``metric_depth`` for each ``relative_depth``, scaled by metric depth of a few pixels.

    That comes from an AVS-Net where colour images and windows come, else from ``depth/image``, as
    :class:`MetricSources` chooses. The scale comes from the pair of images nearest in time, or
    with ``smooth`` from the last few of them, and is held for ``max_scale_age`` seconds; after
    that all pixels are NaN. It is not renewed where echoes are missing, where the relative image
    holds nothing or but one depth (its pixels are NaN in the metric one, too), and where images
    disagree. Without relative images nothing is published.
    """

    def __init__(self, **kwargs):
        """Take the same arguments as :class:`rclpy.node.Node`, but the name."""
        super().__init__('depth_scale', **kwargs)
        declare_scale(self.guard)
        declare_source(self.guard)
        self._depth_publisher = self.publisher(Image, 'metric_depth')
        self._info_publisher = self.publisher(CameraInfo, 'metric_depth/camera_info')
        self._timer = self._perceiver = self._avs = None
        self._opened = []

    def configure(self) -> None:
        """Read the parameters, and load the AVS-Net where it is wanted."""
        self._kind = self.value('relative_kind')
        self._fit = scaling_named(self.value('scaling'))
        self._keeper = new_keeper(self)
        self._perceiver, self._no_avs = load_avs(self)

    def activate(self) -> None:
        """Subscribe."""
        self._keeper = new_keeper(self)
        self._report = ScaleReport()
        mode = self.value('metric_source') if self._perceiver else ECHO
        self._sources = MetricSources(mode, self.value('max_source_ratio'))
        self._images, self._confidences = FrameBuffer(), FrameBuffer()
        self._camera = RelativeCamera(self.value('relative_hfov'), self.value('relative_vfov'))
        self._echo_info: Optional[CameraInfo] = None
        self._unseen = 0
        self._timer = self.create_timer(0.25, self._look_around)
        self._look_around()

    def deactivate(self) -> None:
        """Unsubscribe."""
        if self._timer is not None:
            self.destroy_timer(self._timer)
        self._timer = None
        self._release()

    def cleanup(self) -> None:
        """Free the model."""
        self._perceiver = None

    def diagnose(self) -> Status:
        """Tell the scale, how sure and how old it is, and why there is none."""
        now, newest = self.now(), self._images.newest
        status = Status(values=self._report.values(
            self._keeper, self._sources, now if newest is None else newest, now))
        status.values['field of view'] = self._camera.say()
        if self._no_avs:
            status.values['avs model'] = self._no_avs
        if self._avs is not None:
            status.values.update(self._avs.report())
        if not self._opened:
            status.message = 'nobody listens to metric_depth'
            return status
        problem = self._report.problem(self._keeper, self._sources, self._avs, newest, now)
        if problem:
            status.level, status.message = Level.WARN, problem
        return status

    def _look_around(self) -> None:
        """Subscribe while somebody wants metric depth; else the networks would run for nobody."""
        wanted = (self._depth_publisher.get_subscription_count()
                  + self._info_publisher.get_subscription_count()) > 0
        if not wanted:
            self._release()
        elif not self._opened:
            self._opened = [
                self.subscription(
                    CameraInfo, 'relative_depth/camera_info', self._camera.on_info),
                self.subscription(Image, 'relative_depth', self._on_relative)]
            echo, confidence = self._sources.mode != AVS_NET, self.value('use_confidence')
            if echo or confidence:  # the student runs for whoever wants its camera_info, too
                self._opened.append(self.subscription(
                    CameraInfo, 'depth/camera_info', self._on_echo_info))
            if echo:
                self._opened.append(self.subscription(Image, 'depth/image', self._on_echo))
            if confidence:
                self._opened.append(
                    self.subscription(Image, 'depth/confidence', self._on_confidence))
            if self._perceiver is not None:
                self._avs = AvsSource(
                    self, self._perceiver, self._camera, self._has_images, self._sources.expect,
                    self._on_avs, lambda stamp: self._take(self._sources.no_avs(stamp), stamp))

    def _release(self) -> None:
        for subscription in self._opened:
            self.destroy_subscription(subscription)
        if self._avs is not None:
            self._avs.close()
        self._opened, self._avs = [], None

    def _has_images(self) -> bool:
        return self._report.images.rate(self.now() / 1e9) > 0

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
        self._report.echoes.add(0.0, self.now() / 1e9)
        self._report.counts[ECHOES] += 1
        metric = self._sources.echo(stamp, Metric(depth, self._echo_k(depth.shape), ECHO))
        if metric is not None:
            self._keeper.forget(stamp)  # an AVS-Net's that came first, and is contradicted
        self._take(metric, stamp)

    def _on_avs(self, stamp: int, depth: np.ndarray) -> None:
        """Hold the depth that an AVS-Net gives, likewise."""
        self._take(self._sources.avs(
            stamp, Metric(depth, self._perceiver.camera.k, AVS_NET)), stamp)

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
        metric = self._sources.nearest(stamp, 0)
        if metric is not None:
            self._take(metric.item, stamp)

    def _on_relative(self, msg: Image) -> None:
        """Publish the metric image, scaled by what is known now."""
        try:
            relative = relative_from_msg(msg)
        except MessageError as error:
            self._refuse(f'{UNREAD}{error}')
            return
        stamp = stamp_from_msg(msg.header.stamp)
        report = self._report
        self._mind_the_camera()
        report.images.add(0.0, self.now() / 1e9)
        report.spread = spread_of(relative)
        report.dark = not np.any(np.isfinite(relative) & (relative > 0))
        report.flat = report.spread < self.value('min_relative_spread')
        report.counts.update({DARK: int(report.dark), FLAT: int(report.flat)})
        if report.flat:
            report.last_refusal = (
                f'relative_depth is flat: its pixels differ by {report.spread:.2%} of their '
                f'median; expected {self.value("min_relative_spread"):.2%} '
                '(min_relative_spread)')
            relative = np.full_like(relative, np.nan)
        else:
            self._images.add(stamp, relative)
            metric = self._sources.nearest(stamp, self._tolerance())
            if metric is not None:
                self._measure(relative, metric.item, metric.stamp)
        scaling = self._keeper.at(stamp)
        report.counts[SCALED if scaling.known and not report.flat else BLANK] += 1
        self._publish(relative, scaling, stamp, msg.header.frame_id)

    def _mind_the_camera(self) -> None:
        """Say once that no camera_info comes, which would be wrong in silence."""
        self._unseen = 0 if self._camera.info is not None else self._unseen + 1
        if self._unseen == _CERTAIN:
            self.get_logger().warning(
                f'no camera_info comes on {self.resolve_topic_name("relative_depth/camera_info")}'
                f': relative_depth is taken to see {self._camera.say()} (relative_hfov, '
                'relative_vfov)')

    def _take(self, metric: Optional[Metric], stamp: int) -> None:
        """Compare a metric image with the relative one that it was taken with, if both are."""
        image = None if metric is None else self._images.nearest(stamp, self._tolerance())
        if image is not None:
            self._measure(image.item, metric, stamp)

    def _measure(self, relative: np.ndarray, metric: Metric, stamp: int) -> None:
        """Take the scale of a pair; once more where its confidence comes late."""
        report = self._report
        report.pairs.add(0.0, self.now() / 1e9)
        confidence = self._confidence_of(metric, stamp)
        report.counts[UNSURE] += confidence is None
        try:
            scaling = self._fit(
                relative, metric.depth, self._kind, confidence,
                self._camera.pairs(relative.shape, metric.depth.shape, metric.k))
        except ScaleError as error:
            self._refuse(str(error))
            return
        report.agreement, least = scaling.agreement, self.value('min_agreement')
        if scaling.agreement < least:
            report.counts[DISAGREED] += 1
            self._refuse(
                f'the images disagree: only {scaling.agreement:.0%} of the scaled pixels are '
                f'within 25 % of the {metric.source} depth, expected {least:.0%} '
                '(min_agreement); check relative_kind, fields of view, and where cameras look')
            return
        if self._keeper.update(scaling, stamp):
            report.source = metric.source
        elif self._keeper.age(stamp) >= 0:  # an older one comes late, with nothing wrong
            report.last_refusal = (f'a scale of {scaling.scale:.3g} does not fit those before: '
                                   'an outlier until others agree with it')

    def _confidence_of(self, metric: Metric, stamp: int) -> Optional[np.ndarray]:
        """Return what the student says of that ping, as the metric image's camera sees it."""
        held = self._confidences.nearest(stamp, 0)
        if held is None or metric.source == ECHO:
            return None if held is None else held.item
        k = self._echo_k(held.item.shape)
        camera = self._perceiver.camera
        if k is None:  # one field of view for both
            k = CameraModel(*held.item.shape[::-1], camera.hfov_deg, camera.vfov_deg).k
        return nearest(held.item, k, camera)

    def _echo_k(self, shape: tuple[int, int]) -> Optional[np.ndarray]:
        return intrinsics_for(self._echo_info, shape)

    def _publish(self, relative: np.ndarray, scaling: Scaling, stamp: int,
                 frame_id: str) -> None:
        if self._depth_publisher.get_subscription_count():
            self._depth_publisher.publish(image_to_msg(
                scaling.apply(relative), stamp, frame_id))
        if self._info_publisher.get_subscription_count():
            self._info_publisher.publish(self._camera.info_for(relative.shape, stamp, frame_id))

    def _tolerance(self) -> int:
        return round(self.value('sync_tolerance') * 1e9)

    def _refuse(self, reason: str) -> None:
        self._report.refuse(reason, self.now())
        self.get_logger().error(f'no scale: {reason}', throttle_duration_sec=5.0)


def main(args=None) -> int:
    """Run the node."""
    return run(DepthScale, args)


if __name__ == '__main__':
    raise SystemExit(main())
