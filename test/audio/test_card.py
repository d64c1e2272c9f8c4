# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import errno
import gc
import os
from threading import Timer
import time

import numpy as np
import pytest

from echo_depth_ros.audio.card import Card
from echo_depth_ros.audio.errors import (
    AudioError,
    DeviceLostError,
    GapError,
    OverrunError,
    ReadTimeoutError,
)
from echo_depth_ros.audio.host.memory import Field
from echo_depth_ros.audio.interface import Microphones, Speaker
from echo_depth_ros.audio.settings import CardSettings

from .acted_host import ActedHost, Flags

SETTINGS = CardSettings(input_device='room', output_device='room')
START = 1_000_000


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    monkeypatch.setenv('ECHO_DEPTH_RUNTIME_DIR', str(tmp_path))


@pytest.fixture
def acted(runtime):
    host = ActedHost(SETTINGS)
    yield host
    host.close()


@pytest.fixture
def card(acted):
    said = []
    card = Card(SETTINGS, log=lambda level, text: said.append((level, text)),
                to_clock=lambda stamp: stamp + 5_000_000_000,
                from_clock=lambda stamp: stamp - 5_000_000_000)
    card.said = said
    yield card
    acted.close()
    card.close()


def block(value, count=441):
    return np.stack([np.full(count, value), np.full(count, -value)]).astype(np.float32)


def test_speaker_and_ears_keep_the_protocols(card):
    assert isinstance(card.speaker(), Speaker)
    assert isinstance(card.microphones(), Microphones)


def test_while_there_is_no_device_the_problem_is_told(acted, card):
    assert (card.state, card.problem) == ('starting', 'the sound card is being opened')
    acted.wait('no input device: PortAudio lists none at all')
    assert (card.state, 'lists none at all' in card.problem) == ('waiting', True)
    speaker, ears = card.speaker(), card.microphones()
    assert not speaker.connected and not ears.receiving
    with pytest.raises(DeviceLostError, match='lists none at all'):
        speaker.play(np.ones(5))
    with pytest.raises(ReadTimeoutError, match='lists none at all'):
        ears.read(0, 10, 0.0)
    for ask in (lambda: speaker.stamp(0), lambda: ears.stamp(0), lambda: ears.frame_at(0)):
        with pytest.raises(DeviceLostError, match='no frame has a time yet.*lists none'):
            ask()
    deadline = time.monotonic() + 2
    while not card.said and time.monotonic() < deadline:
        time.sleep(0.01)
    assert card.said == [('warning', 'no input device: PortAudio lists none at all')]


def test_a_full_disk_is_told_and_passes(acted, card, monkeypatch):
    acted.stream(44100, START)
    acted.feed(block(0))
    speaker = card.speaker()

    def full(*_):
        raise OSError(errno.ENOSPC, 'No space left on device')
    with monkeypatch.context() as patch:
        patch.setattr(os, 'posix_fallocate', full)
        for _ in range(10):
            with pytest.raises(AudioError, match='No space left on device; make room there'):
                speaker.play(np.ones(5))
    assert speaker.play(np.ones(5)).frame > START


def test_what_is_played_and_heard_count_on_one_counter(acted, card):
    acted.stream(44100, START)
    acted.feed(block(0.0))
    speaker, ears = card.speaker(), card.microphones()
    assert (card.state, card.problem, card.generation) == ('streaming', '', 1)
    assert speaker.connected and ears.receiving
    assert speaker.sample_rate == ears.sample_rate == card.device_rate == 44100
    played = speaker.play(np.array([0.5, 0.25], np.float32), START + 1000)
    assert played.frame == START + 1000
    assert played.stamp == speaker.stamp(START + 1000)
    assert played.stamp == round((START + 1000) / 44100 * 1e9) + 5_000_000_000
    out = np.concatenate([acted.feed(block(number)) for number in (1, 2)], axis=1)
    assert np.flatnonzero(out[0]).tolist() == [1000 - 441, 1001 - 441]
    assert ears.end_frame == START + 3 * 441
    heard = ears.read(START + 441 + 440, 2, 0.0)
    np.testing.assert_array_equal(heard, [[1, 2], [-1, -2]])


