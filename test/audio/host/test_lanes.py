# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.audio.host.lanes import handed_over, LANES, LONGEST, Mixer, Player
from echo_depth_ros.audio.host.memory import Field, Memory


@pytest.fixture
def memory(tmp_path):
    memory = Memory(tmp_path / 'memory', create=True)
    memory.begin(0, 8000, 80)
    memory.words[Field.GENERATION] = 1
    return memory


def sound(count, first=1.0):
    return np.arange(first, first + count, dtype=np.float32)


def play(mixer, sizes, frame=0, channels=2):
    blocks = []
    for size in sizes:
        out = np.zeros((size, channels), np.float32)
        mixer.mix(out, frame, list(range(channels)))
        blocks.append(out.T)
        frame += size
    return np.concatenate(blocks, axis=1)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(sounds=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 900), st.integers(1, 300)),
                       max_size=12),
       sizes=st.lists(st.integers(1, 400), min_size=1, max_size=10))
def test_sounds_of_all_lanes_are_played_on_their_frames(tmp_path_factory, sounds, sizes):
    memory = Memory(tmp_path_factory.mktemp('memory') / 'memory', create=True)
    memory.begin(0, 8000, 80)
    mixer = Mixer(memory)
    players = [Player(memory, lane) for lane in range(LANES)]
    expected = np.zeros(4000, np.float32)
    for lane, start, count in sounds:
        assert players[lane].put(sound(count), start, 0, 0)
        expected[start:start + count] += sound(count)
    played = play(mixer, sizes)
    np.testing.assert_allclose(played[0], expected[:sum(sizes)])
    np.testing.assert_array_equal(played[0], played[1])
    assert memory.words[Field.LATE] == 0


def test_only_the_chosen_channels_play(memory):
    mixer = Mixer(memory)
    Player(memory, 0).put(sound(5), 0, 1, 0)
    out = np.zeros((5, 4), np.float32)
    mixer.mix(out, 0, [1, 3])
    assert not out[:, [0, 2]].any()
    np.testing.assert_array_equal(out[:, 1], sound(5))
    np.testing.assert_array_equal(out[:, 3], sound(5))


def test_a_sound_that_comes_too_late_is_counted_and_never_moved(memory):
    mixer, player = Mixer(memory), Player(memory, 0)
    play(mixer, [100])
    player.put(sound(50), 99, 1, 0)
    assert not play(mixer, [300], 100).any()
    assert memory.words[Field.LATE] == 1


def test_sounds_for_a_stream_that_is_gone_are_dropped(memory):
    mixer, player = Mixer(memory), Player(memory, 0)
    player.put(sound(50), 10, 1, 0)
    memory.words[Field.GENERATION] = 2
    assert not play(mixer, [100]).any()
    assert memory.words[Field.LATE] == 0
    player.put(sound(50), 110, 2, 0)
    memory.words[Field.GENERATION] = 3
    assert not play(Mixer(memory), [100], 100).any()


def test_a_full_lane_says_so_and_empties(memory):
    mixer, player = Mixer(memory), Player(memory, 0)
    accepted = 0
    while player.put(sound(10), 10 * accepted, 1, 0):
        accepted += 1
    assert 100 < accepted < 1000
    play(mixer, [20])
    assert player.put(sound(10), 10 * accepted, 1, 0)
    played = play(mixer, [10 * accepted - 10], 20)
    assert (played[0] > 0).all()


def test_memory_for_samples_is_not_overwritten_before_they_were_played(memory):
    mixer, player = Mixer(memory), Player(memory, 0)
    third = LONGEST // 3
    for number in range(3):
        assert player.put(np.full(third, number + 1, np.float32), number * third, 1, 0)
    assert not player.put(np.full(third, 9, np.float32), 3 * third, 1, 0)
    played = play(mixer, [third, third])
    assert (played[0, :third] == 1).all() and (played[0, third:] == 2).all()
    assert player.put(np.full(third, 4, np.float32), 3 * third, 1, 0)
    played = play(mixer, [third, third], 2 * third)
    assert (played[0, :third] == 3).all() and (played[0, third:] == 4).all()


def test_the_longest_sound_can_be_played_again_and_again(memory):
    mixer, player = Mixer(memory), Player(memory, 0)
    for number in range(3):
        assert player.put(np.full(LONGEST, number + 1, np.float32), number * LONGEST, 1, 0)
        assert (play(mixer, [LONGEST], number * LONGEST) == number + 1).all()


def test_a_lane_is_taken_over_from_a_client_that_died(memory):
    mixer = Mixer(memory)
    Player(memory, 2).put(sound(10), 0, 1, 0)
    assert Player(memory, 2).put(sound(10, 100), 10, 1, 0)
    played = play(mixer, [20])
    np.testing.assert_array_equal(played[0], np.concatenate([sound(10), sound(10, 100)]))


def test_the_log_tells_what_was_handed_over(memory):
    for number in range(300):
        Player(memory, 1).put(sound(1), number, 1, 1000 + number)
        play(Mixer(memory), [1], number)
    Player(memory, 3).put(sound(7), 5000, 1, 99)
    log = handed_over(memory)
    assert log[-1] == (5000, 7, 1, 99)
    assert [one.start for one in log[:-1]] == list(range(44, 300))
    assert [one.announced for one in log[:-1]] == list(range(1044, 1300))
