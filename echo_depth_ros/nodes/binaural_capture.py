# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Node that listens: one aligned window on ``binaural`` for every chirp that is heard."""

from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Optional

import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from echo_depth_ros.acoustics.errors import NoChirpError, WindowError
from echo_depth_ros.audio.errors import AudioError, DeviceLostError
from echo_depth_ros.audio.window_capture import Capture, WindowCapture
from echo_depth_ros.nodes.camera_pairing import CameraPairing
from echo_depth_ros.nodes.chirp_emitter import BACKENDS
from echo_depth_ros.nodes.conversions import recording_to_msg, stamp_from_msg
from echo_depth_ros.nodes.health import Level, Recent, Status
from echo_depth_ros.nodes.managed import ManagedNode
from echo_depth_ros.nodes.parameters import declare_ping_format, ping_format
from echo_depth_ros.nodes.simulated_air import AirMicrophones
from echo_depth_ros.nodes.spin import run

_PATIENCE = 0.5
_FARTHEST = 5.0
_WAITING = 8
"""Chirps that may be announced ahead of the one that is being listened to."""


class BinauralCapture(ManagedNode):
    """
    Finds the direct sound of each chirp and publishes the window that it starts.

    Told of a chirp by ``chirp``, it searches near the time that promises; without anybody who
    publishes that topic it finds chirps by their onset. A thread of its own waits for the sound,
    so that a window leaves as soon as its last sample is there. The camera images nearest to a
    window are published with its stamp.
    """

    def __init__(self, **kwargs):
        """Take the same arguments as :class:`rclpy.node.Node`, but the name."""
        super().__init__('binaural_capture', **kwargs)
        declare_ping_format(self.guard)
        self.declare('backend', 'simulated', 'What listens: the simulated air, or a sound card',
                     choices=BACKENDS)
        self.declare('sync', 'auto', 'How chirps are found: by the chirp topic, by onset, or by '
                     'the topic where somebody publishes it', choices=('auto', 'chirp', 'onset'))
        self.declare('search_window', 0.002, 'Seconds by which a direct sound may miss the time '
                     'that the chirp topic promises', low=0.0001, high=0.5)
        self.declare('sync_tolerance', 0.05, 'Seconds by which a camera image may be off',
                     low=0.0, high=1.0, live=True)
        self.declare('ring_seconds', 2.0, 'Seconds of sound that are held', low=0.5, high=60.0)
        self._window_publisher = self.publisher(Image, 'binaural')
        self._cameras = CameraPairing(self, 0)
        self._microphones = self._capture = self._thread = self._subscription = None
        self._timer = None
        self._stop = Event()
        self._chirps: Queue[int] = Queue(_WAITING)
        self._by_onset = False

    def configure(self) -> None:
        """Read the format."""
        if self.value('backend') != 'simulated':
            raise ValueError(
                f'backend {self.value("backend")!r} is not part of this release, which listens to '
                "the simulated air only; sound cards come with the next one: set backend to "
                "'simulated' and start room_simulator")
        self._fmt = ping_format(self)
        search, window = self.value('search_window'), self._fmt.window_duration
        if 2 * search >= window:
            raise ValueError(
                f'search_window is {search} s either way, which reaches the chirps before and '
                f'after; expected less than half a window, {window / 2:.4f} s')
        if self.value('ring_seconds') < 4 * window + 2 * search:
            raise ValueError(
                f'ring_seconds is {self.value("ring_seconds")}; expected at least four windows '
                f'and the search, {4 * window + 2 * search:.2f} s')

    def activate(self) -> None:
        """Open the ears and start to listen."""
        self._published = self._silent = self._lost = self._skipped = self._clipped = 0
        self._rate, self._snr = Recent(200), Recent(200)
        self._chirps = Queue(_WAITING)
        self._microphones = AirMicrophones(
            self, self._fmt.sample_rate, self.value('ring_seconds'))
        search = max(1, round(self.value('search_window') * self._fmt.sample_rate))
        self._capture = WindowCapture(self._microphones, self._fmt, search)
        self._subscription = self.subscription(
            Header, 'chirp', self._on_chirp, depth=10, reliable=True)
        self._timer = self.create_timer(0.25, self._look_around)
        self._look_around()
        self._stop.clear()
        self._thread = Thread(target=self._listen, name='capture', daemon=True)
        self._thread.start()

    def deactivate(self) -> None:
        """Stop listening and close the ears."""
        self._stop.set()
        if self._microphones is not None:
            self._microphones.close()
        if self._thread is not None:
            self._thread.join(2.0)
        if self._subscription is not None:
            self.destroy_subscription(self._subscription)
        if self._timer is not None:
            self.destroy_timer(self._timer)
        self._cameras.close()
        self._microphones = self._thread = self._subscription = self._timer = None

    def diagnose(self) -> Status:
        """Count windows, and all that became none."""
        microphones, now = self._microphones, self.now() / 1e9
        rate = self._rate.rate(now)
        status = Status(values={
            'window rate': rate, 'windows': self._published,
            'chirps not heard': self._silent, 'windows lost': self._lost,
            'chirps skipped': self._skipped, 'overflows': microphones.overflows,
            'late blocks': microphones.late_blocks, 'bad blocks': microphones.bad_blocks,
            'clipped windows': self._clipped, 'SNR median dB': self._snr.percentile(50),
            'camera images paired': self._cameras.published,
            'camera images missing': self._cameras.unpaired,
            'sync': 'onset' if self._by_onset else 'chirp'})
        if not microphones.receiving:
            status.level, status.message = Level.WARN, 'the ears hear nothing: no stream comes in'
        elif self._wanted() and not rate:
            status.level, status.message = Level.WARN, 'no chirp is heard'
        return status

    def _wanted(self) -> bool:
        return self._window_publisher.get_subscription_count() > 0 or self._cameras.wanted

    def _look_around(self) -> None:
        """See who publishes and who subscribes."""
        sync = self.value('sync')
        self._by_onset = sync == 'onset' or (
            sync == 'auto' and self.count_publishers(self.resolve_topic_name('chirp')) == 0)
        self._cameras.set_tolerance(round(self.value('sync_tolerance') * 1e9))
        self._cameras.update()

    def _on_chirp(self, msg: Header) -> None:
        if not self._wanted():
            return
        stamp = stamp_from_msg(msg.stamp)
        ahead = (stamp - self.now()) / 1e9
        if ahead > _FARTHEST:
            self._skipped += 1
            self.get_logger().error(
                f'a chirp is announced for {ahead:.1f} s from now; expected at most {_FARTHEST} '
                's: do the clocks of both machines agree?', throttle_duration_sec=5.0)
            return
        try:
            self._chirps.put_nowait(self._microphones.frame_at(stamp))
        except Full:
            self._skipped += 1

    def _listen(self) -> None:
        """Publish window after window; runs in a thread of its own until the node stops it."""
        while not self._stop.is_set():
            try:
                capture = self._next_capture()
                if capture is not None:
                    self._publish(capture)
            except DeviceLostError:
                return
            except (NoChirpError, WindowError) as error:
                # By onset, silence is what lies between chirps; a broken stream is not.
                if not self._by_onset or isinstance(error, WindowError):
                    self._silent += 1
                    self.get_logger().warning(f'{error}', throttle_duration_sec=5.0)
            except AudioError as error:
                self._lost += 1
                self.get_logger().warning(f'window lost: {error}', throttle_duration_sec=5.0)
            except Exception as error:  # the thread must outlive whatever one window brings
                self._lost += 1
                self.get_logger().error(
                    f'window lost: {type(error).__name__}: {error}', throttle_duration_sec=5.0)

    def _next_capture(self) -> Optional[Capture]:
        if not self._by_onset:
            try:
                frame = self._chirps.get(timeout=0.2)
            except Empty:
                return None
            ahead = (self._microphones.stamp(frame) - self.now()) / 1e9
            return self._capture.after_chirp(frame, max(0.0, ahead) + _PATIENCE)
        if not self._microphones.receiving or not self._wanted():
            self._stop.wait(0.1)
            return None
        return self._capture.by_onset(_PATIENCE)

    def _publish(self, capture: Capture) -> None:
        stamp = self._microphones.stamp(capture.frame)
        self._window_publisher.publish(recording_to_msg(capture.window, stamp, 'ears'))
        self._cameras.publish(stamp)
        self._published += 1
        self._clipped += bool(np.abs(capture.window).max() >= 0.999)
        self._rate.add(0.0, stamp / 1e9)
        self._snr.add(capture.direct.snr_db, stamp / 1e9)


def main(args=None) -> int:
    """Run the node."""
    return run(BinauralCapture, args)


if __name__ == '__main__':
    raise SystemExit(main())
