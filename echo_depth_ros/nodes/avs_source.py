# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Metric depth from colour images and windows that belong together, by an AVS-Net."""

from collections import Counter, deque
from collections.abc import Callable
from time import monotonic, monotonic_ns
from typing import Any, NamedTuple, Optional

import numpy as np
from sensor_msgs.msg import CameraInfo, Image

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.nodes.conversions import (
    image_from_msg,
    MessageError,
    recording_from_msg,
    stamp_from_msg,
)
from echo_depth_ros.nodes.health import Recent
from echo_depth_ros.nodes.latest_worker import LatestWorker
from echo_depth_ros.nodes.parameters import least_direct_level, ping_format
from echo_depth_ros.nodes.relative_camera import intrinsics_for, RelativeCamera
from echo_depth_ros.perception.assets import AVS, find_model
from echo_depth_ros.perception.avs_depth import AvsDepth, AvsSight
from echo_depth_ros.perception.avs_model import AvsModel
from echo_depth_ros.perception.metric_sources import AUTO, ECHO
from echo_depth_ros.perception.session import ModelError
from echo_depth_ros.vision.light import LightLimits
from echo_depth_ros.vision.pairing import FramePairing, Pair

COLOUR = 'camera/color/image_raw'
COLOUR_INFO = 'camera/color/camera_info'
WINDOWS = 'binaural'
_NS = 1_000_000_000
_SETTLE = 0.02
_GONE = 1.0
"""Seconds after which a camera that sends nothing is not waited for."""
_CERTAIN = 20
"""Pairs without camera_info upon which the user is told, and parameters take its place."""
_LATELY = 2.5
"""Seconds within which depth must have come, twice, for the network to be at work."""


class _Job(NamedTuple):
    stamp: int
    window: Image
    colour: Image
    k: np.ndarray


