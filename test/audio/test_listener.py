# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import numpy as np
import pytest

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.errors import NoChirpError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.audio.errors import AudioError
from echo_depth_ros.audio.listener import Listener
from echo_depth_ros.audio.ring import FrameRing

FMT = PingFormat()
PERIOD = 3219


class Tape:
    """Microphones that have heard chirps ``delay`` samples late, and may have gone deaf."""

    def __init__(self, chirps, delay, seconds=4.0, deaf_from=None):
        samples = round(seconds * 44100)
        sound = np.random.default_rng(0).normal(0, 1e-3, (2, samples)).astype(np.float32)
        chirp = linear_chirp(FMT)
        for frame in chirps:
            for offset, gain in ((22, 0.2), (400, 0.1)):
                at = frame + delay + offset
                if at + chirp.size < samples and (deaf_from is None or at < deaf_from):
                    sound[:, at:at + chirp.size] += gain * chirp
        self._ring = FrameRing(2, seconds, 44100)
        self._ring.write(sound)
        self.end_frame = 0

    def read(self, start, count, timeout):
        self.end_frame = max(self.end_frame, start + count)
        return self._ring.read(start, count)


def learn(listener, chirps):
    for frame in chirps:
        listener.delay.chirp(frame)
    heard = []
    while not listener.knows_where:
        try:
            heard.append(listener.hear_any(0.0))
        except NoChirpError:
            continue
    return heard


@pytest.mark.parametrize('delay', [0, 882, 5000, 13230])
def test_windows_come_while_the_delay_is_learned_and_after(delay):
    chirps = list(range(2000, 110000, PERIOD + 40))
    listener = Listener(Tape(chirps, delay), FMT, 40)
    heard = learn(listener, chirps)
    assert len(heard) >= 3
    places = np.array(chirps) + delay + 22 - FMT.direct_index
    assert all(np.abs(places - capture.frame).min() <= 1 for capture in heard)
    off = (listener.delay.known - delay) / (PERIOD + 40)
    assert off == pytest.approx(round(off), abs=1e-3)
    capture = listener.hear_chirp(chirps[20], 0.0)
    expected = chirps[20] + delay + round(off) * (PERIOD + 40) + 22 - FMT.direct_index
    assert abs(capture.frame - expected) <= 1


def test_a_known_delay_is_used_at_once():
    listener = Listener(Tape([9000], 882), FMT, 40, loop_delay=880.0)
    assert listener.knows_where
    assert abs(listener.hear_chirp(9000, 0.0).frame - (9000 + 882 + 22 - 64)) <= 1
    assert 880 < listener.delay.known < 882.5


def test_after_three_misses_it_is_learned_anew():
    chirps = list(range(2000, 60000, PERIOD))
    listener = Listener(Tape(chirps, 882), FMT, 40, loop_delay=300.0)
    for frame in chirps[:3]:
        with pytest.raises(NoChirpError):
            listener.hear_chirp(frame, 0.0)
    assert not listener.knows_where
    learn(listener, chirps)
    assert abs(listener.hear_chirp(chirps[8], 0.0).direct.index - FMT.direct_index) <= 1


def test_listening_anew_leaves_out_what_came_meanwhile():
    chirps = list(range(2000, 160000, PERIOD))
    tape = Tape(chirps, 0)
    listener = Listener(tape, FMT, 40, loop_delay=0.0)
    while True:
        try:
            listener.hear_any(0.0)
            break
        except NoChirpError:
            continue
    tape.end_frame = 100000
    listener.start_over()
    assert listener.hear_any(0.0).frame >= 100000


def test_silence_teaches_nothing():
    listener = Listener(Tape([], 0, seconds=1.5), FMT, 40)
    with pytest.raises((NoChirpError, AudioError)):
        for _ in range(100):
            listener.hear_any(0.0)
    assert not listener.knows_where
