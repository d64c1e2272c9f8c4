# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import pytest

from echo_depth_ros.audio.announced import Announced

WINDOW = 1000


@pytest.fixture
def announced():
    return Announced(WINDOW)


def test_chirps_are_taken_in_their_order(announced):
    assert announced.put(5) and announced.put(4)
    assert [announced.take(0.0) for _ in range(3)] == [5, 4, None]


def test_those_that_are_held_come_first_unless_they_are_forgotten(announced):
    for frame in (100, 1200, 2300):
        announced.put(frame)
    assert announced.hold() == [100, 1200, 2300]
    assert announced.hold() == []
    announced.put(3400)
    assert announced.forget(1200) == [100]
    assert [announced.take(0.0) for _ in range(4)] == [1200, 2300, 3400, None]


def test_all_can_be_dropped(announced):
    announced.put(100)
    announced.hold()
    announced.put(1200)
    assert announced.clear() == 2
    assert announced.take(0.0) is None


def test_chirps_in_one_window_spoil_each_other(announced):
    assert announced.nearest(5000) is None
    assert announced.nearest(6000) is None
    assert announced.nearest(6400) == 400
    assert announced.nearest(5300) == 300
    assert [announced.overlaps(frame) for frame in (5000, 5300, 6000, 6400, 9000)] == [
        True, True, True, True, False]


def test_what_waits_has_an_end(announced):
    accepted = 0
    while announced.put(WINDOW * accepted):
        accepted += 1
    # 5 s of two emitters.
    assert 140 <= accepted < 1000
    assert announced.take(0.0) == 0
    assert announced.put(1)


def test_overlaps_are_forgotten_in_time(announced):
    announced.nearest(0)
    announced.nearest(10)
    for number in range(1, 1000):
        announced.nearest(number * WINDOW * 2)
    assert not announced.overlaps(0)


def test_what_was_announced_before_the_clock_was_set_back_is_forgotten(announced):
    later = 1000 * WINDOW
    for frame in (later, later + 500):
        announced.nearest(frame)
        announced.put(frame)
    assert announced.nearest(500 * WINDOW) is None
    announced.put(500 * WINDOW)
    assert [announced.take(0.0) for _ in range(2)] == [500 * WINDOW, None]
    assert announced.nearest(later) is None and not announced.overlaps(later)


def test_chirps_may_be_announced_out_of_their_order(announced):
    announced.nearest(90 * WINDOW)
    announced.put(90 * WINDOW)
    announced.nearest(0)
    assert announced.take(0.0) == 90 * WINDOW
