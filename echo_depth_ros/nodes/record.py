# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Record echoes and camera of a running robot as training data, in BatVision V2's layout.

Takes what binaural_capture publishes: windows, and the colour and depth images that belong to
them. Ctrl-C ends it; whatever happens, every sample that was counted can be read. The same
command again goes on in the same folder.

For example: echo-depth record data/mine --location kitchen
"""

from argparse import ArgumentParser, Namespace
import os
import shutil
import signal
import sys
import tempfile
from threading import Event
import time
from time import monotonic

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CameraInfo, Image

from echo_depth_ros.nodes.ask_parameters import ParameterQuestion
from echo_depth_ros.nodes.conversions import stamp_from_msg
from echo_depth_ros.recording.background import BackgroundIntake
from echo_depth_ros.recording.description import camera_of, Description, RAW, WINDOW
from echo_depth_ros.recording.intake import Arrived, Intake
from echo_depth_ros.recording.options import (
    add_target_arguments,
    known_format,
    number,
    open_writer,
    ping_format,
    remarks,
    summary,
)
from echo_depth_ros.recording.pairing import Pairing, Together
from echo_depth_ros.recording.topics import namespaces
from echo_depth_ros.recording.writer import check_target, LocationWriter
from echo_depth_ros.vision.sync import FrameBuffer

_PATIENCE = 1_000_000_000
_DISCOVERY = 1.0
"""Seconds in which all topics of a node that was found become known."""
_EXPLAIN_AFTER = 3.0
_EXPLAIN_EVERY = 10.0
_SHOW_EVERY = 5.0
_QUEUE = 10
_TOLERANCE = 0.05
"""Seconds by which an image may be off its window, where binaural_capture does not say."""


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command's arguments."""
    add_target_arguments(parser)
    parser.add_argument('--seconds', type=number(float, 0.1), metavar='N',
                        help='stop so long after the first window (default: at Ctrl-C)')
    parser.add_argument('--pings', type=number(int, 1), metavar='N',
                        help='stop when so many are kept')
    parser.add_argument('--camera-info', default='camera/color/camera_info', metavar='TOPIC',
                        help='camera_info of the images (default: %(default)s)')
    parser.add_argument('--wait', type=number(float, 0), default=30.0, metavar='SECONDS',
                        help='give up when no window has come by then; 0 waits for ever '
                             '(default: %(default)s)')


def main(args: Namespace) -> int:
    """
    Record until told to stop.

    :returns: 0, or 1 where nothing was kept.
    :raises RecorderError: the target cannot be used, or the disk is full.
    """
    check_target(args.root, args.location, args.split, round(args.keep_free * 1e9))
    if 'HOME' not in os.environ:  # rclpy cannot find a place for its logs then
        os.environ.setdefault('ROS_LOG_DIR', os.path.join(tempfile.gettempdir(), 'ros_log'))
    stop = Event()
    before = {number: signal.signal(number, lambda *_: stop.set())
              for number in (signal.SIGINT, signal.SIGTERM)}
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    display = _Display()
    node = Recorder(args, display.say)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        while rclpy.ok() and not stop.is_set() and not node.done:
            executor.spin_once(timeout_sec=0.1)
            display.show(node.status())
    except ExternalShutdownException:
        pass
    finally:
        node.finish()
        said = node.summary()
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
        for number, handler in before.items():
            signal.signal(number, handler)
    display.say(said)
    if node.error is not None:
        raise node.error
    return 0 if node.kept else 1


