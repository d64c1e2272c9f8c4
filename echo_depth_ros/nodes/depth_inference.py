# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Node that sees by sound: ``binaural`` windows in, depth images and first-echo range out."""

from collections import Counter
import math

from sensor_msgs.msg import CameraInfo, Image, Range

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.acoustics.quality import LEVEL
from echo_depth_ros.acoustics.ranging import FloorEcho
from echo_depth_ros.nodes.conversions import (
    camera_to_msg,
    image_to_msg,
    range_to_msg,
    recording_from_msg,
    stamp_from_msg,
)
from echo_depth_ros.nodes.health import Level, Recent, Status
from echo_depth_ros.nodes.latest_worker import LatestWorker
from echo_depth_ros.nodes.managed import ManagedNode
from echo_depth_ros.nodes.parameters import (
    declare_direct_level,
    declare_ping_format,
    least_direct_level,
    ping_format,
)
from echo_depth_ros.nodes.spin import run
from echo_depth_ros.perception.assets import find_model
from echo_depth_ros.perception.echo_depth import EchoDepth, MIN_RANGE, MIN_SNR_DB, Perception
from echo_depth_ros.perception.encoding import encode_range
from echo_depth_ros.perception.model import StudentModel
from echo_depth_ros.vision.camera import CameraModel

FRAME = 'echo_depth_link'
OPTICAL_FRAME = 'echo_depth_optical_frame'
PROVIDERS = ('auto', 'cpu', 'cuda', 'tensorrt')
_FAINT_IN_A_ROW = 8
"""Faint windows in a row that are worth a word: at every soft start there are some."""