def test_a_chirp_is_snapped_to_the_frame_it_was_played_on(acted, card):
    acted.stream(44100, START)
    acted.feed(block(0.0))
    speaker, ears = card.speaker(), card.microphones()
    for frame in (START + 5000, START + 9000):
        stamp = speaker.play(np.ones(5), frame).stamp
        for off in (-4_900_000, 0, 4_900_000):
            assert ears.chirp_frame(stamp + off) == frame
    away = stamp + 6_000_000  # nothing was played then
    assert ears.chirp_frame(away) == ears.frame_at(away) == pytest.approx(frame + 264.6, abs=1)


def test_a_chirp_of_another_stream_is_placed_by_time(acted, card):
    acted.stream(44100, START, duplex=False)
    acted.feed(block(0.0))
    stamp = card.speaker().play(np.ones(5), START + 5000).stamp
    assert card.microphones().chirp_frame(stamp + 1_000_000) == START + 5044


def test_the_first_possible_frame_is_played(acted, card):
    acted.stream(44100, START)
    acted.feed(block(0.0))
    acted.memory.words[Field.CALLBACK_AT] = time.monotonic_ns()
    speaker = card.speaker()
    frame = speaker.play(np.ones(5)).frame
    assert START + 882 < frame < START + 882 + 4410
    acted.memory.words[Field.RECENT_PAUSE] = 200_000_000
    assert speaker.next_frame > START + 882 + 8820


@pytest.mark.parametrize('sound', [np.ones((2, 5)), [], [float('nan')], np.ones(1 << 19)])
def test_sounds_that_cannot_be_played(acted, card, sound):
    acted.stream(44100, START)
    acted.feed(block(0.0))
    with pytest.raises(ValueError, match='cannot be played'):
        card.speaker().play(sound)


def test_the_past_cannot_be_played(acted, card):
    acted.stream(44100, START)
    acted.feed(block(0.0))
    with pytest.raises(ValueError, match=f'frame {START + 441} has passed'):
        card.speaker().play(np.ones(5), START + 441)


def test_too_many_sounds(acted, card):
    acted.stream(44100, START)
    acted.feed(block(0.0))
    speaker = card.speaker()
    with pytest.raises(DeviceLostError, match='too many sounds'):
        for number in range(1000):
            speaker.play(np.ones(5), START + 10000 + number)


def test_gain_and_swap(acted, card):
    acted.stream(44100, START)
    acted.feed(block(1.0))
    ears = card.microphones()
    ears.gain = (2.0, 3.0)
    np.testing.assert_array_equal(ears.read(START, 1, 0.0), [[2], [-3]])
    ears.swap = True
    np.testing.assert_array_equal(ears.read(START, 1, 0.0), [[-2], [3]])
    ears.gain = (1.0, 1.0)
    np.testing.assert_array_equal(ears.read(START, 1, 0.0), [[-1], [1]])


def test_a_reader_waits_for_its_frames(acted, card):
    acted.stream(44100, START)
    acted.feed(block(1.0))
    timer = Timer(0.1, lambda: acted.feed(block(2.0)))
    timer.start()
    heard = card.microphones().read(START + 400, 100, 5.0)
    assert (heard[0, :41] == 1).all() and (heard[0, 41:] == 2).all()
    timer.join()


def test_lost_frames_and_old_frames(acted, card):
    acted.stream(44100, START)
    ears = card.microphones()
    acted.feed(block(1.0))
    acted.feed(block(2.0), Flags(input_overflow=True))
    with pytest.raises(GapError, match=f'go on at frame {START + 442}'):
        ears.read(START, 882, 0.0)
    with pytest.raises(OverrunError):
        ears.read(START - 1, 10, 0.0)
    assert card.overflows == ears.overflows == card.discontinuities == 1


def test_it_lives_through_the_loss_of_the_device(acted, card):
    speaker, ears = card.speaker(), card.microphones()
    acted.stream(44100, START)
    acted.feed(block(1.0))
    acted.wait('the device is gone')
    with pytest.raises(DeviceLostError, match='the device is gone'):
        speaker.play(np.ones(5))
    with pytest.raises(ReadTimeoutError, match='the device is gone'):
        ears.read(START + 441, 10, 0.05)
    acted.stream(44100, START + 50000)
    acted.feed(block(2.0))
    with pytest.raises(GapError, match=f'go on at frame {START + 50000}'):
        ears.read(START + 441, 10, 1.0)
    np.testing.assert_array_equal(ears.read(START, 1, 0.0), [[1], [-1]])
    np.testing.assert_array_equal(ears.read(START + 50000, 1, 0.0), [[2], [-2]])
    assert card.generation == 2
    assert speaker.play(np.ones(5)).frame > START + 50000


