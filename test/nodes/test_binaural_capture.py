# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND
from echo_depth_ros.nodes.binaural_capture import BinauralCapture
from echo_depth_ros.nodes.conversions import (
    header_to_msg,
    image_from_msg,
    image_to_msg,
    recording_from_msg,
    recording_to_msg,
    stamp_from_msg,
)
from echo_depth_ros.nodes.simulated_air import frame_grid

FMT = PingFormat()
FS = FMT.sample_rate
TRAVEL = round(FMT.direct_distance / SPEED_OF_SOUND * FS)
BLOCK = 882


class Stream:
    """The ears' stream of a room that the test furnishes with sounds."""

    def __init__(self, bench, now):
        self._bench = bench
        self.grid = frame_grid(FS, now)
        self.frame = round(self.grid.frame_at(now))
        self.ears = bench.publisher(Image, 'air/ears')
        self._noise = np.random.default_rng(0)

    def send(self, seconds, chirps=(), gain=0.2):
        """Send so much sound from where it stopped, with chirps (and echoes) at these frames."""
        count = round(seconds * FS / BLOCK) * BLOCK
        sound = self._noise.normal(0, 1e-3, (2, count)).astype(np.float32)
        chirp = linear_chirp(FMT)
        for frame in chirps:
            for offset, strength in ((0, gain), (300, 1.5 * gain)):
                at = frame + TRAVEL + offset - self.frame
                sound[:, at:at + chirp.size] += strength * chirp
        for at in range(0, count, BLOCK):
            self.ears.publish(recording_to_msg(
                sound[:, at:at + BLOCK], self.grid.stamp_of(self.frame + at), 'ears'))
            self._bench.spin(0.001)
        self.frame += count


@pytest.fixture
def capturing(bench):
    """Start the capture, with somebody who listens to its windows."""
    def start(**parameters):
        windows = bench.collect(Image, 'binaural')
        capture = bench.start(BinauralCapture, **parameters)
        stream = Stream(bench, capture.now())
        assert bench.matched(capture, 'binaural')
        return capture, windows, stream
    return start


def expected_stamp(stream, chirp):
    return stream.grid.stamp_of(chirp + TRAVEL - FMT.direct_index)


def test_one_window_per_chirp_cut_on_the_sample_and_stamped_with_it(bench, capturing):
    capture, windows, stream = capturing(sync='chirp')
    chirps = bench.publisher(Header, 'chirp')
    frames = [stream.frame + 3000, stream.frame + 3000 + 3219]
    for frame in frames:
        chirps.publish(header_to_msg(stream.grid.stamp_of(frame), 'speaker'))
    stream.send(0.3, frames)
    assert bench.until(lambda: len(windows) == 2)
    for msg, frame in zip(windows, frames):
        assert abs(stamp_from_msg(msg.header.stamp) - expected_stamp(stream, frame)) <= 25_000
        window = recording_from_msg(msg)
        assert window.shape == (2, FMT.window) and msg.header.frame_id == 'ears'
        loud = np.flatnonzero(np.abs(window[0]) > 0.02)
        assert FMT.direct_index <= loud[0] <= FMT.direct_index + 12
    assert capture.diagnose().values['windows'] == 2


def test_a_window_is_published_only_once_it_has_been_heard(bench, capturing):
    capture, windows, stream = capturing(sync='chirp')
    chirps = bench.publisher(Header, 'chirp')
    frame = stream.frame + round(0.3 * FS)
    arrived = []
    bench.node.create_subscription(
        Image, 'binaural', lambda msg: arrived.append(capture.now()), 5)
    chirps.publish(header_to_msg(stream.grid.stamp_of(frame), 'speaker'))
    stream.send(0.5, [frame])
    assert bench.until(lambda: arrived)
    assert arrived[0] >= expected_stamp(stream, frame) + FMT.window_duration * 1e9 - 50_000


def test_a_chirp_that_is_not_heard_is_counted_and_gives_nothing(bench, capturing):
    capture, windows, stream = capturing(sync='chirp')
    chirps = bench.publisher(Header, 'chirp')
    chirps.publish(header_to_msg(stream.grid.stamp_of(stream.frame + 3000), 'speaker'))
    stream.send(0.3)
    assert bench.until(lambda: capture.diagnose().values['chirps not heard'] == 1)
    assert not windows


def test_a_chirp_of_another_clock_does_not_hold_up_the_next(bench, capturing):
    capture, windows, stream = capturing(sync='chirp')
    chirps = bench.publisher(Header, 'chirp')
    frame = stream.frame + 3000
    chirps.publish(header_to_msg(capture.now() + 3600 * 10**9, 'speaker'))
    chirps.publish(header_to_msg(5, 'speaker'))
    chirps.publish(header_to_msg(stream.grid.stamp_of(frame), 'speaker'))
    stream.send(0.3, [frame])
    assert bench.until(lambda: windows)
    values = capture.diagnose().values
    assert values['chirps skipped'] == 1 and values['windows lost'] == 1


def test_windows_in_which_two_chirps_sound_are_left_out(bench, capturing):
    capture, windows, stream = capturing(sync='chirp')
    chirps = bench.publisher(Header, 'chirp')
    frames = [stream.frame + at for at in (3000, 4500, 9000)]
    for frame in frames:
        chirps.publish(header_to_msg(stream.grid.stamp_of(frame), 'speaker'))
    stream.send(0.5, frames)
    assert bench.until(lambda: windows and capture.diagnose().values['chirps overlapping'] == 2)
    assert len(windows) == 1
    assert abs(stamp_from_msg(windows[0].header.stamp)
               - expected_stamp(stream, frames[-1])) <= 25_000


