# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.audio.loop_delay import LoopDelay

PERIOD = 3219


def learn(delay, true, frames, jitter=0.0, seed=0):
    rng = np.random.default_rng(seed)
    for frame in frames:
        delay.chirp(frame)
        if delay.arrival(frame + true + rng.uniform(-jitter, jitter)):
            return True
    return False


@settings(deadline=None, max_examples=50)
@given(true=st.floats(-30, 17000), seed=st.integers(0, 99))
def test_learns_the_delay_of_irregular_pings(true, seed):
    gaps = np.random.default_rng(seed).integers(PERIOD, 2 * PERIOD, 30)
    delay = LoopDelay(40, 17640)
    assert learn(delay, true, np.cumsum(gaps).tolist(), jitter=2, seed=seed)
    assert delay.known == pytest.approx(true, abs=3)


@pytest.mark.parametrize('true', [5.0, 900.0, 3000.0, 9000.0, 17000.0])
def test_steady_pings_leave_whole_periods_open_and_nothing_else(true):
    delay = LoopDelay(40, 17640)
    assert learn(delay, true, range(0, 40 * PERIOD, PERIOD))
    off = (delay.known - true) / PERIOD
    assert off == pytest.approx(round(off), abs=1e-3)


def test_nearest_to_what_was_known_before_is_taken():
    delay = LoopDelay(40, 17640, known=9000.0)
    delay.doubt()
    assert delay.known == 9000.0 and delay.miss() and delay.known is None
    for frame in range(0, 20 * PERIOD, PERIOD):
        delay.chirp(frame)
    for frame in range(4 * PERIOD, 20 * PERIOD, PERIOD):
        if delay.arrival(frame + 9010.0):
            break
    assert delay.known == pytest.approx(9010.0)


def test_noise_teaches_nothing():
    rng = np.random.default_rng(1)
    delay = LoopDelay(20, 8000)
    for at in range(0, 10 * PERIOD, PERIOD):
        delay.chirp(at)
    assert not any(delay.arrival(float(at)) for at in rng.choice(10 * PERIOD, 3, replace=False))
    assert delay.known is None


def test_three_misses_in_a_row_are_too_many_two_are_not():
    delay = LoopDelay(40, 17640, known=100.0)
    assert not delay.miss() and not delay.miss()
    delay.confirm(0.0)
    assert not delay.miss() and not delay.miss() and delay.miss()
    assert delay.known is None


def test_follows_two_crystals_that_drift_apart():
    delay = LoopDelay(40, 17640, known=100.0)
    true = 100.0
    for _ in range(2000):
        true += 0.3
        off = true - delay.known
        assert abs(off) < 5
        delay.confirm(off)


@pytest.mark.parametrize(('tolerance', 'longest'), [(0, 100), (50, 40)])
def test_refuses_what_makes_no_sense(tolerance, longest):
    with pytest.raises(ValueError, match='tolerance'):
        LoopDelay(tolerance, longest)


def test_two_streams_may_seem_to_hear_before_they_play():
    gaps = np.random.default_rng(3).integers(PERIOD, 2 * PERIOD, 30)
    delay = LoopDelay(40, 17640, shortest=-1323)
    assert learn(delay, -420.0, np.cumsum(gaps).tolist())
    assert delay.known == pytest.approx(-420.0)
