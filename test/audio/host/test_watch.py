# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from echo_depth_ros.audio.host.lines import Note, Stamps
from echo_depth_ros.audio.host.memory import Field, Memory, STREAMING
from echo_depth_ros.audio.host.pump import Pump
from echo_depth_ros.audio.host.watch import Stream, Watch

RATE = 44100


class Ended(Exception):
    """The host would have ended."""


class Watched:
    """A watch whose time the test makes go by."""

    def __init__(self, memory):
        self.memory = memory
        self.time = 10**12
        self.clients = True
        memory.begin(0, RATE, 441)
        self.watch = Watch(memory, fail=self._fail, alone=lambda: not self.clients,
                           finish=self._finish, now=lambda: self.time)

    def _fail(self, reason, failure):
        raise Ended(('failed: ' if failure else 'asked: ') + reason)

    def _finish(self):
        raise Ended('nobody left')

    def open(self):
        self.pump = Pump(self.memory, RATE, 0, [0, 1], [0, 1])
        self.stream = Stream(self.pump, Stamps(RATE, 0.0), RATE, self.time, hears=True, plays=True)
        self.watch.follow(self.stream)
        self.frame = 0

    def go(self, seconds, *, callbacks=True, look=True):
        for _ in range(round(seconds / 0.05)):
            for _ in range(5):
                self.time += 10_000_000
                if callbacks:
                    self.pump.notes.append(Note(self.frame, 441, self.time, -0.01, 0.04))
                    self.frame += 441
                    self.memory.words[Field.CALLBACK_AT] = self.time
            if look:
                self.watch.look()


@pytest.fixture
def watched(tmp_path):
    return Watched(Memory(tmp_path / 'memory', create=True))


def test_the_heart_beats(watched):
    watched.go(1, callbacks=False)
    assert watched.memory.words[Field.HEARTBEAT] == watched.time


def test_the_last_client_ends_it(watched):
    watched.clients = False
    with pytest.raises(Ended, match='nobody left'):
        watched.watch.look()


def test_asking_opens_anew(watched):
    watched.memory.words[Field.REOPEN] += 1
    with pytest.raises(Ended, match='asked: the stream is being opened anew'):
        watched.watch.look()


def test_calls_that_take_long_end_it(watched):
    with watched.watch.within('opening the device'):
        watched.go(2.9, callbacks=False)
        with pytest.raises(Ended, match='failed: opening the device took longer than 3 s'):
            watched.go(0.3, callbacks=False)


def test_calls_that_return_do_not(watched):
    for _ in range(5):
        with watched.watch.within('opening the device'):
            watched.go(1, callbacks=False)


def test_a_stream_streams_once_its_lines_are_laid(watched):
    watched.memory.put_text('problem', 'old')
    watched.open()
    assert watched.memory.words[Field.STATE] != STREAMING
    watched.go(0.1)
    assert watched.memory.words[Field.STATE] == STREAMING
    assert watched.memory.text('problem') == ''
    heard, played = watched.memory.lines()
    assert heard.stamp(watched.frame) == pytest.approx(watched.time, abs=1000)
    assert played.stamp(watched.frame - 441) == pytest.approx(watched.time + 4e7, abs=1000)


def test_no_first_callback_ends_it(watched):
    watched.open()
    watched.go(1.9, callbacks=False)
    with pytest.raises(Ended, match='failed: the stream was opened, but no sound came for 2 s'):
        watched.go(0.3, callbacks=False)


def test_a_stall_ends_it(watched):
    watched.open()
    watched.go(4)
    watched.go(0.2, callbacks=False)
    watched.go(1)
    with pytest.raises(Ended, match=r'failed: no sound for 0\.\d+ s'):
        watched.go(0.4, callbacks=False)


def test_a_stall_right_after_the_start_is_forgiven_where_it_comes_each_time(watched):
    watched.open()
    watched.go(0.1)
    with pytest.raises(Ended, match='no sound'):
        watched.go(1.8, callbacks=False)
    watched.memory.words[Field.FAILURES] = 4
    watched.open()
    watched.go(0.1)
    watched.go(1.8, callbacks=False)
    watched.go(1)
    assert watched.memory.words[Field.STATE] == STREAMING


def test_a_machine_that_slept_is_no_stall(watched):
    watched.open()
    watched.go(4)
    watched.time += 60 * 10**9
    watched.watch.look()
    watched.go(1)
    watched.time += 60 * 10**9
    watched.watch.look()
    with pytest.raises(Ended):
        watched.go(0.5, callbacks=False)


def test_large_blocks_may_come_seldom(watched):
    watched.memory.words[Field.BLOCK] = 8192
    watched.open()
    watched.go(4)
    watched.go(0.5, callbacks=False)


def test_a_stream_that_lasts_forgives_failures(watched):
    watched.memory.words[Field.FAILURES] = 7
    watched.open()
    watched.go(2)
    assert watched.memory.words[Field.FAILURES] == 7
    watched.go(2)
    assert watched.memory.words[Field.FAILURES] == 0


def test_the_longest_pause_is_forgotten_after_5_s(watched):
    words = watched.memory.words
    watched.open()
    watched.go(1)
    words[Field.LONGEST_PAUSE] = 123
    watched.go(3)
    assert words[Field.RECENT_PAUSE] == 123
    watched.go(5)
    assert words[Field.RECENT_PAUSE] == 0


def test_lost_frames_move_the_line_at_once(watched):
    watched.open()
    watched.go(5)
    watched.frame += 4410
    watched.pump.flags += 1
    watched.go(0.1)
    heard, _ = watched.memory.lines()
    assert heard.stamp(watched.frame) == pytest.approx(watched.time, abs=1000)


def test_time_tells_the_callback_what_was_lost(watched):
    watched.open()
    watched.go(5)
    note = Note(watched.frame, 441, watched.time + 10_000_000 + 100_000_000, -0.01, 0.04)
    assert watched.pump.expected(note) == pytest.approx(watched.frame + 4410, abs=0.1)
