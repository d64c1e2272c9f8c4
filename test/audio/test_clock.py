# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.audio.clock import FrameClock

RATE = 44100
SECOND = 1_000_000_000
EPOCH = 1_790_000_000 * SECOND


@settings(max_examples=100, deadline=None, derandomize=True)
@given(frame=st.integers(0, RATE * 86400), epoch=st.integers(0, 2 * EPOCH),
       rate=st.sampled_from([16000, 44100, 48000, 96000]))
def test_frames_survive_stamps_for_a_day(frame, epoch, rate):
    clock = FrameClock(rate, epoch)
    stamp = clock.stamp_of(frame)
    assert abs((stamp - epoch) * rate - frame * SECOND) <= rate
    assert round(clock.frame_at(stamp)) == frame
    assert clock.frame_at(stamp) == pytest.approx(frame, abs=1e-3)


def test_reference_need_not_be_frame_zero():
    clock = FrameClock(1000, EPOCH, frame=500)
    assert clock.stamp_of(500) == EPOCH
    assert clock.stamp_of(0) == EPOCH - SECOND // 2


def test_needs_a_reference():
    clock = FrameClock(RATE)
    assert not clock.locked
    for call in (lambda: clock.stamp_of(0), lambda: clock.frame_at(0)):
        with pytest.raises(RuntimeError, match='no reference yet'):
            call()
    clock.observe(441, EPOCH)
    assert clock.locked
    assert clock.stamp_of(441) == EPOCH


def follow(clock, seconds, ppm=0.0, jitter=0.0, offset=0, block=441, first=0, seed=0):
    """Observe blocks of a card that runs ``ppm`` fast; return the last frame and its true time."""
    rng = np.random.default_rng(seed)
    true_rate = RATE * (1 + ppm * 1e-6)
    for frame in range(first, first + round(seconds * RATE), block):
        true = EPOCH + offset + round(frame / true_rate * SECOND)
        clock.observe(frame, true + round(rng.uniform(-jitter, jitter) * SECOND))
    return frame, true


def test_exact_stamps_give_an_exact_line():
    clock = FrameClock(RATE)
    frame, true = follow(clock, 10)
    assert clock.stamp_of(frame) == pytest.approx(true, abs=2)
    assert clock.rate_error_ppm == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize('ppm', [-100, 30, 100])
def test_a_crystal_that_is_off_leaves_no_lag(ppm):
    clock = FrameClock(RATE)
    frame, true = follow(clock, 60, ppm)
    assert abs(clock.stamp_of(frame) - true) < 5_000
    assert clock.rate_error_ppm == pytest.approx(ppm, abs=1)


def test_jitter_is_smoothed():
    clock = FrameClock(RATE)
    frame, true = follow(clock, 60, ppm=50, jitter=2e-3)
    assert abs(clock.stamp_of(frame) - true) < 400_000


def test_one_stray_stamp_is_ignored():
    clock = FrameClock(RATE)
    frame, _ = follow(clock, 5)
    before = clock.stamp_of(frame)
    clock.observe(frame + 441, EPOCH + 99 * SECOND)
    assert clock.stamp_of(frame) == before
    assert clock.jumps == 0


def test_a_clock_that_was_set_is_followed_and_counted():
    clock = FrameClock(RATE)
    frame, _ = follow(clock, 5)
    frame, true = follow(clock, 1, offset=3600 * SECOND, first=frame + 441)
    assert clock.jumps == 1
    assert clock.stamp_of(frame) == pytest.approx(true, abs=2)


def test_a_pause_is_no_jump():
    clock = FrameClock(RATE)
    frame, _ = follow(clock, 5)
    frame, true = follow(clock, 5, first=frame + 30 * RATE)
    assert clock.jumps == 0
    assert clock.stamp_of(frame) == pytest.approx(true, abs=10)


def test_stamps_keep_their_precision_over_hours():
    clock = FrameClock(RATE)
    frame, true = follow(clock, 7200, block=4410)
    assert abs(clock.stamp_of(frame) - true) < 1_000


@pytest.mark.parametrize('rate', [0, -44100])
def test_refuses_a_rate_that_is_none(rate):
    with pytest.raises(ValueError, match=f'sample rate is {rate}'):
        FrameClock(rate)
