# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from threading import Thread

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.audio.errors import DeviceLostError, GapError, OverrunError, ReadTimeoutError
from echo_depth_ros.audio.ring import FrameRing


def block(first, count):
    """Two channels whose samples are their own frame numbers, the right one negative."""
    frames = np.arange(first, first + count, dtype=np.float32)
    return np.stack([frames, -frames])


def ring(frames=100, start=0):
    return FrameRing(2, frames / 1000, 1000, start)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(sizes=st.lists(st.integers(0, 70), min_size=1, max_size=12), start=st.integers(0, 500),
       data=st.data())
def test_whatever_is_held_is_read_back_exactly(sizes, start, data):
    held = ring(50, start)
    end = start
    for size in sizes:
        held.write(block(end, size))
        end += size
    assert held.end_frame == end
    assert held.oldest_frame == max(start, end - 50)
    if end == held.oldest_frame:
        return
    first = data.draw(st.integers(held.oldest_frame, end - 1))
    count = data.draw(st.integers(1, end - first))
    read = held.read(first, count)
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, block(first, count))


def test_what_was_read_belongs_to_the_reader():
    held = ring(10)
    held.write(block(0, 10))
    read = held.read(0, 10)
    held.write(block(10, 10))
    np.testing.assert_array_equal(read, block(0, 10))


def test_overwritten_frames_say_how_late_the_reader_is():
    held = ring(100)
    held.write(block(0, 130))
    with pytest.raises(OverrunError, match='oldest one held is 30: the reader is 10 frames'):
        held.read(20, 5)


def test_frames_to_come_time_out():
    held = ring()
    held.write(block(0, 10))
    with pytest.raises(ReadTimeoutError, match='frames 5 to 14 .* newest one is 9'):
        held.read(5, 10, timeout=0.01)


def test_reader_waits_for_the_writer():
    held = ring()
    writer = Thread(target=lambda: [held.write(block(at, 10)) for at in (0, 10, 20)])
    writer.start()
    np.testing.assert_array_equal(held.read(5, 20, timeout=5), block(5, 20))
    writer.join()


def test_gap_is_an_error_only_for_who_reads_it():
    held = ring()
    held.write(block(0, 10), frame=0)
    held.write(block(15, 10), frame=15)
    assert held.gaps == 1
    for first, count in ((5, 6), (12, 1), (14, 5), (5, 15)):
        with pytest.raises(GapError, match='frames 10 to 14 were lost.*go on at frame 15'):
            held.read(first, count)
    np.testing.assert_array_equal(held.read(0, 10), block(0, 10))
    np.testing.assert_array_equal(held.read(15, 10), block(15, 10))


def test_gap_ends_the_wait_for_frames_that_never_come():
    held = ring()
    held.write(block(0, 10))
    held.write(block(20, 1), frame=20)
    with pytest.raises(GapError):
        held.read(8, 80, timeout=60)


def test_gap_longer_than_the_ring():
    held = ring(10)
    held.write(block(0, 10))
    held.write(block(1000, 5), frame=1000)
    np.testing.assert_array_equal(held.read(1000, 5), block(1000, 5))
    with pytest.raises(GapError):
        held.read(996, 5)
    with pytest.raises(OverrunError):
        held.read(9, 5)


def test_overwritten_gaps_are_forgotten():
    held = ring(10)
    held.write(block(0, 2))
    held.write(block(5, 20), frame=5)
    np.testing.assert_array_equal(held.read(15, 10), block(15, 10))
    assert held.gaps == 1


def test_source_that_counts_anew_is_an_error_until_restarted():
    held = ring()
    held.write(block(100, 5), frame=100)
    with pytest.raises(GapError, match='begins at frame 0, but frame 105 comes next'):
        held.write(block(0, 5), frame=0)
    held.restart(0)
    held.write(block(0, 5), frame=0)
    np.testing.assert_array_equal(held.read(0, 5), block(0, 5))


def test_close_wakes_a_waiting_reader():
    held = ring()
    raised = []

    def read():
        try:
            held.read(0, 10, timeout=60)
        except DeviceLostError as error:
            raised.append(error)
    reader = Thread(target=read)
    reader.start()
    held.close()
    reader.join(timeout=10)
    assert raised


@pytest.mark.parametrize('shape', [(10,), (1, 10), (3, 10), (2, 10, 1)])
def test_block_of_another_shape(shape):
    with pytest.raises(ValueError, match=r'expected \(2, n\)'):
        ring().write(np.zeros(shape))


@pytest.mark.parametrize('count', [0, -1, 101])
def test_stretch_that_never_fits(count):
    with pytest.raises(ValueError, match=f'{count} frames cannot be read at once'):
        ring(100).read(0, count)


@pytest.mark.parametrize('channels, seconds', [(0, 1), (2, 0)])
def test_ring_that_holds_nothing(channels, seconds):
    with pytest.raises(ValueError, match='holds nothing'):
        FrameRing(channels, seconds, 44100)
