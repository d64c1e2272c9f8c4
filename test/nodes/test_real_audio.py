# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The chain on real PortAudio streams: a JACK server of our own, and a room in it.

The server comes before the bench among the fixtures: nodes that outlive it keep its memory.
"""

import numpy as np
import pytest
from sensor_msgs.msg import Image, Range
from std_msgs.msg import Header
from std_srvs.srv import SetBool, Trigger

from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND
from echo_depth_ros.nodes.ambient_wall import AmbientWall
from echo_depth_ros.nodes.binaural_capture import BinauralCapture
from echo_depth_ros.nodes.chirp_emitter import ChirpEmitter
from echo_depth_ros.nodes.conversions import (
    depth_from_msg,
    near_wall_from_msg,
    range_from_msg,
    recording_from_msg,
    stamp_from_msg,
)
from echo_depth_ros.nodes.depth_inference import DepthInference

FMT = PingFormat()
CARD = {'backend': 'portaudio', 'input_device': 'room', 'output_device': 'room'}
TRAVEL = FMT.direct_distance / SPEED_OF_SOUND * FMT.sample_rate
WALL = 2.0


def response():
    """Make a head in free air in front of one wall."""
    out = np.zeros((2, 4096), np.float32)
    out[:, round(TRAVEL)] = 0.3
    out[:, round(TRAVEL + FMT.range_to_samples(WALL))] = 0.1
    return out


@pytest.fixture
def room(jack_room):
    jack_room.respond(response())
    return jack_room


def start_ears_and_mouth(bench, **parameters):
    windows = bench.collect(Image, 'binaural')
    capture = bench.start(BinauralCapture, **{**CARD, **parameters})
    emitter = bench.start(ChirpEmitter, **{**CARD, **parameters})
    return windows, capture, emitter


def misalignment(room, msg):
    """Return by how many samples a window misses its place; what the ears were given tells."""
    window = recording_from_msg(msg)
    for sound in room.truth():
        # The first sample of a sweep is zero; the room sees it from the second on.
        place = sound.frame - 1 + round(TRAVEL) - FMT.direct_index
        for off in range(-4, 5):
            if place + off + FMT.window <= room.end_frame and np.array_equal(
                    room.ears(place + off, FMT.window), window):
                return off
    raise AssertionError('a window that the ears were never given')


def test_from_portaudio_to_a_depth_image(room, bench, student):
    depths, ranges = bench.collect(Image, 'depth/image'), bench.collect(Range, 'range')
    bench.start(DepthInference, model=student())
    windows, capture, emitter = start_ears_and_mouth(bench)
    assert bench.until(lambda: len(depths) >= 20), capture.diagnose()
    assert {misalignment(room, msg) for msg in windows[:20]} == {0}
    stamps = {stamp_from_msg(msg.header.stamp) for msg in windows}
    assert all(stamp_from_msg(msg.header.stamp) in stamps for msg in depths)
    assert np.all(depth_from_msg(depths[-1]) == 3.0)
    # The room hears with the speaker of test rooms: a pure delay, so the range is exact.
    assert range_from_msg(ranges[-1]) == pytest.approx(WALL, abs=0.01)
    values = capture.diagnose().values
    assert values['loop delay learned'] == 1 and values['restarts'] == 0
    assert values['loop delay ms'] == pytest.approx(20, abs=0.1)
    assert emitter.diagnose().values['missed chirps'] == 0


def test_the_stamp_is_the_time_at_which_it_was_heard(room, bench):
    windows, _, _ = start_ears_and_mouth(bench)
    before = bench.node.get_clock().now().nanoseconds
    assert bench.until(lambda: len(windows) >= 15)
    stamps = np.array([stamp_from_msg(msg.header.stamp) for msg in windows])
    assert before < stamps[0] and stamps[-1] < bench.node.get_clock().now().nanoseconds
    periods = np.diff(stamps) / 1e9 * FMT.sample_rate / 3219
    np.testing.assert_allclose(periods, np.round(periods), atol=0.15)


def test_the_emitter_restarts_and_the_ears_do_not_notice(room, bench):
    windows, capture, emitter = start_ears_and_mouth(bench)
    assert bench.until(lambda: len(windows) >= 10)
    emitter.trigger_deactivate()
    bench.spin(0.4)
    before = len(windows)
    emitter.trigger_activate()
    assert bench.until(lambda: len(windows) >= before + 10)
    values = capture.diagnose().values
    assert values['streams opened'] == 1 and values['loop delay learned'] == 1


def test_no_window_is_lost_while_the_delay_is_learned_and_after(room, bench):
    windows, capture, emitter = start_ears_and_mouth(bench)
    assert bench.until(lambda: len(windows) >= 20), capture.diagnose()
    stamps = np.array([stamp_from_msg(msg.header.stamp) for msg in windows])
    periods = np.diff(stamps) / 1e9 * FMT.sample_rate / 3219
    values = capture.diagnose().values
    assert values['loop delay learned'] == 1
    # On a busy machine a stream may lose frames, and a chirp may be too late to be played; nothing
    # else may lose a window.
    missing = np.sum(np.round(periods) - 1)
    unplayed = emitter.diagnose().values['missed chirps']
    assert 0 <= missing <= values['windows lost'] + unplayed
    assert values['chirps not heard'] <= values['windows lost']


def test_single_pings_on_request(room, bench):
    windows, _, emitter = start_ears_and_mouth(bench)
    assert bench.until(lambda: len(windows) >= 5)
    bench.call(SetBool, 'chirp_emitter/enable', SetBool.Request(data=False))
    bench.spin(0.4)
    before = len(windows)
    answer = bench.call(Trigger, 'chirp_emitter/emit', Trigger.Request())
    assert answer.success, answer.message
    assert bench.until(lambda: len(windows) == before + 1)
    bench.spin(0.3)
    assert len(windows) == before + 1


@pytest.fixture
def fast_room(monkeypatch):
    """Run a room whose card knows 48 kHz only."""
    from echo_depth_ros.bench import jack
    from echo_depth_ros.bench.room import RoomClient
    if reason := jack.missing():
        pytest.skip(reason)
    with jack.JackServer(sample_rate=48000) as server, RoomClient(server) as room:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        out = np.zeros((2, 4096), np.float32)
        seconds = FMT.direct_distance / SPEED_OF_SOUND
        out[:, round(seconds * 48000)] = 0.3
        out[:, round((seconds + FMT.range_to_samples(WALL) / 44100) * 48000)] = 0.1
        room.respond(out)
        yield room


def test_a_card_at_another_rate_is_resampled(fast_room, bench):
    ranges = bench.collect(Range, 'range')
    bench.start(DepthInference, model='')
    windows, capture, _ = start_ears_and_mouth(bench)
    assert bench.until(lambda: len(ranges) >= 20), capture.diagnose()
    assert capture.diagnose().values['device rate'] == 48000
    assert recording_from_msg(windows[0]).shape == (2, FMT.window)
    assert range_from_msg(ranges[-1]) == pytest.approx(WALL, abs=0.02)


def test_swapped_ears_and_gains_are_put_right(room, bench):
    ears = response()
    ears[1] *= 0.5
    room.respond(ears)
    windows, _, _ = start_ears_and_mouth(bench, swap_ears=True, ear_gain_db=[6.0206, 0.0])
    assert bench.until(lambda: len(windows) >= 12)
    left, right = np.abs(recording_from_msg(windows[-1])).max(axis=1)
    assert left == pytest.approx(right, rel=0.01)


def test_raw_recordings_begin_where_those_of_batvision_do(room, bench):
    raw = bench.collect(Image, 'binaural/raw')
    windows, _, _ = start_ears_and_mouth(bench)
    assert bench.until(lambda: len(raw) >= 5)
    stamps = {stamp_from_msg(m.header.stamp): recording_from_msg(m) for m in windows}
    for msg in raw[:3]:
        window = stamps[stamp_from_msg(msg.header.stamp)]
        recording = recording_from_msg(msg)
        assert recording.shape == (2, FMT.window + 282 - FMT.direct_index)
        np.testing.assert_array_equal(recording[:, 282 - FMT.direct_index:], window)


def test_two_streams_of_their_own_clocks(room, bench):
    windows, capture, _ = start_ears_and_mouth(bench, shared_stream='off')
    assert bench.until(lambda: len(windows) >= 20), capture.diagnose()
    assert {misalignment(room, msg) for msg in windows[:20]} == {0}
    chirps = bench.collect(Header, 'chirp')
    assert bench.until(lambda: chirps)
    assert capture.diagnose().values['sync'] == 'chirp'


def test_from_portaudio_to_what_ambient_sound_tells(jack_server, bench, listener):
    from echo_depth_ros.bench.room import RoomClient
    with RoomClient(jack_server, noise_rms=0.01):
        said = bench.collect(Image, 'near_wall')
        node = bench.start(
            AmbientWall, **CARD, ambient_model=listener(), clip_seconds=0.5, clip_hop=0.1)
        before = bench.node.get_clock().now().nanoseconds
        assert bench.until(lambda: len(said) >= 10), node.diagnose()
        after = bench.node.get_clock().now().nanoseconds
        stamps = np.array([stamp_from_msg(msg.header.stamp) for msg in said])
        assert before - 0.1e9 < stamps[0] and stamps[-1] + 0.5e9 < after
        # A busy machine loses samples now and then, and with them a clip.
        assert np.median(np.diff(stamps)) == pytest.approx(1e8, abs=5e6)
        # Both ears hear noise of one level, each its own.
        np.testing.assert_allclose([near_wall_from_msg(msg) for msg in said], 0.5, atol=0.03)
        assert node.diagnose().values['card'] == 'streaming'
        node.release()
