# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.vision.clock import ArrivalDelay, StampClock

SECOND = 10**9
MS = 10**6
FRAME = 33 * MS
EPOCH = 1_700_000_000 * SECOND


def observe(watch, frames, *, begin=0, offset=0, latency=20 * MS):
    """Let frames come, and return the times at which a jump was seen."""
    return [n for n in range(begin, begin + frames)
            if watch.observe(n * FRAME + offset, n * FRAME + latency)]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(late=st.lists(st.integers(0, 300 * MS), min_size=3, max_size=60),
       offset=st.integers(-EPOCH, EPOCH))
def test_the_least_delay_is_found_and_lateness_is_no_jump(late, offset):
    watch = ArrivalDelay(memory=1000)
    for n, delay in enumerate(late):
        watch.observe(n * FRAME + offset, n * FRAME + delay)
    assert watch.least == min(late) - offset
    assert watch.jumps == 0 and not watch.strange


@pytest.mark.parametrize('step', [-2 * SECOND, SECOND, -EPOCH])
def test_a_clock_that_was_set_is_seen_once_after_a_quarter_of_a_second(step):
    watch = ArrivalDelay()
    observe(watch, 30)
    seen = observe(watch, 30, begin=30, offset=step)
    assert len(seen) == 1 and 0.25 * SECOND <= (seen[0] - 30) * FRAME < 0.35 * SECOND
    assert watch.jumps == 1 and watch.step == step and watch.least == 20 * MS - step


def test_one_wild_stamp_and_a_backlog_are_no_jump():
    watch = ArrivalDelay()
    observe(watch, 10)
    assert not watch.observe(0, 400 * MS + 5 * SECOND) and watch.strange
    observe(watch, 3, begin=160)
    for n in range(170, 200):
        watch.observe(n * FRAME, 200 * FRAME + SECOND)
    assert not watch.jumps
    observe(watch, 3, begin=230)
    assert not watch.strange and watch.least == 20 * MS


def test_drift_is_followed():
    watch = ArrivalDelay()
    for n in range(3000):
        watch.observe(round(n * FRAME * (1 - 1e-4)), n * FRAME + 20 * MS)
    assert abs(watch.least - (20 * MS + 2999 * FRAME * 1e-4)) < 2 * MS
    assert not watch.jumps


class Camera:
    """A camera whose frames take 15 to 40 ms, and a computer whose clocks the test sets."""

    def __init__(self, *, caller=0, device=0):
        self.true, self.caller, self.device = EPOCH, caller, device
        self.clock = StampClock(lambda: self.true + self.caller, lambda: self.true)
        self._latency = np.random.default_rng(0)

    def shots(self, count, domain):
        """Return by how many milliseconds each stamp misses the time at which it was taken."""
        errors = []
        for _ in range(count):
            taken = self.true
            self.true += round(self._latency.uniform(15, 40) * MS)
            device = taken + self.device if domain != 'system' else self.true - MS
            stamp = self.clock.stamp(device / MS, domain)
            errors.append((stamp - self.caller - taken) / MS)
            self.true = taken + FRAME
        return np.array(errors)


@pytest.mark.parametrize('caller', [0, -EPOCH + SECOND])
def test_global_stamps_lose_no_time_on_whatever_clock_the_caller_goes_by(caller):
    camera = Camera(caller=caller)
    assert np.abs(camera.shots(100, 'global')).max() < 0.01
    assert camera.clock.base == 'global' and camera.clock.jumps == 0


def test_system_stamps_are_as_late_as_the_arrival():
    camera = Camera()
    errors = camera.shots(100, 'system')
    assert 10 < errors.min() and errors.max() < 40
    assert camera.clock.base == 'system'


def test_hardware_stamps_are_even_and_late_by_the_least_latency():
    camera = Camera(device=-EPOCH + 5 * SECOND)
    errors = camera.shots(300, 'hardware')[60:]
    assert 15 <= errors.min() and errors.max() < 17
    assert camera.clock.base == 'hardware'


def test_global_stamps_of_another_time_are_laid_on_the_callers_clock():
    camera = Camera(device=-3600 * SECOND)
    errors = camera.shots(100, 'global')
    assert 15 <= errors[60:].min() and errors.max() < 41
    assert camera.clock.base == 'hardware'


def test_a_device_clock_that_wraps_never_puts_a_stamp_far_away():
    camera = Camera(device=-EPOCH + 4_294_000 * MS)
    camera.shots(50, 'hardware')
    camera.device -= 2**32 * 1000
    errors = camera.shots(50, 'hardware')
    assert errors.min() >= 14 and errors.max() < 41
    assert camera.clock.jumps == 1


def test_a_global_time_that_goes_wrong_is_left_and_comes_back():
    camera = Camera()
    camera.shots(20, 'global')
    camera.device = 90 * SECOND
    errors = camera.shots(40, 'global')
    assert errors.max() < 41 and camera.clock.base == 'hardware'
    camera.device = 0
    errors = camera.shots(40, 'global')
    assert np.abs(errors[10:]).max() < 0.01 and camera.clock.base == 'global'


def test_the_callers_clock_may_be_set():
    camera = Camera()
    camera.shots(20, 'global')
    camera.caller = 100 * SECOND
    assert np.abs(camera.shots(20, 'global')[10:]).max() < 0.01


@settings(max_examples=50, deadline=None, derandomize=True)
@given(steps=st.lists(st.integers(0, 50), min_size=2, max_size=40),
       domain=st.sampled_from(['global', 'system', 'hardware']))
def test_no_two_frames_share_a_stamp(steps, domain):
    moment = [EPOCH]
    clock = StampClock(lambda: moment[0], lambda: moment[0])
    stamps = []
    for step in steps:
        moment[0] += step * MS
        stamps.append(clock.stamp(moment[0] / MS - 10, domain))
    assert all(a < b for a, b in zip(stamps, stamps[1:]))


def test_a_change_of_domain_starts_anew():
    camera = Camera()
    camera.device = -EPOCH
    camera.shots(5, 'hardware')
    camera.device = 0
    assert np.abs(camera.shots(5, 'global')[1:]).max() < 0.01
    assert camera.clock.base == 'global' and camera.clock.jumps == 0