class DepthInference(ManagedNode):
    """
    Runs the student on the newest window; one that waits longer than a ping is dropped.

    A window that cannot be believed gives no depth image at all: what was wrong with it is
    logged and counted, and the next one is taken.
    """

    def __init__(self, **kwargs):
        """Take the same arguments as :class:`rclpy.node.Node`, but the name."""
        super().__init__('depth_inference', **kwargs)
        declare_ping_format(self.guard)
        self.declare('model', '', 'Path of the ONNX student; empty for the one that comes along')
        self.declare('provider', 'auto', 'What runs the student', choices=PROVIDERS)
        self.declare('threads', 2, 'CPU threads of one inference', low=1, high=64)
        self.declare('min_snr_db', MIN_SNR_DB, 'Least signal-to-noise ratio of the direct sound '
                     'in dB', low=-20.0, high=80.0)
        self.declare('min_range', MIN_RANGE, 'Metres; nearer echoes overlap the direct sound and '
                     'do not count', low=0.01, high=10.0)
        self.declare('max_range', 12.0, 'Metres; further first echoes count as none; at most what '
                     'a window hears, 12.2', low=0.1, high=100.0)
        floor = FloorEcho()
        self.declare('floor_near', floor.near, 'Metres from which on the floor may answer; a head '
                     'half a metre above it hears it at 0.47', low=0.0, high=5.0)
        self.declare('floor_far', floor.far, 'Metres up to which it may; not above floor_near '
                     'counts the floor like any other surface', low=0.0, high=5.0)
        self.declare('floor_level_db', floor.level_db, 'Most that the floor reaches, in dB of the '
                     'direct sound; what is louder there is an obstacle', low=-60.0, high=20.0)
        self.declare('min_confidence', 0.0, 'Depth that is less likely to lie within 25 % of the '
                     'truth becomes unknown (NaN); 0 takes it all, and is the only value for a '
                     'model that predicts no confidence', low=0.0, high=1.0)
        declare_direct_level(self.guard)
        self._depth_publisher = self.publisher(Image, 'depth/image')
        self._info_publisher = self.publisher(CameraInfo, 'depth/camera_info')
        self._confidence_publisher = self.publisher(Image, 'depth/confidence')
        self._range_publisher = self.publisher(Range, 'range')
        self._worker = self._subscription = self._perceiver = None

    def configure(self) -> None:
        """Load the model and check it against the parameters."""
        self._fmt = ping_format(self)
        self._limits = (self.value('min_range'), self.value('max_range'))
        reach = self._fmt.samples_to_range(self._fmt.window - self._fmt.direct_index)
        if self._limits[1] > reach:
            raise ValueError(
                f'max_range is {self._limits[1]} m, but a window of {self._fmt.window} samples '
                f'hears {reach:.2f} m; set it to at most that')
        near, far = self.value('floor_near'), self.value('floor_far')
        floor = FloorEcho(near, far, self.value('floor_level_db')) if far > near else None
        model = StudentModel(
            find_model(self.value('model')), self._fmt, providers=(self.value('provider'),),
            threads=self.value('threads'))
        if model.provider_note:
            self.get_logger().warning(model.provider_note)
        self._perceiver = EchoDepth(
            model, self._fmt, min_snr_db=self.value('min_snr_db'), min_range=self._limits[0],
            max_range=self._limits[1], floor=floor, min_confidence=self.value('min_confidence'),
            min_direct_level_db=least_direct_level(self),
            look_for_foreign=False)  # binaural_capture does, over several windows
        contract = model.contract
        self._camera = CameraModel(
            contract.width, contract.height, contract.hfov_deg, contract.vfov_deg)
        self._model = model
        self.get_logger().info(f'{model.path} runs on {model.active_provider}')
        if not model.predicts_confidence:
            self.get_logger().info(
                f'{model.path} predicts no confidence: nothing is published on depth/confidence')
        elif not contract.calibration:
            self.get_logger().warning(
                f'the confidence of {model.path} was not calibrated: how sure it is may be far '
                'from how often it is right; export it again with --data')

    def activate(self) -> None:
        """Start the worker and listen."""
        self._received = self._done = self._dropped = self._unwanted = self._clipped = 0
        self._unsure, self._last_unsure = 0, ''
        self._refused: Counter[str] = Counter()
        self._last_refusal = ''
        self._faint = 0
        self._latency, self._snr, self._work = Recent(), Recent(200), Recent()
        self._arrived = Recent()
        self._worker = LatestWorker(self._try_to_see, 'inference')
        self._subscription = self.subscription(Image, 'binaural', self._on_window)

    def deactivate(self) -> None:
        """Stop listening and the worker."""
        if self._subscription is not None:
            self.destroy_subscription(self._subscription)
        if self._worker is not None:
            self._worker.stop()
        self._subscription = self._worker = None

    def cleanup(self) -> None:
        """Free the model."""
        self._perceiver = self._model = None

    def diagnose(self) -> Status:
        """Tell how fast, how late, and what was refused."""
        now = self.now() / 1e9
        status = Status(values={
            'rate': self._latency.rate(now), 'windows': self._received,
            'depth images and ranges': self._done, 'dropped windows': self._dropped,
            'refused windows': sum(self._refused.values()), 'last refusal': self._last_refusal,
            'nobody subscribed': self._unwanted, 'clipped windows': self._clipped,
            'confidence': self._say_confidence(), 'depth without confidence': self._unsure,
            'SNR median dB': self._snr.percentile(50),
            'latency p50 ms': self._latency.percentile(50),
            'latency p95 ms': self._latency.percentile(95),
            'compute p50 ms': self._work.percentile(50),
            'provider': self._model.active_provider, 'model': str(self._model.path)})
        wanted = self._listened(self._confidence_publisher)
        if not wanted:
            self._last_unsure = ''  # whoever missed it has left
        if self._last_unsure:
            status.level = Level.WARN
            status.message = f'no depth/confidence: {self._last_unsure}'
        elif wanted and not self._model.predicts_confidence:
            status.level = Level.WARN
            status.message = 'depth/confidence is wanted, but the model predicts none'
        if self._model.provider_note:
            status.level, status.message = Level.WARN, self._model.provider_note
        if not self._arrived.rate(now):
            status.level, status.message = Level.WARN, 'no windows come in on binaural'
        elif self._refused and not self._latency.rate(now):
            status.level, status.message = Level.WARN, f'refused: {self._last_refusal}'
        return status

    def _say_confidence(self) -> str:
        if not self._model.predicts_confidence:
            return 'none: the model predicts none'
        calibration = self._model.contract.calibration
        return f'calibrated on {calibration}' if calibration else 'predicted, not calibrated'

    @staticmethod
    def _listened(publisher) -> bool:
        return publisher.get_subscription_count() > 0

    def _on_window(self, msg: Image) -> None:
        """Keep the newest window for the worker, and count the one it replaces."""
        self._received += 1
        self._arrived.add(0.0, self.now() / 1e9)
        self._dropped += self._worker.put(msg) is not None

    def _try_to_see(self, msg: Image) -> None:
        try:
            self._see(msg)
        except EchoDepthError as error:
            self._refuse(type(error).__name__, str(error))
        except Exception as error:  # the worker must outlive whatever one window brings
            self._refuse(type(error).__name__, f'{type(error).__name__}: {error}')

    def _see(self, msg: Image) -> None:
        want_depth = self._listened(self._depth_publisher) or self._listened(self._info_publisher)
        want_confidence = (
            self._model.predicts_confidence and self._listened(self._confidence_publisher))
        want_range = self._listened(self._range_publisher)
        if not (want_depth or want_confidence or want_range):
            self._unwanted += 1
            return
        began = self.now()
        window = recording_from_msg(msg)
        if window.shape[1] != self._fmt.window:
            self._refuse('width', (
                f'a window of {window.shape[1]} samples came; expected {self._fmt.window} at '
                f'{self._fmt.sample_rate} Hz: give binaural_capture and depth_inference the same '
                'window and sample_rate'))
            return
        heard = self._perceiver.perceive(
            window, want_depth=want_depth or want_confidence, want_range=want_range,
            want_confidence=want_confidence)
        stamp = stamp_from_msg(msg.header.stamp)
        self._publish(heard, stamp, want_depth)
        now = self.now()
        if heard.direct is not None:
            self._snr.add(heard.direct.snr_db, now / 1e9)
        if heard.quality is not None:
            self._clipped += heard.quality.clipped_fraction > 0
        if heard.problem is not None:
            self._refuse(heard.problem_kind, heard.problem)
            return
        if heard.confidence_problem is not None:
            self._miss_confidence(heard.confidence_problem)
        elif heard.confidence is not None:
            self._last_unsure = ''
        self._done += 1
        self._faint = 0
        self._work.add((now - began) / 1e6, now / 1e9)
        self._latency.add((now - stamp) / 1e6 - 1e3 * self._fmt.window_duration, now / 1e9)

    def _publish(self, heard: Perception, stamp: int, want_depth: bool) -> None:
        # Before depth: whoever waits for depth then has both.
        if heard.confidence is not None:
            self._confidence_publisher.publish(
                image_to_msg(heard.confidence, stamp, OPTICAL_FRAME))
        if heard.depth is not None and want_depth:
            self._depth_publisher.publish(image_to_msg(heard.depth, stamp, OPTICAL_FRAME))
            self._info_publisher.publish(camera_to_msg(self._camera, stamp, OPTICAL_FRAME))
        if heard.echo is not None:
            self._range_publisher.publish(range_to_msg(
                encode_range(heard.range_m, *self._limits), self._limits, math.pi, stamp, FRAME))

    def _miss_confidence(self, reason: str) -> None:
        self._unsure += 1
        self._last_unsure = reason
        self.get_logger().error(
            f'depth without confidence: {reason}', throttle_duration_sec=5.0)

    def _refuse(self, kind: str, reason: str) -> None:
        self._refused[kind] += 1
        self._last_refusal = reason
        self._faint = self._faint + 1 if kind == LEVEL else 0
        if 0 < self._faint < _FAINT_IN_A_ROW:
            return
        self.get_logger().error(f'window refused: {reason}', throttle_duration_sec=5.0)


def main(args=None) -> int:
    """Run the node."""
    return run(DepthInference, args)


if __name__ == '__main__':
    raise SystemExit(main())
