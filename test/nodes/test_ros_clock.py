# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import numpy as np
import pytest

from echo_depth_ros.nodes.ros_clock import RosClock

NS = 1_000_000_000
START = 1_700_000_000 * NS


class Clocks:
    """A monotonic clock and one that is off, runs at another rate, and jitters."""

    def __init__(self, ppm=0.0, jitter=0.0):
        self.moment, self.offset, self.ppm, self.jitter = 5 * NS, START, ppm, jitter
        self._rng = np.random.default_rng(0)

    def monotonic(self):
        return self.moment

    def true(self, moment):
        return round(moment * (1 + self.ppm * 1e-6)) + self.offset

    def now(self):
        return self.true(self.moment) + round(self._rng.normal(0, self.jitter))

    def run(self, clock, seconds):
        for _ in range(round(5 * seconds)):
            self.moment += NS // 5
            clock.observe()


def test_maps_there_and_back():
    clocks = Clocks()
    clock = RosClock(clocks.now, clocks.monotonic)
    assert clock.to_ros(7 * NS) == clocks.true(7 * NS)
    assert clock.from_ros(clock.to_ros(7 * NS + 123)) == pytest.approx(7 * NS + 123, abs=1000)


def test_smooths_jitter_and_follows_drift():
    clocks = Clocks(ppm=40, jitter=2e5)
    clock = RosClock(clocks.now, clocks.monotonic)
    clocks.run(clock, 300)
    assert abs(clock.to_ros(clocks.moment) - clocks.true(clocks.moment)) < 1e5
    assert clock.drift_ppm == pytest.approx(40, abs=10)
    assert clock.steps == 0


@pytest.mark.parametrize('step', [-3 * NS, NS // 2, 3600 * NS])
def test_a_step_is_followed_within_a_second_or_so_and_counted(step):
    clocks = Clocks()
    clock = RosClock(clocks.now, clocks.monotonic)
    clocks.run(clock, 10)
    clocks.offset += step
    clocks.run(clock, 1.2)
    assert clock.steps == 1
    assert abs(clock.to_ros(clocks.moment) - clocks.true(clocks.moment)) < 1e6
    assert clock.offset_s == pytest.approx((START + step) / NS, abs=1e-2)
