# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Cards on real PortAudio streams, against sound servers of the test's own."""

import subprocess
import sys
import time

import numpy as np
import pytest

from echo_depth_ros.audio.card import Card
from echo_depth_ros.audio.errors import AudioError
from echo_depth_ros.audio.settings import CardSettings

SHARED = CardSettings(input_device='room', output_device='room')
CLICK = np.zeros(64, np.float32)
CLICK[:2] = 0.5, -0.25


@pytest.fixture(autouse=True)
def runtime(tmp_path, monkeypatch):
    monkeypatch.setenv('ECHO_DEPTH_RUNTIME_DIR', str(tmp_path))


@pytest.fixture
def attach():
    cards = []

    def attach(settings=SHARED, wait=True):
        cards.append(Card(settings, log=lambda level, text: None))
        if wait:
            until(lambda: cards[-1].state == 'streaming', cards[-1])
        return cards[-1]
    yield attach
    for card in cards:
        card.close()


def until(condition, card, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, card.problem
        time.sleep(0.01)


def delay(speaker, ears):
    """Play a click and return how many frames later it is heard, left."""
    frame = ears.chirp_frame(speaker.play(CLICK).stamp)
    heard = ears.read(frame, 10000, 3.0)
    assert np.abs(heard[0]).max() > 0.1, 'nothing was heard'
    return int(np.argmax(np.abs(heard[0])))


def recovery(card, since):
    """Play until something is heard; return seconds since then."""
    speaker, ears = card.speaker(), card.microphones()
    while True:
        try:
            delay(speaker, ears)
            return time.monotonic() - since
        except (AudioError, AssertionError):
            assert time.monotonic() - since < 10, card.problem
            time.sleep(0.02)


def test_the_loop_delay_is_the_same_to_the_sample(jack_room, attach):
    jack_room.respond(np.array([[0.5], [0.25]], np.float32))
    card = attach()
    speaker, ears = card.speaker(), card.microphones()
    delays = set()
    for _ in range(20):
        try:
            delays.add(delay(speaker, ears))
        except AudioError:
            pass  # The machine was too busy for a moment; that is not what is tested.
    assert 0 < len(delays) <= 1 + card.discontinuities


def test_two_processes_share_one_stream_and_one_counter(jack_room, attach):
    jack_room.respond(np.array([[0.5], [0.25]], np.float32))
    program = (
        'import numpy as np, time\n'
        'from echo_depth_ros.audio.card import Card\n'
        'from echo_depth_ros.audio.settings import CardSettings\n'
        f'card = Card(CardSettings.from_json({SHARED.to_json()!r}))\n'
        'while card.state != "streaming": time.sleep(0.01)\n'
        'speaker = card.speaker()\n'
        'frame = speaker.next_frame + 4410\n'
        'for _ in range(20):\n'
        '    played = speaker.play(np.array([0.5], np.float32), frame)\n'
        '    print(played.frame, played.stamp, flush=True)\n'
        '    frame += 4000\n'
        '    time.sleep(4000 / 44100)\n'
        'time.sleep(60)\n')
    player = subprocess.Popen([sys.executable, '-c', program], stdout=subprocess.PIPE, text=True)
    try:
        card = attach()
        ears = card.microphones()
        delays = set()
        for _ in range(20):
            frame, stamp = map(int, player.stdout.readline().split())
            assert ears.chirp_frame(stamp) == frame
            try:
                heard = ears.read(frame + 400, 4000, 3.0)
            except AudioError:
                continue  # The machine was too busy for a moment; that is not what is tested.
            if heard.any():
                delays.add(int(np.argmax(np.abs(heard[0]))))
        restarts = card.restarts
    finally:
        player.kill()
        player.communicate()
    assert 0 < len(delays) <= 1 + card.discontinuities
    time.sleep(0.3)
    assert card.state == 'streaming' and card.restarts == restarts


def test_the_sound_server_dies_and_comes_back(pulse_server, attach):
    card = attach()
    recovery(card, time.monotonic())
    pulse_server.kill()
    until(lambda: 'no input device' in card.problem, card)
    pulse_server.start()
    assert recovery(card, time.monotonic()) < 3
    assert card.restarts == 1


def test_the_sound_server_stalls(pulse_server, attach):
    card = attach()
    recovery(card, time.monotonic())
    pulse_server.pause()
    until(lambda: card.problem, card)
    pulse_server.resume()
    assert recovery(card, time.monotonic()) < 3


def test_a_device_that_was_never_there_appears(pulse_server, attach):
    pulse_server.kill()
    card = attach(wait=False)
    until(lambda: 'no input device' in card.problem, card)
    pulse_server.start()
    assert recovery(card, time.monotonic()) < 3


def test_two_devices_are_aligned_by_time(pulse_server, attach):
    mouth = attach(CardSettings(input_device=None, output_device='room'))
    head = attach(CardSettings(input_device='room', output_device=None))
    speaker, ears = mouth.speaker(), head.microphones()
    time.sleep(1)
    delays = []
    for _ in range(10):
        frame = ears.chirp_frame(speaker.play(CLICK).stamp) - 2000
        heard = ears.read(frame, 8000, 3.0)
        delays.append(int(np.argmax(np.abs(heard[0]))) - 2000)
    assert max(delays) - min(delays) < 200
