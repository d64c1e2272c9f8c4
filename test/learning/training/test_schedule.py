# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from echo_depth_ros.learning.training.schedule import Constant, OneCycle


def test_rate_peaks_after_the_warm_up_and_ends_low():
    cycle = OneCycle(peak=1e-3, steps=1000)
    rates = [cycle.rate(step) for step in range(1001)]
    assert max(rates) == pytest.approx(1e-3)
    assert rates.index(max(rates)) == 50
    assert rates[0] < 1e-4 and rates[-1] < 1e-5


def test_constant_stays():
    assert Constant(1e-3).rate(0) == Constant(1e-3).rate(10**6) == 1e-3
