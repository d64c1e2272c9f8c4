# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from echo_depth_ros.learning.schedule import OneCycle


def test_rate_peaks_after_the_warm_up_and_ends_low():
    cycle = OneCycle(peak=1e-3, total_steps=1000)
    rates = [cycle.rate(cycle.progress(step, 0)) for step in range(1001)]
    assert max(rates) == pytest.approx(1e-3)
    assert rates.index(max(rates)) == 50
    assert rates[0] < 1e-4 and rates[-1] < 1e-5


def test_time_runs_the_schedule_when_it_is_ahead_of_the_steps():
    cycle = OneCycle(peak=1e-3, total_steps=1000, max_seconds=60)
    assert cycle.progress(10, 30) == pytest.approx(0.5)
    assert cycle.progress(900, 30) == pytest.approx(0.9)
    assert cycle.progress(10, 61) == 1.0
