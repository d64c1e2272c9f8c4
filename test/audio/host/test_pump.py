# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from echo_depth_ros.audio.errors import GapError
from echo_depth_ros.audio.host.lanes import Player
from echo_depth_ros.audio.host.memory import Field, Memory
from echo_depth_ros.audio.host.pump import Pump

from ..acted_host import Flags, NO_FLAGS, times

RATE, BLOCK = 8000, 80


class Stream:
    """Calls a pump back every 10 ms."""

    def __init__(self, memory, inputs=(0, 1), outputs=(0, 1), frame=1000, channels=2):
        memory.begin(frame, RATE, BLOCK)
        self.time = 10**12
        self.channels = channels
        self.hears, self.plays = inputs is not None, outputs is not None
        self.pump = Pump(memory, RATE, frame, inputs and list(inputs), outputs and list(outputs),
                         now=lambda: self.time)

    def call(self, value=0.0, flags=NO_FLAGS, pause=0.01):
        self.time += round(pause * 1e9)
        heard = np.tile(value + np.arange(self.channels, dtype=np.float32), (BLOCK, 1))
        played = np.full((BLOCK, 2), np.nan, np.float32)
        blocks = [*([heard] if self.hears else []), *([played] if self.plays else [])]
        self.pump.callback(*blocks, BLOCK, times(-0.012, 0.05), flags)
        return played


@pytest.fixture
def memory(tmp_path):
    return Memory(tmp_path / 'memory', create=True)


def test_ears_are_the_chosen_channels(memory):
    Stream(memory, inputs=(3, 1), channels=4).call(10.0)
    heard = memory.heard(1000, BLOCK)
    assert (heard[0] == 13.0).all() and (heard[1] == 11.0).all()


def test_played_and_heard_count_on_one_counter(memory):
    stream = Stream(memory)
    Player(memory, 0).put(np.ones(10, np.float32), 1090, 0, 0)
    played = np.concatenate([stream.call(), stream.call()])
    assert np.flatnonzero(played[:, 0]).tolist() == list(range(90, 100))
    assert memory.words[Field.END] == 1000 + 2 * BLOCK


def test_a_stream_that_only_plays(memory):
    stream = Stream(memory, inputs=None)
    assert not stream.call().any()
    assert memory.words[Field.END] == 1000 + BLOCK
    stream.call(flags=Flags(input_overflow=True))
    assert memory.gaps() == []


def test_a_stream_that_only_hears(memory):
    stream = Stream(memory, outputs=None)
    stream.call()
    stream.call(flags=Flags(output_underflow=True))
    assert memory.words[Field.UNDERFLOWS] == 0


def test_flags_of_the_first_callback_mean_nothing(memory):
    stream = Stream(memory)
    stream.call(flags=Flags(input_overflow=True, output_underflow=True))
    assert memory.gaps() == [] and stream.pump.flags == 0
    assert memory.words[Field.OVERFLOWS] == memory.words[Field.UNDERFLOWS] == 0


def test_lost_frames_are_a_gap_of_at_least_one(memory):
    stream = Stream(memory)
    stream.call(1.0)
    stream.call(2.0, Flags(input_overflow=True))
    assert memory.gaps() == [(1080, 1081)]
    assert memory.words[Field.OVERFLOWS] == 1 and stream.pump.flags == 1
    assert (memory.heard(1081, BLOCK)[0] == 2.0).all()
    with pytest.raises(GapError):
        memory.heard(1000, 100)


def test_time_tells_how_many_were_lost(memory):
    stream = Stream(memory)
    stream.call()
    stream.pump.expected = lambda note: note.frame + 123.4
    stream.call(flags=Flags(input_overflow=True))
    assert memory.gaps() == [(1080, 1203)]
    assert memory.words[Field.END] == 1203 + BLOCK
    stream.pump.expected = lambda note: note.frame - 50.0
    stream.call(flags=Flags(input_overflow=True))
    assert memory.gaps()[-1] == (1283, 1284)


def test_silence_that_was_put_in_is_not_heard(memory):
    stream = Stream(memory)
    stream.call()
    stream.call(flags=Flags(input_underflow=True))
    stream.call(3.0)
    assert memory.gaps() == [(1080, 1160)]
    assert memory.words[Field.UNDERFLOWS] == 1
    assert memory.heard(1160, BLOCK) is not None


def test_output_flags_are_counted_and_lose_nothing(memory):
    stream = Stream(memory)
    stream.call()
    stream.call(flags=Flags(output_underflow=True))
    assert memory.words[Field.UNDERFLOWS] == 1 and memory.gaps() == []
    assert stream.pump.flags == 1


def test_the_longest_pause_is_kept(memory):
    stream = Stream(memory)
    stream.call()
    for pause in (0.01, 0.08, 0.02):
        stream.call(pause=pause)
    assert memory.words[Field.LONGEST_PAUSE] == 80_000_000
    assert memory.words[Field.CALLBACK_AT] == stream.time


def test_notes_tell_frames_and_times(memory):
    stream = Stream(memory)
    stream.call()
    stream.call(flags=Flags(input_overflow=True))
    first, second = stream.pump.notes
    assert (first.frame, first.frames, first.adc, first.dac) == (1000, BLOCK, -0.012, 0.05)
    assert (second.frame, second.now) == (1081, stream.time)
