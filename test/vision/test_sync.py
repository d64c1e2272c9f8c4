# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from echo_depth_ros.vision.sync import FrameBuffer

STAMPS = st.integers(0, 1000)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(stamps=st.lists(STAMPS, max_size=20), stamp=STAMPS, tolerance=st.integers(0, 300))
def test_nearest_is_what_a_search_of_all_would_find(stamps, stamp, tolerance):
    buffer = FrameBuffer(50)
    for at in sorted(stamps):
        buffer.add(at, f'frame {at}')
    found = buffer.nearest(stamp, tolerance)
    near = [at for at in stamps if abs(at - stamp) <= tolerance]
    if not near:
        assert found is None
        return
    best = min(sorted(near), key=lambda at: abs(at - stamp))
    assert found == (best, f'frame {best}')


@settings(max_examples=50, deadline=None, derandomize=True)
@given(order=st.permutations(range(100, 110)))
def test_order_of_arrival_does_not_matter(order):
    buffer = FrameBuffer(10)
    for at in order:
        buffer.add(at, at)
    assert [buffer.nearest(at, 0).item for at in range(100, 110)] == list(range(100, 110))


def test_holds_the_newest():
    buffer = FrameBuffer(3)
    for at in (10, 20, 30, 40, 35):
        buffer.add(at, at)
    assert len(buffer) == 3
    assert buffer.nearest(0, 1000).stamp == 30


def test_tolerance_is_inclusive_and_of_two_the_earlier_is_taken():
    buffer = FrameBuffer()
    buffer.add(100, 'early')
    buffer.add(120, 'late')
    assert buffer.nearest(110, 10).item == 'early'
    assert buffer.nearest(110, 9) is None


def test_same_stamp_replaces():
    buffer = FrameBuffer()
    buffer.add(5, 'old')
    buffer.add(5, 'new')
    assert len(buffer) == 1
    assert buffer.nearest(5, 0).item == 'new'


def test_a_clock_that_went_back_empties_it():
    buffer = FrameBuffer()
    second = 10**9
    for at in range(10, 20):
        buffer.add(at * second, at)
    buffer.add(2 * second, 'late')
    assert len(buffer) == 11
    buffer.add(-20 * second, 'again')
    assert len(buffer) == 1
    assert buffer.nearest(10 * second, 100 * second).item == 'again'


def test_clear():
    buffer = FrameBuffer()
    buffer.add(1, 'x')
    buffer.clear()
    assert buffer.nearest(1, 0) is None


def test_refuses_to_hold_nothing():
    with pytest.raises(ValueError, match='length is 0'):
        FrameBuffer(0)