class AvsSource:
    """
    Pairs windows with colour images and runs an AVS-Net on them, on a thread of its own.

    All its calls back are made by the node's executor. For each window that is announced by
    ``on_expected`` there comes ``on_depth`` or ``on_missing``, once.
    """

    def __init__(self, node, perceiver: AvsDepth, camera: RelativeCamera,
                 wanted: Callable[[], bool], on_expected: Callable[[int], None],
                 on_depth: Callable[[int, np.ndarray], None],
                 on_missing: Callable[[int], None]):
        """
        Subscribe, and start the thread.

        :param node: a managed node.
        :param camera: of the relative depth, which is the colour camera: its intrinsics hold where
            no camera_info of the colour image comes.
        :param wanted: whether windows are of any use now.
        """
        self._node, self._perceiver, self._camera = node, perceiver, camera
        self._wanted = wanted
        self._on_expected, self._on_depth, self._on_missing = on_expected, on_depth, on_missing
        self._pairing: FramePairing[Image] = FramePairing(
            round(node.value('sync_tolerance') * _NS), round(node.value('camera_wait') * _NS))
        self._windows: dict[int, Image] = {}
        self._info: Optional[CameraInfo] = None
        self._unseen = 0
        self.depths = self._dropped = self._unpaired = 0
        self._refused: Counter[str] = Counter()
        self.last_refusal = ''
        self._colour_times, self._window_times = Recent(200), Recent(200)
        self._last_colour = -np.inf
        self._work = Recent(200, _LATELY)
        self._done: deque[tuple[int, AvsSight, float]] = deque()
        self._ready = node.create_guard_condition(self._collect)
        self._timer = node.steady_timer(_SETTLE, self._settle)
        self._worker = LatestWorker(self._see, 'AVS-Net')
        self._opened = [
            node.subscription(CameraInfo, COLOUR_INFO, self._on_info),
            node.subscription(Image, COLOUR, self._on_colour, depth=2),
            node.subscription(Image, WINDOWS, self._on_window)]

    def close(self) -> None:
        """Unsubscribe, and end the thread."""
        opened, self._opened = self._opened, []
        for subscription in opened:
            self._node.destroy_subscription(subscription)
        self._node.destroy_timer(self._timer)
        self._worker.stop()
        self._node.destroy_guard_condition(self._ready)

    @property
    def at_work(self) -> bool:
        """Whether depth comes."""
        return self._work.rate(self._node.now() / 1e9) > 0

    def report(self) -> dict[str, Any]:
        """Return the figures by the names that diagnostics give them."""
        now = self._node.now() / 1e9
        return {
            'avs depths': self.depths, 'avs refused': sum(self._refused.values()),
            'avs last refusal': self.last_refusal, 'avs dropped windows': self._dropped,
            'dark colour images': self._refused['dark'] + self._refused['blank'],
            'windows without colour': self._unpaired,
            'colour rate': self._colour_times.rate(now),
            'window rate': self._window_times.rate(now),
            'avs compute p50 ms': self._work.percentile(50),
            'avs provider': self._perceiver.model.active_provider,
            'avs model': str(self._perceiver.model.path)}

    def problem(self) -> str:
        """Why there is no depth now; empty where there is."""
        now = self._node.now() / 1e9
        if self.at_work:
            return ''
        if not self._window_times.rate(now):
            return 'no windows come in on binaural'
        if not self._colour_times.rate(now):
            return f'no colour image comes on {self._node.resolve_topic_name(COLOUR)}'
        if self._pairing.missed:
            offset = self._pairing.offset
            return ('no colour image is within sync_tolerance of a window'
                    + (f'; they are {offset / 1e6:+.0f} ms apart' if offset == offset else ''))
        return self.last_refusal or (
            f'depth comes less than twice in {_LATELY} s: the network is slow, or has just begun')

    def _on_info(self, msg: CameraInfo) -> None:
        self._info = msg

    def _on_colour(self, msg: Image) -> None:
        self._last_colour = monotonic()
        self._colour_times.add(0.0, self._node.now() / 1e9)
        self._pairing.tolerance = round(self._node.value('sync_tolerance') * _NS)
        stamp = stamp_from_msg(msg.header.stamp)
        # Windows and images need one clock, which need not be this node's: a bag is played.
        self._begin(self._pairing.add(stamp, msg, arrival=stamp, moment=monotonic_ns()))

    def _on_window(self, msg: Image) -> None:
        self._window_times.add(0.0, self._node.now() / 1e9)
        if not self._wanted():
            return
        if monotonic() - self._last_colour > _GONE:
            self._unpaired += 1
            return
        stamp = stamp_from_msg(msg.header.stamp)
        self._windows[stamp] = msg
        self._on_expected(stamp)
        self._begin(self._pairing.window(stamp, monotonic_ns()))

    def _settle(self) -> None:
        self._begin(self._pairing.settle(monotonic_ns()))

    def _begin(self, pairs: list[Pair]) -> None:
        """Hand windows over that have their image; give up those that get none."""
        for stamp, frame in pairs:
            window = self._windows.pop(stamp, None)
            if window is None:
                continue
            colour = frame.item
            k = self._k_of((colour.height, colour.width))
            if k is None:
                self._refuse(stamp, AvsSight(
                    problem='no camera_info has come yet for the colour image, so its field of '
                    'view is not known', problem_kind='camera_info'))
                continue
            dropped = self._worker.put(_Job(stamp, window, colour, k))
            if dropped is not None:
                self._dropped += 1
                self._on_missing(dropped.stamp)
        # Windows that the pairing has decided upon and found nothing for are no longer in it.
        for stamp in [each for each in self._windows if not self._pairing.awaits(each)]:
            del self._windows[stamp]
            self._unpaired += 1
            self._on_missing(stamp)

    def _k_of(self, shape: tuple[int, int]) -> Optional[np.ndarray]:
        """Return the intrinsics of colour images; None while camera_info may be on its way."""
        k = intrinsics_for(self._info, shape)
        if k is not None:
            return k
        if self._camera.info is not None:
            return self._camera.k(shape)
        self._unseen += 1
        if self._unseen < _CERTAIN:
            return None
        if self._unseen == _CERTAIN:
            self._node.get_logger().warning(
                f'no camera_info comes on {self._node.resolve_topic_name(COLOUR_INFO)}: the '
                'colour image is taken to have the field of view of relative_hfov and '
                'relative_vfov')
        return self._camera.k(shape)

    def _see(self, job: _Job) -> None:
        """Run on the thread; the executor does the rest."""
        began = monotonic()
        try:
            sight = self._perceiver.perceive(
                _colour_of(job.colour), job.k, recording_from_msg(job.window))
        except EchoDepthError as error:
            sight = AvsSight(problem=str(error), problem_kind=type(error).__name__)
        except Exception as error:  # the thread must outlive whatever one image brings
            sight = AvsSight(problem=f'{type(error).__name__}: {error}',
                             problem_kind=type(error).__name__)
        self._done.append((job.stamp, sight, monotonic() - began))
        if self._opened:
            self._ready.trigger()

    def _collect(self) -> None:
        while self._done:
            stamp, sight, seconds = self._done.popleft()
            if not self._opened:
                return
            if sight.depth is None:
                self._refuse(stamp, sight)
                continue
            self.depths += 1
            self._work.add(seconds * 1e3, self._node.now() / 1e9)
            self._on_depth(stamp, sight.depth)

    def _refuse(self, stamp: int, sight: AvsSight) -> None:
        self._refused[sight.problem_kind] += 1
        self.last_refusal = sight.problem
        self._node.get_logger().warning(
            f'no depth by avs_net: {sight.problem}', throttle_duration_sec=5.0)
        self._on_missing(stamp)


def load_avs(node) -> tuple[Optional[AvsDepth], str]:
    """
    Return the AVS-Net that the parameters want, or None and why there is none.

    With ``metric_source: auto`` a file that is missing is said once, and done without.

    :raises ModelError: there is no file although it is asked for, or it cannot be used.
    :raises ContractError: the file is no AVS-Net, or one for other pings.
    """
    source, given = node.value('metric_source'), node.value('avs_model')
    if source == ECHO:
        return None, ''
    if source == AUTO:
        try:
            path = find_model(given, AVS)
            missing = '' if path.is_file() else f'model {path} does not exist'
        except ModelError as error:
            missing = str(error)
        if missing:
            node.get_logger().warning(
                f'no AVS-Net: {missing}; the scale comes from the echo depth alone')
            return None, f'none: {missing}'
    fmt = ping_format(node)
    model = AvsModel(find_model(given, AVS), fmt, providers=(node.value('provider'),),
                     threads=node.value('threads'))
    if model.provider_note:
        node.get_logger().warning(model.provider_note)
    node.get_logger().info(f'{model.path} runs on {model.active_provider}')
    return AvsDepth(
        model, fmt, min_snr_db=node.value('min_snr_db'),
        light=LightLimits(node.value('min_brightness'), node.value('min_contrast')),
        min_direct_level_db=least_direct_level(node)), ''


def _colour_of(msg: Image) -> np.ndarray:
    image = image_from_msg(msg)
    if image.ndim != 3:
        raise MessageError(f'{COLOUR} came as {msg.encoding!r}; expected colour, such as rgb8 or '
                           'bgr8: avs_net was trained on it')
    return image
