# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

from threading import Thread
import time

import numpy as np
import pytest
from sensor_msgs.msg import Image

from echo_depth_ros.audio.errors import (
    DeviceLostError,
    GapError,
    OverrunError,
    ReadTimeoutError,
)
from echo_depth_ros.audio.interface import Microphones, Speaker
from echo_depth_ros.nodes.conversions import (
    image_to_msg,
    recording_from_msg,
    recording_to_msg,
    stamp_from_msg,
)
from echo_depth_ros.nodes.managed import ManagedNode
from echo_depth_ros.nodes.simulated_air import AirMicrophones, AirSpeaker, frame_grid

FS = 44100
BLOCK = 882


class Owner(ManagedNode):
    def __init__(self, **kwargs):
        super().__init__('owner', **kwargs)


@pytest.fixture
def ears(bench):
    """Open microphones, and a function that sends the block that begins at a frame."""
    owner = bench.start(Owner)
    microphones = AirMicrophones(owner, FS, 2.0)
    assert isinstance(microphones, Microphones)
    publisher = bench.publisher(Image, 'air/ears')
    grid = frame_grid(FS, owner.now())

    def send(frame, image=None):
        block = np.arange(frame, frame + BLOCK) % 1000 / 1000
        publisher.publish(image or recording_to_msg(
            np.stack([block, -block]), grid.stamp_of(frame), 'ears'))

    yield bench, owner, microphones, send
    microphones.close()


def soon(microphones, owner, seconds):
    return microphones.frame_at(owner.now() + round(seconds * 1e9))


def received(bench, microphones, end):
    assert bench.until(lambda: microphones._ring.end_frame >= end)


def test_all_processes_count_the_same_frames():
    for rate in (44100, 48000, 22050):
        early = frame_grid(rate, 1_700_000_000_300_000_000)
        late = frame_grid(rate, 1_700_003_600_900_000_000)
        frame = 1_700_000_001 * rate + 12345
        assert abs(early.stamp_of(frame) - late.stamp_of(frame)) <= 2
        assert round(late.frame_at(early.stamp_of(frame))) == frame


def test_a_frame_is_held_back_until_its_time(ears):
    bench, owner, microphones, send = ears
    start = soon(microphones, owner, 0.15)
    send(start)
    received(bench, microphones, start + BLOCK)
    assert microphones.end_frame < start
    with pytest.raises(ReadTimeoutError, match='are complete in'):
        microphones.read(start, 100, 0.0)
    heard = microphones.read(start, 100, 1.0)
    assert owner.now() >= microphones.stamp(start + 100)
    np.testing.assert_allclose(heard[0], np.arange(start, start + 100) % 1000 / 1000, atol=1e-6)
    np.testing.assert_array_equal(heard[1], -heard[0])


def test_what_does_not_come_is_a_timeout_and_what_was_lost_a_gap(ears):
    bench, owner, microphones, send = ears
    start = soon(microphones, owner, 0.0)
    send(start)
    send(start + 2 * BLOCK)
    received(bench, microphones, start + 3 * BLOCK)
    with pytest.raises(GapError):
        microphones.read(start, 2 * BLOCK, 0.5)
    with pytest.raises(OverrunError):
        microphones.read(start - 100, 10, 0.5)
    with pytest.raises(ReadTimeoutError):
        microphones.read(start + 2 * BLOCK, 2 * BLOCK, 0.1)
    assert microphones.overflows == 1


def test_a_stream_that_begins_anew_is_followed(ears):
    bench, owner, microphones, send = ears
    start = soon(microphones, owner, 0.0)
    send(start)
    send(start - 5 * BLOCK)
    assert bench.until(lambda: microphones.overflows == 1)
    assert microphones.read(start - 5 * BLOCK, BLOCK, 0.5).shape == (2, BLOCK)


def test_broken_blocks_are_counted_and_late_ones_too(ears):
    bench, owner, microphones, send = ears
    send(0, image_to_msg(np.zeros((2, 9), np.uint8), 0, 'ears'))
    assert bench.until(lambda: microphones.bad_blocks == 1)
    send(soon(microphones, owner, -0.5))
    assert bench.until(lambda: microphones.late_blocks == 1)


def test_closing_wakes_the_reader(ears):
    bench, owner, microphones, send = ears
    failures = []

    def read():
        try:
            microphones.read(soon(microphones, owner, 5.0), 10, 10.0)
        except DeviceLostError as error:
            failures.append(error)

    reader = Thread(target=read)
    reader.start()
    time.sleep(0.05)
    microphones.close()
    reader.join(2.0)
    assert failures


def test_the_speaker_keeps_its_latency(bench):
    owner = bench.start(Owner)
    sounds = bench.collect(Image, 'air/speaker')
    speaker = AirSpeaker(owner, FS, 0.1)
    assert isinstance(speaker, Speaker)
    assert bench.until(lambda: speaker.connected)
    before = owner.now()
    played = speaker.play(np.full(10, 0.5))
    assert played.stamp >= before + 0.1e9
    assert bench.until(lambda: sounds)
    assert stamp_from_msg(sounds[0].header.stamp) == played.stamp
    np.testing.assert_array_equal(recording_from_msg(sounds[0], 1), np.full((1, 10), 0.5))
    later = speaker.play(np.ones(3), speaker.next_frame + FS)
    assert speaker.stamp(later.frame) == later.stamp


@pytest.mark.parametrize('samples', [np.zeros((2, 3)), np.zeros(0), np.array([0, np.nan])])
def test_the_speaker_refuses_what_is_no_sound(bench, samples):
    speaker = AirSpeaker(bench.start(Owner), FS, 0.1)
    with pytest.raises(ValueError, match='one row of finite samples'):
        speaker.play(samples)


def test_the_speaker_refuses_the_past_and_what_comes_after_closing(bench):
    speaker = AirSpeaker(bench.start(Owner), FS, 0.1)
    with pytest.raises(ValueError, match='frames ago'):
        speaker.play(np.ones(3), speaker.next_frame - 1000)
    speaker.close()
    speaker.close()
    with pytest.raises(DeviceLostError):
        speaker.play(np.ones(3))