def test_two_emitters_are_named(bench, capturing):
    capture, _, stream = capturing()
    for _ in range(2):
        bench.node.create_publisher(Header, 'chirp', 1)

    def named():
        stream.send(0.1)
        return '2 nodes publish' in capture.diagnose().message
    assert bench.until(named)


def test_a_gap_loses_one_window_only(bench, capturing):
    capture, windows, stream = capturing(sync='chirp')
    chirps = bench.publisher(Header, 'chirp')
    first = stream.frame + 500
    second = stream.frame + 12000
    for frame in (first, second):
        chirps.publish(header_to_msg(stream.grid.stamp_of(frame), 'speaker'))
    stream.send(0.06, [first])
    stream.frame += BLOCK
    stream.send(0.4, [second])
    assert bench.until(lambda: len(windows) == 1)
    values = capture.diagnose().values
    assert values['windows lost'] == 1 and values['overflows'] == 1


def test_without_a_chirp_topic_windows_are_found_by_onset(bench, capturing):
    capture, windows, stream = capturing()
    stream.send(0.1)
    frames = [stream.frame + round(0.35 * FS), stream.frame + round(0.6 * FS)]
    stream.send(0.9, frames)
    assert bench.until(lambda: len(windows) == 2)
    for msg, frame in zip(windows, frames):
        assert abs(stamp_from_msg(msg.header.stamp) - expected_stamp(stream, frame)) <= 25_000
    assert capture.diagnose().values['sync'] == 'onset'


def test_chirps_may_be_announced_seconds_ahead(bench, capturing):
    capture, _, stream = capturing(sync='chirp')
    chirps = bench.publisher(Header, 'chirp')
    for number in range(60):
        stamp = stream.grid.stamp_of(stream.frame + number * 3219)
        chirps.publish(header_to_msg(stamp, 'speaker'))
        bench.spin(0.001)
    # The last one is refused, which tells that all others have come.
    chirps.publish(header_to_msg(capture.now() + 3600 * 10**9, 'speaker'))
    assert bench.until(lambda: capture.diagnose().values['chirps skipped'])
    assert capture.diagnose().values['chirps skipped'] == 1


def test_by_onset_nobody_minds_announcements(bench, capturing):
    capture, windows, stream = capturing(sync='onset')
    chirps = bench.publisher(Header, 'chirp')
    for number in range(1, 301):
        stamp = stream.grid.stamp_of(stream.frame + 3219 * number)
        chirps.publish(header_to_msg(stamp, 'speaker'))
        bench.spin(0.001)
    values = capture.diagnose().values
    assert (values['chirps skipped'], values['sync']) == (0, 'onset')


def test_a_sound_that_was_found_by_onset_is_not_heard_again(bench, capturing):
    capture, windows, stream = capturing()
    stream.send(0.1)
    frame = stream.frame + round(0.35 * FS)
    stream.send(0.9, [frame])
    assert bench.until(lambda: len(windows) == 1)
    chirps = bench.publisher(Header, 'chirp')
    later = stream.frame + round(0.2 * FS)
    for at in (frame, later):
        chirps.publish(header_to_msg(stream.grid.stamp_of(at), 'speaker'))
    stream.send(0.6, [later])
    assert bench.until(lambda: len(windows) == 2), capture.diagnose()
    assert abs(stamp_from_msg(windows[1].header.stamp) - expected_stamp(stream, later)) <= 25_000
    assert capture.diagnose().values['sync'] == 'chirp'


def test_camera_images_are_paired_only_inside_the_tolerance(bench, capturing):
    colours = bench.collect(Image, 'binaural/rgb')
    depths = bench.collect(Image, 'binaural/depth')
    capture, windows, stream = capturing(sync='chirp', sync_tolerance=0.03)
    assert bench.matched(capture, 'binaural/rgb', 'binaural/depth')
    chirps = bench.publisher(Header, 'chirp')
    camera = bench.publisher(Image, 'camera/color/image_raw')
    depth_camera = bench.publisher(Image, 'camera/depth/image_raw')
    stream.frame = round(stream.grid.frame_at(capture.now()))
    frame = stream.frame + 3000
    window_stamp = expected_stamp(stream, frame)
    for brightness, off in ((1, -20_000_000), (2, 10_000_000)):
        camera.publish(image_to_msg(
            np.full((2, 2, 3), brightness, np.uint8), window_stamp + off, 'camera'))
    depth_camera.publish(image_to_msg(
        np.ones((2, 2), np.float32), window_stamp + 31_000_000, 'camera'))
    chirps.publish(header_to_msg(stream.grid.stamp_of(frame), 'speaker'))
    stream.send(0.3, [frame])
    assert bench.until(lambda: windows and colours)
    assert colours[0].header.stamp == windows[0].header.stamp
    assert image_from_msg(colours[0]).max() == 2
    bench.spin(0.1)
    assert not depths and capture.diagnose().values['camera images missing'] == 1


def test_cameras_are_not_subscribed_to_for_nobody(bench, capturing):
    capturing()
    camera = bench.node.create_publisher(Image, 'camera/color/image_raw', 1)
    bench.spin(0.4)
    assert camera.get_subscription_count() == 0


@pytest.mark.parametrize('parameters,words', [
    ({'ear_gain_db': [0.0]}, 'two numbers'),
    ({'noise_floor_dbfs': [-60.0]}, 'two numbers'),
    ({'backend': 'portaudio', 'input_channels': [1]}, 'expected two different channels'),
    ({'backend': 'portaudio', 'input_channels': [1, 1]}, 'expected two different channels'),
    ({'ring_seconds': 0.5, 'window': 22050}, 'at least four windows')])
def test_what_cannot_be_captured_is_refused(bench, parameters, words):
    capture = bench.make(BinauralCapture, **parameters)
    capture.trigger_configure()
    assert words in capture.problem
