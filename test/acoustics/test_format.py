# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from echo_depth_ros.acoustics.format import PingFormat

FMT = PingFormat()


def test_default_is_batvisions():
    assert (FMT.window, FMT.chirp_samples, FMT.ping_period(13.7)) == (3197, 132, 3219)


def test_range_of_an_echo_worked_out_by_hand():
    # 10 ms after the direct sound: 3.43 m more than the direct sound's own path, halved.
    fmt = PingFormat(direct_distance=0.17)
    assert fmt.samples_to_range(441) == pytest.approx(1.80)


@settings(derandomize=True, max_examples=30, deadline=None)
@given(st.floats(0.1, 12))
def test_range_and_delay_are_inverse(range_m):
    assert FMT.samples_to_range(FMT.range_to_samples(range_m)) == pytest.approx(range_m)


@pytest.mark.parametrize('rate', [13.8, 0, -1, float('nan'), float('inf')])
def test_refuses_rates_at_which_windows_overlap(rate):
    with pytest.raises(ValueError, match='ping rate'):
        FMT.ping_period(rate)
