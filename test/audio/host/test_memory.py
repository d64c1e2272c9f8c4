# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from threading import Event, Thread, Timer

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.audio.errors import GapError, OverrunError
from echo_depth_ros.audio.host.memory import Field, Line, Memory, RING_SECONDS
from echo_depth_ros.audio.host.pump import Pump

from ..acted_host import Flags, NO_FLAGS, times

RATE = 8000
HELD = RING_SECONDS * RATE


def block(first, count):
    """Two channels whose samples tell their own frame numbers, the right one negative."""
    frames = (np.arange(first, first + count) % 100003).astype(np.float32)
    return np.stack([frames, -frames])


@pytest.fixture
def memory(tmp_path):
    return Memory(tmp_path / 'memory', create=True)


def pump(memory, frame=0, rate=RATE):
    memory.begin(frame, rate, 80)
    memory.words[Field.GENERATION] += 1
    return Pump(memory, rate, frame, [0, 1], None)


def feed(pump, first, count, flags=NO_FLAGS):
    pump.callback(block(first, count).T, count, times(), flags)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(sizes=st.lists(st.integers(1, HELD // 2), min_size=1, max_size=8),
       start=st.integers(0, 10**10), data=st.data())
def test_whatever_is_held_is_read_back_exactly(tmp_path_factory, sizes, start, data):
    path = tmp_path_factory.mktemp('memory') / 'memory'
    memory, reader = Memory(path, create=True), Memory(path)
    ears = pump(memory, start)
    end = start
    for size in sizes:
        feed(ears, end, size)
        end += size
    assert reader.words[Field.END] == end
    oldest = max(start, end - HELD)
    assert reader.oldest() == oldest
    first = data.draw(st.integers(oldest, end - 1))
    count = data.draw(st.integers(1, end - first))
    read = reader.heard(first, count)
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, block(first, count))


def test_frames_to_come_are_none(memory):
    feed(pump(memory), 0, 100)
    assert memory.heard(90, 11) is None
    assert memory.heard(90, 10) is not None


def test_before_the_first_stream_nothing_is_there(memory):
    assert memory.heard(0, 100) is None
    assert memory.lines() == (None, None)
    assert memory.text('problem') == ''


def test_overwritten_frames_say_how_late_the_reader_is(memory):
    ears = pump(memory)
    for first in range(0, HELD + 800, 800):
        feed(ears, first, 800)
    with pytest.raises(OverrunError, match='oldest one held is 800: the reader is 750'):
        memory.heard(50, 10)


def test_frames_that_are_being_overwritten_are_not_read(memory):
    ears = pump(memory)
    for first in range(0, HELD, 800):
        feed(ears, first, 800)
    memory.words[Field.CLAIM] += 800  # as the callback does before it copies
    with pytest.raises(OverrunError):
        memory.heard(799, 10)
    assert memory.heard(800, 10) is not None


def test_too_many_at_once(memory):
    pump(memory)
    with pytest.raises(ValueError, match=f'expected 1 to {HELD}'):
        memory.heard(0, HELD + 1)


def test_a_restart_is_a_gap_and_keeps_what_was_heard(memory):
    feed(pump(memory, 1000), 1000, 500)
    feed(pump(memory, 9500), 9500, 500)
    np.testing.assert_array_equal(memory.heard(1000, 500), block(1000, 500))
    np.testing.assert_array_equal(memory.heard(9500, 500), block(9500, 500))
    for first, count in [(1499, 2), (5000, 1), (9499, 1), (1000, 9000)]:
        with pytest.raises(GapError, match='frames 1500 to 9499 were lost.*go on at frame 9500'):
            memory.heard(first, count)


def test_a_reader_learns_of_a_gap_that_lies_ahead(memory):
    feed(pump(memory, 1000), 1000, 500)
    memory.add_gap(1500, 1600)
    with pytest.raises(GapError):
        memory.heard(1400, 150)


def test_another_rate_forgets_what_was_heard(memory):
    feed(pump(memory, 1000), 1000, 500)
    feed(pump(memory, 20000, 2 * RATE), 20000, 500)
    with pytest.raises(OverrunError):
        memory.heard(1000, 10)
    np.testing.assert_array_equal(memory.heard(20000, 500), block(20000, 500))


def test_forgotten_gaps_take_what_lay_before_with_them(memory):
    ears = pump(memory)
    for _ in range(200):
        feed(ears, 0, 10)
        feed(ears, 0, 10, Flags(input_overflow=True))
    gaps = memory.gaps()
    assert len(gaps) == 64
    first = min(gap[0] for gap in gaps)
    assert memory.oldest() <= first
    with pytest.raises(OverrunError):
        memory.heard(0, 10)
    assert memory.heard(first - 10, 10) is not None


def test_gaps_side_by_side_are_one(memory):
    memory.add_gap(10, 20)
    memory.add_gap(20, 30)
    assert memory.gaps() == [(10, 30)]


def test_lines_and_texts_come_through(memory, tmp_path):
    reader = Memory(tmp_path / 'memory')
    memory.put_lines(Line(44100, 10**9, 1e9 / 44100), None)
    line, none = reader.lines()
    assert none is None and line.stamp(88200) == 2 * 10**9 and line.frame_at(0) == 0
    memory.put_text('problem', 'no ears: ä')
    assert reader.text('problem') == 'no ears: ä'
    memory.put_text('problem', 'x' * 100000)
    assert set(reader.text('problem')) == {'x'}
    memory.put_text('problem', '')
    assert reader.text('problem') == ''


def test_nobody_reads_a_line_half_written(memory, tmp_path):
    reader, done = Memory(tmp_path / 'memory'), Event()

    def write():
        number = 0
        while not done.is_set():
            number += 1
            memory.put_lines(Line(number, number, float(number)), None)
    writer = Thread(target=write)
    memory.put_lines(Line(1, 1, 1.0), None)
    writer.start()
    try:
        for _ in range(2000):
            line, _ = reader.lines()
            assert line.frame == line.ns == line.period
    finally:
        done.set()
        writer.join()


def test_a_reader_waits_for_a_writer_that_lost_the_processor(memory):
    memory.put_lines(Line(1, 1, 1.0), None)
    memory.words[Field.LINES_TURN] += 1
    memory.words[Field.INPUT_FRAME] = 2

    def finish():
        memory.words[Field.INPUT_NS] = 2
        memory.floats[Field.INPUT_PERIOD] = 2.0
        memory.words[Field.LINES_TURN] += 1
    writer = Timer(0.005, finish)
    writer.start()
    assert memory.lines() == (Line(2, 2, 2.0), None)
    writer.join()


def test_a_writer_that_died_does_not_stop_readers(memory):
    memory.put_text('problem', 'gone')
    memory.words[Field.PROBLEM_TURN] += 1
    assert memory.text('problem') == 'gone'
    memory.settle()
    memory.put_text('problem', 'back')
    assert memory.text('problem') == 'back'
    assert memory.words[Field.PROBLEM_TURN] % 2 == 0
