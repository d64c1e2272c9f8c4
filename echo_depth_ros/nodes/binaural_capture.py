# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Node that listens: one aligned window on ``binaural`` for every chirp that is heard."""

import math
from threading import Event, Thread
from time import monotonic
from typing import Optional

import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from echo_depth_ros.acoustics.arrival import GUARD
from echo_depth_ros.acoustics.errors import NoChirpError, WindowError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.ping_judge import PingJudge
from echo_depth_ros.acoustics.quality import Problem
from echo_depth_ros.audio.announced import Announced
from echo_depth_ros.audio.errors import AudioError, DeviceLostError
from echo_depth_ros.audio.listener import Listener, LONGEST_DELAY
from echo_depth_ros.audio.window_capture import Capture
from echo_depth_ros.nodes.camera_pairing import CameraPairing
from echo_depth_ros.nodes.capture_parameters import check_capture, declare_capture
from echo_depth_ros.nodes.conversions import recording_to_msg, stamp_from_msg
from echo_depth_ros.nodes.ears import open_ears
from echo_depth_ros.nodes.health import Level, Recent, Status
from echo_depth_ros.nodes.managed import ManagedNode
from echo_depth_ros.nodes.parameters import (
    least_direct_level,
    ping_format,
)
from echo_depth_ros.nodes.sound_card import card_settings
from echo_depth_ros.nodes.spin import run

_PATIENCE = 0.5
_FARTHEST = 5.0
_RAW_DIRECT = 282
"""Sample of ``binaural/raw`` on which the direct sound begins: 6.4 ms, as in BatVision V2."""
_DEAF_PINGS = 20
"""Chirps in a row that are not heard before a card is suspected to listen to something else."""
_DEAF_BACKOFF = 2.0
_BAD_IN_A_ROW = 8
_QUIET_PERCENT = 10
"""Of the levels before direct sounds: the quieter ones owe least to the ping before."""
_MUCH_LOUDER_DB = 15.0
_DEAF_BACKOFF_LONGEST = 60.0