def test_a_card_at_another_rate_is_resampled(acted, card):
    acted.stream(48000, 48000 * 20)
    seconds = np.arange(48000) / 48000
    sine = 0.5 * np.sin(2 * np.pi * 1000 * seconds)
    for first in range(0, 48000, 480):
        acted.feed(np.stack([sine, -sine])[:, first:first + 480].astype(np.float32))
    ears = card.microphones()
    assert ears.sample_rate == 44100 and card.speaker().sample_rate == 48000
    assert 44100 * 21 - 100 < ears.end_frame < 44100 * 21
    start, count = 44100 * 20 + 500, 40000
    expected = 0.5 * np.sin(2 * np.pi * 1000 * (np.arange(count) + 500) / 44100)
    heard = ears.read(start, count, 0.0)
    np.testing.assert_allclose(heard, np.stack([expected, -expected]), atol=2e-4)
    np.testing.assert_array_equal(ears.read(start + 777, 1000, 0.0), heard[:, 777:1777])
    assert ears.stamp(44100 * 20) == 25_000_000_000
    assert ears.frame_at(25_000_000_000) == 44100 * 20
    stamp = card.speaker().play(np.ones(5), 48000 * 30).stamp
    assert ears.chirp_frame(stamp) == 44100 * 30
    with pytest.raises(OverrunError, match='frames of the card, which runs at 48000 Hz'):
        ears.read(44100 * 20 - 500, 100, 0.0)


def test_closing_wakes_a_reader(acted, card):
    acted.stream(44100, START)
    acted.feed(block(1.0))
    ears = card.microphones()
    timer = Timer(0.1, ears.close)
    timer.start()
    began = time.monotonic()
    with pytest.raises(DeviceLostError):
        ears.read(START + 441, 10, 10.0)
    assert time.monotonic() - began < 2
    timer.join()
    speaker = card.speaker()
    speaker.close()
    with pytest.raises(DeviceLostError):
        speaker.play(np.ones(5))
    assert card.state == 'streaming'  # the card is still open for others


def test_after_closing_the_card_nothing_goes(acted, card):
    acted.stream(44100, START)
    acted.feed(block(1.0))
    speaker, ears = card.speaker(), card.microphones()
    card.close()
    card.close()
    with pytest.raises(DeviceLostError, match='the sound card was closed'):
        speaker.play(np.ones(5))
    with pytest.raises(DeviceLostError):
        ears.read(START, 1, 0.0)
    assert card.problem == 'the sound card was closed'


def test_four_may_play_and_no_more(acted):
    acted.stream(44100, START)
    acted.feed(block(0.0))
    cards = [Card(SETTINGS, log=lambda level, text: None) for _ in range(5)]
    for number, card in enumerate(cards[:4]):
        card.speaker().play(np.ones(5), START + 1000 + 10 * number)
    with pytest.raises(RuntimeError, match='4 programs play on this card already'):
        cards[4].speaker().play(np.ones(5), START + 2000)
    cards[0].close()
    cards[4].speaker().play(np.ones(5), START + 2000)
    out = np.concatenate([acted.feed(block(0.0)) for _ in range(5)], axis=1)
    assert np.count_nonzero(out[0]) == 25
    acted.close()
    for card in cards:
        card.close()


@pytest.mark.parametrize('missing, ask', [
    ({'output_device': None}, Card.speaker), ({'input_device': None}, Card.microphones)])
def test_what_was_not_opened_is_not_there(runtime, missing, ask):
    settings = CardSettings(**missing)
    host = ActedHost(settings)
    card = Card(settings)
    with pytest.raises(ValueError, match='this card was opened without'):
        ask(card)
    host.close()
    card.close()


def test_a_deleted_folder_is_made_anew(acted, card):
    acted.stream(44100, START)
    acted.folder.clear()
    deadline = time.monotonic() + 3
    while card.generation and time.monotonic() < deadline:
        time.sleep(0.02)
    assert card.generation == 0
    assert card.state != 'streaming'


def test_cards_leave_no_open_files(acted):
    def opened():
        gc.collect()
        return len(os.listdir('/proc/self/fd'))
    before = opened()
    for _ in range(3):
        card = Card(SETTINGS, log=lambda level, text: None)
        acted.stream(44100, START)
        acted.feed(block(0.0))
        card.speaker().play(np.ones(5), START + 2000)
        card.close()
    del card
    assert opened() == before