class Recorder(Node):
    """
    Subscribes like any other user of the package, and hands what belongs together to a thread.

    First it waits for the windows' publisher, and asks that node for the pings it was told of;
    then it opens the location and subscribes, as reliably as each publisher offers.
    """

    def __init__(self, args: Namespace, say=print) -> None:
        """
        Start to look for windows.

        :param say: takes what the user should read.
        """
        super().__init__('echo_depth_record', namespace=args.namespace)
        self._args, self._say = args, say
        self._window_topic = self.resolve_topic_name(WINDOW)
        self._began = self._moved = monotonic()
        self._explained = self._began + _EXPLAIN_AFTER - _EXPLAIN_EVERY
        self._found: float | None = None
        self._question: ParameterQuestion | None = None
        self._writer: LocationWriter | None = None
        self._intake: Intake | None = None
        self._background: BackgroundIntake | None = None
        self._pairing = Pairing({}, _PATIENCE)
        self._last: dict[str, float | None] = {WINDOW: None}
        self._tolerance = round(_TOLERANCE * 1e9)
        self._camera_stamps = {'rgb': FrameBuffer(90), 'depth': FrameBuffer(90)}
        self._kept_before = 0
        self.create_timer(0.1, self._look_around, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def error(self) -> Exception | None:
        """Why recording had to end; None where it did not."""
        return self._background and self._background.error

    @property
    def kept(self) -> int:
        """Samples that were written."""
        return self._intake.tally.kept if self._intake else 0

    @property
    def done(self) -> bool:
        """Whether it is over: as much as was asked for, nothing at all, or an error."""
        if self.error is not None:
            return True
        if self._last[WINDOW] is None:
            return bool(self._args.wait) and monotonic() - self._began > self._args.wait
        tally = self._intake.tally
        return self._intake.done or (
            self._args.seconds is not None and tally.elapsed >= self._args.seconds)

    def status(self) -> str:
        """One line about the recording so far."""
        if self._intake is None or self._last[WINDOW] is None:
            return (f'waiting for windows on {self._window_topic} '
                    f'({monotonic() - self._began:.0f} s)')
        return self._intake.tally.line(self._writer.bytes_written, self._writer.free())

    def summary(self) -> str:
        """Say how it went."""
        if self._intake is None or not self._intake.tally.windows:
            return '\n'.join([f'no window came within {monotonic() - self._began:.0f} s; nothing '
                              'was recorded', *self.missing()])
        return summary(self._intake.tally, self._writer)

    def finish(self) -> None:
        """Write what has come, and close the lists; safe to repeat."""
        if self._background is not None and self._writer is not None:
            if not self._intake.done:
                for together in self._pairing.rest():
                    self._hand_over(together)
            self._background.close()
            self._writer.close()

    def missing(self) -> list[str]:
        """Say what does not come, and what to do about it; nothing where all comes."""
        if not self.count_publishers(self._window_topic):
            others = [name or '/' for name in namespaces(
                {name: kinds[0] for name, kinds in self.get_topic_names_and_types()
                 if self.count_publishers(name)})]
            hint = (f'; windows there are in {", ".join(others)}: choose with --namespace'
                    if others else ': start binaural_capture, or give its --namespace')
            return [f'nobody publishes {self._window_topic}{hint}']
        if self._background is None:
            return []  # still asking
        if not self._comes(WINDOW):
            return [f'{self._window_topic} has a publisher, but no window comes: is a chirp '
                    'played and heard? /diagnostics of binaural_capture says more']
        said = []
        for kind, camera in (('depth', 'camera/depth/image_raw'),
                             ('rgb', 'camera/color/image_raw')):
            if kind not in self._last or self._comes(kind):
                continue
            topic, camera = (self.resolve_topic_name(name)
                             for name in (f'{WINDOW}/{kind}', camera))
            also = ', or record without: --no-colour' if kind == 'rgb' else ''
            if not self.count_publishers(topic):
                said.append(f'nobody publishes {topic}: start binaural_capture of this package'
                            + also)
            elif not self.count_publishers(camera):
                said.append(f'nothing comes on {topic}, and nobody publishes {camera}: start the '
                            f'camera, or remap its topic for binaural_capture{also}')
            else:
                said.append(f'nothing comes on {topic}: no image of {camera} is near enough to a '
                            'window in time; do the clocks of camera and ears agree? '
                            f'/diagnostics of binaural_capture says more{also}')
        if 'raw' in self._last and not self._comes('raw'):
            said.append(f'nothing comes on {self.resolve_topic_name(RAW)}, which this location '
                        'is recorded from: record into another location')
        return said

    def _comes(self, kind: str) -> bool:
        last = self._last[kind]
        return last is not None and monotonic() - last < _EXPLAIN_AFTER

    def _look_around(self) -> None:
        if self._background is None:
            self._try_open()
        else:
            self._deliver()
        if self.kept != self._kept_before:
            self._kept_before, self._moved = self.kept, monotonic()
        now = monotonic()
        if now - self._moved > _EXPLAIN_AFTER and now - self._explained > _EXPLAIN_EVERY:
            self._explained = now
            words = self._intake.tally.words if self._intake else {}
            for line in self.missing() or list(words.values()):
                self._say(line)

    def _try_open(self) -> None:
        """Find the capture, ask it for its format, then subscribe."""
        publishers = self.get_publishers_info_by_topic(self._window_topic)
        if not publishers:
            self._found = self._question = None
            return
        if self._question is None:
            self._found = monotonic()
            self._question = ParameterQuestion(self, self._window_topic)
        if self._question.pending or monotonic() - self._found < _DISCOVERY:
            return
        capture = self._question.answer
        if 'sample_rate' not in capture:
            self._say('note: the publisher of the windows does not tell its parameters; the '
                      'default ping is assumed, and what --format says')
        self._open(capture)

    def _open(self, capture: dict) -> None:
        args = self._args
        about = Description(
            fmt=ping_format(args, known_format(capture)), colour=not args.no_colour,
            wav=RAW if self.count_publishers(self.resolve_topic_name(RAW)) else WINDOW,
            sources=[f'live {time.strftime("%Y-%m-%d")}, windows of {self._window_topic}'],
            capture=capture)
        self._tolerance = round(capture.get('sync_tolerance', _TOLERANCE) * 1e9)
        self._writer = open_writer(args, about)
        for remark in remarks(self._writer):
            self._say(f'note: {remark}')
        self._intake = Intake(self._writer, args.min_snr, args.pings)
        kinds = ['depth', *(['rgb'] if about.colour else []),
                 *(['raw'] if about.wav == RAW else [])]
        self._pairing = Pairing(dict.fromkeys(kinds, 0), _PATIENCE)
        self._last.update(dict.fromkeys(kinds))
        self._background = BackgroundIntake(self._intake)
        self._moved = monotonic()
        for kind in kinds:
            self._subscribe(Image, f'{WINDOW}/{kind}', lambda msg, kind=kind: self._on_other(
                kind, msg))
        self._subscribe(Image, WINDOW, self._on_window)
        self._subscribe(CameraInfo, args.camera_info, lambda msg: self._on_info('rgb', msg))
        self._subscribe(CameraInfo, 'camera/depth/camera_info',
                        lambda msg: self._on_info('depth', msg))

    def _subscribe(self, kind, name: str, callback) -> None:
        """Subscribe as reliably as the publisher offers; best effort loses large images."""
        publishers = self.get_publishers_info_by_topic(self.resolve_topic_name(name))
        reliable = bool(publishers) and all(
            one.qos_profile.reliability == ReliabilityPolicy.RELIABLE for one in publishers)
        self.create_subscription(kind, name, callback, QoSProfile(
            depth=_QUEUE, reliability=ReliabilityPolicy.RELIABLE if reliable
            else ReliabilityPolicy.BEST_EFFORT))

    def _on_window(self, msg: Image) -> None:
        self._last[WINDOW] = monotonic()
        self._pairing.add_window(stamp_from_msg(msg.header.stamp), msg, time.monotonic_ns())
        self._deliver()

    def _on_other(self, kind: str, msg: Image) -> None:
        self._last[kind] = monotonic()
        self._pairing.add(kind, stamp_from_msg(msg.header.stamp), msg)
        self._deliver()

    def _on_info(self, kind: str, msg: CameraInfo) -> None:
        """Learn the field of view, and when images were taken: their camera_info says both."""
        self._camera_stamps[kind].add(stamp_from_msg(msg.header.stamp), None)
        if kind == 'rgb' and not self._writer.about.camera.get('k'):
            self._writer.learn(camera=camera_of(msg, self._args.camera_info))

    def _deliver(self) -> None:
        for together in self._pairing.settled(time.monotonic_ns()):
            self._hand_over(together)

    def _hand_over(self, together: Together) -> None:
        items = {kind: frame.item for kind, frame in together.others.items() if frame is not None}
        stamps = {}
        for kind, buffer in self._camera_stamps.items():
            nearest = buffer.nearest(together.stamp, self._tolerance)
            stamps[f'{kind}_stamp'] = nearest.stamp if nearest and kind in items else None
        self._background.offer(Arrived(together.stamp, together.window, **items, **stamps))


class _Display:
    """A line that is written over on a terminal, and now and then a line elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._shown = monotonic()

    def show(self, line: str) -> None:
        """Show how it goes."""
        if monotonic() - self._shown < (0.3 if self._live else _SHOW_EVERY):
            return
        self._shown = monotonic()
        if self._live:
            print(f'\r\033[K{line[:shutil.get_terminal_size().columns - 1]}', end='', flush=True)
        else:
            print(line, flush=True)

    def say(self, text: str) -> None:
        """Say something that is to stay."""
        print(('\r\033[K' if self._live else '') + text, flush=True)