class BinauralCapture(ManagedNode):
    """
    Finds the direct sound of each chirp and publishes the window that it starts.

    Told of a chirp by ``chirp``, it searches near the time that promises; without anybody who
    publishes that topic it finds chirps by their onset. A thread of its own waits for the sound,
    so that a window leaves as soon as its last sample is there. The camera images nearest to a
    window are published with its stamp.

    A sound card that is missing, dies or stalls is waited for; see :mod:`echo_depth_ros.audio`.
    """

    def __init__(self, **kwargs):
        """Take the same arguments as :class:`rclpy.node.Node`, but the name."""
        super().__init__('binaural_capture', **kwargs)
        declare_capture(self.guard)
        self._window_publisher = self.publisher(Image, 'binaural')
        self._raw_publisher = self.publisher(Image, 'binaural/raw')
        self._cameras = CameraPairing(self, 0)
        self._card = self._microphones = self._listener = self._thread = None
        self._subscription = self._timer = None
        self._stop = Event()
        self._by_onset = False
        self._emitters = 0

    def configure(self) -> None:
        """Read the format, and check what the ears are told."""
        self._fmt = ping_format(self)
        check_capture(self, self._fmt)
        self._settings = card_settings(self, plays=False)

    def activate(self) -> None:
        """Open the ears and start to listen."""
        self._published = self._silent = self._lost = self._skipped = 0
        self._overlapped = 0
        self._heard_at = -math.inf
        self._announced = Announced(self._fmt.window)
        self._judge = PingJudge(
            self._fmt, self.value('min_snr_db'), least_direct_level(self))
        self._rate, self._snr, self._noise = Recent(200), Recent(200), Recent(200)
        self._deaf, self._backoff, self._reopened = 0, _DEAF_BACKOFF, 0.0
        search = max(1, round(self.value('search_window') * self._fmt.sample_rate))
        self._listener = Listener(self._open_ears(), self._fmt, search, self._known_delay())
        self._subscription = self.subscription(
            Header, 'chirp', self._on_chirp, depth=10, reliable=True)
        self._timer = self.steady_timer(0.25, self._look_around)
        self._look_around()
        self._stop = Event()
        self._thread = Thread(
            target=self._listen, args=(self._stop,), name='capture', daemon=True)
        self._thread.start()

    def deactivate(self) -> None:
        """Stop listening and close the ears."""
        self._stop.set()
        for opened in (self._microphones, self._card):
            if opened is not None:
                opened.close()
        if self._thread is not None:
            self._thread.join(2.0)
        if self._subscription is not None:
            self.destroy_subscription(self._subscription)
        if self._timer is not None:
            self.destroy_timer(self._timer)
        self._cameras.close()
        self._microphones = self._card = self._thread = self._subscription = self._timer = None

    def diagnose(self) -> Status:
        """Count windows, and all that became none."""
        now = self.now() / 1e9
        rate = self._rate.rate(now)
        known = self._listener.delay.known
        status = Status(values={
            'window rate': rate, 'windows': self._published,
            'chirps not heard': self._silent, 'windows lost': self._lost,
            'chirps skipped': self._skipped, 'chirps overlapping': self._overlapped,
            'bad windows': self._judge.counts.total(),
            **{f'bad windows: {kind}': count
               for kind, count in sorted(self._judge.counts.items())},
            'SNR median dB': self._snr.percentile(50),
            'noise dBFS': self._noise.percentile(_QUIET_PERCENT), **self._cameras.report(),
            'sync': 'onset' if self._by_onset else 'chirp',
            'loop delay ms': 1e3 * known / self._fmt.sample_rate if known is not None else
            float('nan'),
            'loop delay learned': self._listener.delay.learned,
            **(self._card or self._microphones).values()})
        if not self._microphones.receiving:
            status.level = Level.WARN
            status.message = ((self._card and self._card.card.problem)
                              or 'the ears hear nothing: no stream comes in')
        elif self._emitters > 1:
            status.level, status.message = Level.WARN, (
                f'{self._emitters} nodes publish {self.resolve_topic_name("chirp")}; expected one '
                'emitter: windows in which two chirps sound are left out')
        elif self._wanted() and not rate:
            status.level, status.message = Level.WARN, 'no chirp is heard'
        elif self._louder() > _MUCH_LOUDER_DB:
            status.level, status.message = Level.WARN, (
                f'{self._louder():.0f} dB more noise than when it was calibrated: depth is worse '
                'the weaker the echoes are against it')
        return status

    def _louder(self) -> float:
        """Decibels by which there is more noise than calibration found; NaN where unknown."""
        calibrated = max(self.value('noise_floor_dbfs'))
        return self._noise.percentile(_QUIET_PERCENT) - (calibrated or math.nan)

    def _open_ears(self):
        """Microphones of the backend, wired as the parameters say."""
        self._microphones, self._card = open_ears(self, self._settings)
        self._stream = self._stream_now()
        return self._microphones

    def _known_delay(self) -> Optional[float]:
        """Loop delay in samples; the simulated air has none."""
        if self._card is None:
            return 0.0
        delay = self.value('loop_delay')
        return delay * self._fmt.sample_rate if delay >= 0 else None

    def _stream_now(self) -> tuple[int, int]:
        """Return what changes when the delay has to be learned anew."""
        return (self._card.card.generation, self._card.card.discontinuities) if self._card else ()

    def _wanted(self) -> bool:
        return self._cameras.wanted or any(
            publisher.get_subscription_count()
            for publisher in (self._window_publisher, self._raw_publisher))

    def _look_around(self) -> None:
        """See who publishes and who subscribes."""
        sync = self.value('sync')
        self._emitters = self.count_publishers(self.resolve_topic_name('chirp'))
        self._by_onset = sync == 'onset' or (sync == 'auto' and self._emitters == 0)
        self._cameras.set_tolerance(round(self.value('sync_tolerance') * 1e9))
        self._cameras.set_wait(self.value('camera_wait'))
        self._cameras.update()

    def _on_chirp(self, msg: Header) -> None:
        if self.value('sync') == 'onset':
            return
        self._by_onset = False  # Somebody does publish, whatever the last look around said.
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
            frame = self._microphones.chirp_frame(stamp)
        except DeviceLostError:  # There has been no stream yet: nothing is heard of it either.
            self._skipped += 1
            return
        near = self._announced.nearest(frame)
        # After a gap of the stream one emitter's chirps may seem to be near each other as well.
        if near is not None and self._emitters > 1:
            self.get_logger().warning(
                f'two chirps were announced {near} samples apart; expected at least a window '
                f'({self._fmt.window}): is a second emitter running? Their windows are left out',
                throttle_duration_sec=5.0)
        if not self._announced.put(frame):
            self._skipped += 1

    def _listen(self, stop: Event) -> None:
        """Publish window after window; runs in a thread of its own until the node stops it."""
        while not stop.is_set():
            try:
                capture = self._next_capture()
                if capture is not None:
                    self._publish(capture)
            except (NoChirpError, WindowError) as error:
                self._not_heard(error, 1)
            except AudioError as error:
                if stop.is_set():
                    return
                self._lost += 1
                self.get_logger().warning(f'window lost: {error}', throttle_duration_sec=5.0)
            except Exception as error:  # the thread must outlive whatever one window brings
                self._lost += 1
                self.get_logger().error(
                    f'window lost: {type(error).__name__}: {error}', throttle_duration_sec=5.0)

    def _next_capture(self) -> Optional[Capture]:
        if self._stream_now() != self._stream:
            self._stream = self._stream_now()
            self._listener.doubt()
            self._judge.start_over()
        if self._by_onset or not self._listener.knows_where:
            capture = self._search()
        else:
            capture = self._await_chirp()
        if capture is None:
            return None
        before, self._heard_at = self._heard_at, capture.frame + capture.direct.index
        # A sound that was found by onset may have been announced as well.
        return capture if abs(self._heard_at - before) > self._fmt.window / 2 else None

    def _await_chirp(self) -> Optional[Capture]:
        """Listen to the next chirp that was announced."""
        frame = self._announced.take(timeout=0.2)
        if frame is None:
            return None
        ahead = (self._microphones.stamp(frame) - self.now()) / 1e9
        if ahead > _FARTHEST:  # The clock was set back since; it belongs to another time.
            self._skipped += 1
            return None
        capture = self._listener.hear_chirp(frame, max(0.0, ahead) + _PATIENCE)
        if self._announced.overlaps(frame):
            self._overlapped += 1
            return None
        return capture

    def _search(self) -> Optional[Capture]:
        """Find a chirp without knowing where, and learn from it where the next ones are."""
        if not self._microphones.receiving or not self._wanted():
            dropped = self._announced.clear()
            self._lost += dropped if self._wanted() else 0
            self._listener.start_over()
            self._stop.wait(0.1)
            return None
        try:
            capture = self._listener.hear_any(_PATIENCE)
        except NoChirpError as error:
            # Silence is what lies between chirps, as long as none of them was due.
            self._not_heard(error, self._overdue())
            return None
        finally:
            for frame in self._announced.hold():
                self._listener.delay.chirp(frame)
        if self._listener.knows_where:
            heard = capture.frame + capture.direct.index - self._listener.delay.known
            self._announced.forget(heard + self._fmt.window / 2)
        return capture

    def _overdue(self) -> int:
        """Count chirps that were announced so long ago that they must have been heard."""
        due = self._microphones.end_frame - round(LONGEST_DELAY * self._fmt.sample_rate)
        return sum(frame > self._heard_at for frame in self._announced.forget(due))

    def _not_heard(self, error: Exception, missed: int) -> None:
        """Count chirps that were announced and not heard; in the long run, suspect the card."""
        if not missed:
            return
        self._silent += missed
        self._deaf += missed
        self.get_logger().warning(
            f'no chirp is heard where one was played: {_why_not(error)}',
            throttle_duration_sec=5.0)
        if self._card is None or self._deaf < _DEAF_PINGS or monotonic() < self._reopened:
            return
        # A sound server that has lost a device goes on with another, or with zeros, in silence.
        self._reopened = monotonic() + self._backoff
        self._backoff = min(2 * self._backoff, _DEAF_BACKOFF_LONGEST)
        self._card.card.reopen(f'{self._deaf} chirps in a row were not heard')

    def _publish(self, capture: Capture) -> None:
        stamp = self._microphones.stamp(capture.frame)
        self._deaf, self._backoff = 0, _DEAF_BACKOFF
        # Echoes that are somebody else's are the one fault that nobody downstream can see.
        problem = self._judge.foreign(capture.window)
        if problem is not None:
            self._warn_of(problem)
            return
        self._window_publisher.publish(recording_to_msg(capture.window, stamp, 'ears'))
        self._cameras.publish(stamp)
        self._published += 1
        self._rate.add(0.0, stamp / 1e9)
        self._snr.add(capture.direct.snr_db, stamp / 1e9)
        self._noise.add(_noise_dbfs(capture.window, self._fmt), stamp / 1e9)
        self._warn_of(self._judge.judge(capture.window, capture.direct.snr_db))
        if self._raw_publisher.get_subscription_count():
            self._publish_raw(capture.frame, stamp)

    def _warn_of(self, problem: Optional[Problem]) -> None:
        # A few are nothing: a soft start is faint, a clap is loud.
        if problem is not None and self._judge.in_a_row >= _BAD_IN_A_ROW:
            self.get_logger().warning(
                f'bad windows, of which no depth is made: {problem.text}',
                throttle_duration_sec=5.0)

    def _publish_raw(self, frame: int, stamp: int) -> None:
        """Publish the window with what was heard before it; its stamp remains the window's."""
        before = _RAW_DIRECT - self._fmt.direct_index
        try:
            raw = self._microphones.read(frame - before, before + self._fmt.window, 0.0)
        except AudioError as error:
            self.get_logger().warning(f'no raw recording: {error}', throttle_duration_sec=5.0)
            return
        self._raw_publisher.publish(recording_to_msg(raw, stamp, 'ears'))


def _why_not(error: Exception) -> str:
    """Say what to do; where in its samples a search looked helps nobody."""
    if isinstance(error, NoChirpError):
        return ('check that the speaker plays and the microphones are not muted; '
                '`echo-depth devices --try` tells more')
    return str(error)


def _noise_dbfs(window: np.ndarray, fmt: PingFormat) -> float:
    """Level before the direct sound in the noisier ear: noise, and what the last ping left."""
    before = window[:, :fmt.direct_index - GUARD].astype(np.float64)
    return float(10 * np.log10(np.mean(before**2, axis=1).max() + 1e-14))


def main(args=None) -> int:
    """Run the node."""
    return run(BinauralCapture, args)


if __name__ == '__main__':
    raise SystemExit(main())
