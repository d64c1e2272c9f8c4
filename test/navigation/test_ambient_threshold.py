# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What turning round on the spot tells of a robot's ears."""

import math

from hypothesis import given
from hypothesis import strategies as st
import pytest

from echo_depth_ros.navigation.ambient_threshold import log_odds, RoomThreshold, Sides

ODDS = st.floats(-2, 2)


def chance(odds):
    return 1 / (1 + math.exp(-odds))


@given(ODDS, ODDS, ODDS, ODDS)
def test_what_the_ears_differ_by_is_taken_out(north, south, left_off, right_off):
    """Two sides of a room, two ears that are off: what is left is off on both sides alike."""
    threshold = RoomThreshold()
    before = Sides(chance(north + left_off), chance(south + right_off))
    after = Sides(chance(south + left_off), chance(north + right_off))
    threshold.turn_round(before, after)
    assert threshold.off == pytest.approx(left_off - right_off, abs=1e-6)
    balanced = threshold.balance(before)
    assert log_odds(balanced.left) - log_odds(balanced.right) == pytest.approx(
        north - south, abs=1e-6)


@given(ODDS, ODDS)
def test_nothing_is_changed_before_the_robot_has_turned(left, right):
    sides = Sides(chance(left), chance(right))
    assert RoomThreshold().balance(sides) == pytest.approx(sides)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_chances_stay_chances(a, b, c, d):
    threshold = RoomThreshold()
    threshold.turn_round(Sides(a, b), Sides(c, d))
    assert all(0 <= each <= 1 for each in threshold.balance(Sides(a, b)))
    assert abs(threshold.off) <= 4
