# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The room must be exact, or nothing that is measured in it means anything."""

import time

import numpy as np
import psutil
import pytest
from scipy.signal import convolve

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.bench.errors import BenchError
from echo_depth_ros.bench.room import RoomClient

RATE = 44100
PERIOD = 441
CHIRP = 0.1 * linear_chirp(PingFormat())
FIRST = int(np.flatnonzero(CHIRP)[0])


def responses(count, length, seed=0):
    """Make reverberant responses, unlike each other and unlike left and right."""
    rng = np.random.default_rng(seed)
    decay = np.exp(-np.arange(length) / 800)
    return (0.1 * rng.standard_normal((count, 2, length)) * decay).astype(np.float32)


def train(seconds, every=2205, begin=4410):
    """Make chirps at 20 Hz with silence around them, and list where they are."""
    sound = np.zeros(round(seconds * RATE), np.float32)
    starts = range(begin, len(sound) - 3 * every, every)
    for start in starts:
        sound[start:start + len(CHIRP)] = CHIRP
    return sound, list(starts)


def rendered(room, starts, used, count):
    """Return what the ears must hear according to the truth, from the stream's start on."""
    expected = np.zeros((2, count))
    for start, sound in zip(starts, room.truth()):
        echo = convolve(used[sound.response_id], CHIRP[None].astype(float))
        stop = min(count, start + echo.shape[1])
        expected[:, start:stop] += echo[:, :stop - start]
    return expected


def test_a_stream_hears_the_exact_convolution(jack_room, player):
    """Responses as long as they may be, changed 20 times a second, on a duplex stream."""
    sound, starts = train(4)
    used = responses(100, 8192)
    finish = player.start(sound)
    for response in used:
        jack_room.respond(response)
        time.sleep(0.05)
    heard = finish()
    truth = jack_room.truth()
    assert [t.frame - truth[0].frame for t in truth] == [s - starts[0] for s in starts]
    assert len({t.response_id for t in truth}) > len(starts) / 2
    expected = rendered(jack_room, starts, used, len(sound))
    # PortAudio may delay by whole periods, one for the way back, and no sample more.
    errors = {lag: np.abs(heard[:, lag:] - expected[:, :heard.shape[1] - lag]).max()
              for lag in range(0, 6 * PERIOD, PERIOD)}
    assert min(errors.values()) < 1e-6 < np.abs(expected).max() / 10


def test_ears_are_kept_and_answer_without_delay(jack_room, player):
    sound, starts = train(1)
    used = responses(1, 3000)
    jack_room.respond(used[0])
    player.play(sound)
    first = jack_room.truth()[0].frame - starts[0] - FIRST
    expected = rendered(jack_room, starts, used, len(sound))
    np.testing.assert_array_equal(jack_room.speaker(first, len(sound)), sound)
    np.testing.assert_allclose(jack_room.ears(first, len(sound)), expected, atol=1e-6)
    with pytest.raises(ValueError, match='the room holds'):
        jack_room.ears(jack_room.end_frame, PERIOD * 1000)


def test_a_response_waits_for_its_moment(jack_room, player):
    near, far = np.zeros((2, 2, 500), np.float32)
    near[:, 10] = far[:, 400] = 1
    jack_room.respond(near)
    sound, _ = train(2)
    finish = player.start(sound)
    change = time.monotonic() + 1
    late = jack_room.respond(far, change)
    finish()
    truth = jack_room.truth()
    assert {t.response_id for t in truth} == {0, late}
    assert all((t.at >= change) == (t.response_id == late) for t in truth)
    for sound in truth:
        ears = jack_room.ears(sound.frame - FIRST, 500)
        arrival = 400 if sound.response_id == late else 10
        assert not np.abs(ears[:, :arrival]).max() > 1e-6
        np.testing.assert_allclose(
            ears[:, arrival:arrival + 100], CHIRP[None, :100].repeat(2, 0), atol=1e-6)


def test_silent_until_told_and_noisy_as_told(jack_server, player):
    sound, _ = train(1)
    with RoomClient(jack_server, noise_rms=0.01, seed=3) as room:
        heard = player.play(sound)[:, 8820:]
        assert {t.response_id for t in room.truth()} == {-1}
    np.testing.assert_allclose(heard.std(axis=1), 0.01, rtol=0.05)
    assert abs(np.corrcoef(heard)[0, 1]) < 0.05


def test_clips_at_full_scale(jack_room, player):
    jack_room.respond(np.full((2, 1), 50.0))
    heard = player.play(train(0.5)[0])
    assert heard.max() == 1 and heard.min() == -1


def test_comes_back_after_a_crash_with_its_response_and_its_past(jack_room, player):
    jack_room.respond(np.ones((2, 1)))
    player.play(train(0.5)[0])
    before = jack_room.truth()
    jack_room.kill()
    assert not jack_room.running
    with pytest.raises(BenchError, match='does not run'):
        jack_room.respond(np.ones((2, 1)))
    jack_room.start()
    assert np.abs(player.play(train(0.5)[0])).max() > 0.02
    after = jack_room.truth()
    assert after[:len(before)] == before
    assert len(after) == 2 * len(before)


def test_two_rooms_of_one_name_are_refused(jack_room):
    with pytest.raises(BenchError, match="room 'room' ended"):
        RoomClient(jack_room.server)


def test_two_rooms_do_not_hear_each_other(jack_room, player):
    with RoomClient(jack_room.server, name='hall') as hall:
        jack_room.respond(np.ones((2, 1)))
        hall.respond(np.ones((2, 1)))
        player.play(train(0.5)[0], device='hall')
        assert hall.truth() and not jack_room.truth()


def test_takes_little_of_a_core(jack_room, player):
    sound, _ = train(3)
    finish = player.start(sound)
    process = psutil.Process(jack_room.pid)
    before, began = sum(process.cpu_times()[:2]), time.monotonic()
    for response in responses(40, 8192):
        jack_room.respond(response)
        time.sleep(0.05)
    share = (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began)
    finish()
    assert share < 0.08
