# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Hosts as real processes; where PortAudio would be is a device that the test writes to a file."""

import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest

from echo_depth_ros.audio.card import Card
from echo_depth_ros.audio.errors import GapError, ReadTimeoutError
from echo_depth_ros.audio.host import link
from echo_depth_ros.audio.host.memory import Field
from echo_depth_ros.audio.settings import CardSettings

SETTINGS = CardSettings(input_device='fake', output_device='fake', sample_rate=8000)
FAKE = Path(__file__).with_name('fake_portaudio.py')


def silent(level, text):
    pass


class Bench:
    """A fake device: what it does is in a file that its hosts read all the time."""

    def __init__(self, folder):
        self.path = folder / 'device.json'
        self.root = folder

    def be(self, **what):
        new = self.path.with_suffix('.new')
        new.write_text(json.dumps(what))
        new.replace(self.path)

    def folders(self):
        return list(self.root.glob('echo_depth_ros-*/*'))


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv('ECHO_DEPTH_RUNTIME_DIR', str(tmp_path))
    bench = Bench(tmp_path)
    bench.be(there=True, flows=True)
    monkeypatch.setenv('FAKE_DEVICE', str(bench.path))
    monkeypatch.setattr(link, 'HOST_COMMAND', (sys.executable, str(FAKE)))
    return bench


@pytest.fixture
def card(bench):
    card = Card(SETTINGS, log=silent)
    yield card
    card.close()


def client():
    """Start another process that attaches, and return it and the newest frame that it saw."""
    program = (
        'import time\n'
        'from echo_depth_ros.audio.card import Card\n'
        'from echo_depth_ros.audio.host import link\n'
        'from echo_depth_ros.audio.settings import CardSettings\n'
        f'link.HOST_COMMAND = {link.HOST_COMMAND!r}\n'
        f'card = Card(CardSettings.from_json({SETTINGS.to_json()!r}))\n'
        'while card.state != "streaming": time.sleep(0.01)\n'
        'print(card.microphones().end_frame, flush=True)\n'
        'time.sleep(60)\n')
    process = subprocess.Popen([sys.executable, '-c', program], stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline())


def until(condition, seconds=8.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, 'it did not happen'
        time.sleep(0.01)


def streams(card, generation=1):
    return lambda: card.state == 'streaming' and card.generation >= generation


def pid(card):
    return card.link.memory.words[Field.PID]


def alive(process):
    try:
        return 'Z' not in Path(f'/proc/{process}/stat').read_text().rpartition(')')[2].split()[0]
    except FileNotFoundError:
        return False


def test_a_host_starts_streams_and_ends_with_its_last_client(bench, card):
    until(streams(card))
    assert (card.input_name, card.output_name, card.host_api) == ('fake', 'fake', 'Fake')
    assert card.latency_s == (0.01, 0.02)
    assert card.device_rate == 8000
    host = pid(card)
    other = Card(SETTINGS, log=silent)
    assert pid(other) == host and other.state == 'streaming'
    card.close()
    assert alive(host) and other.state == 'streaming'
    other.close()
    until(lambda: not alive(host), 2)
    assert bench.folders() == []


def test_frames_follow_the_clock(card):
    until(streams(card))
    ears = card.microphones()
    end, now = ears.end_frame, time.monotonic()
    assert end / 8000 == pytest.approx(now, abs=0.2)
    assert ears.stamp(end) / 1e9 == pytest.approx(now, abs=0.2)
    ears.read(end, 800, 2.0)


def test_a_missing_device_is_waited_for(bench):
    bench.be(there=False)
    said = []
    card = Card(SETTINGS, log=lambda level, text: said.append((level, text)))
    until(lambda: card.state == 'waiting')
    assert 'no input device' in card.problem
    with pytest.raises(ReadTimeoutError, match='no input device'):
        card.microphones().read(0, 10, 0.0)
    host = pid(card)
    bench.be(there=True, flows=True)
    until(streams(card), 3)
    assert pid(card) == host and card.restarts == 0 and card.generation == 1
    until(lambda: len(said) == 2)
    assert said[0][0] == 'warning' and 'no input device' in said[0][1]
    assert said[1][0] == 'info' and '8000 Hz' in said[1][1]
    card.close()


def test_a_killed_host_is_replaced_and_only_the_gap_is_lost(card):
    until(streams(card))
    ears = card.microphones()
    first = ears.end_frame
    ears.read(first, 400, 2.0)
    began = time.monotonic()
    os.kill(pid(card), signal.SIGKILL)
    until(streams(card, 2))
    assert time.monotonic() - began < 3
    assert card.restarts == card.discontinuities == 1
    ears.read(first, 400, 0.0)
    end = ears.end_frame
    with pytest.raises(GapError):
        ears.read(first, end - first, 1.0)
    assert end > first + 400
    ears.read(end, 400, 2.0)


def test_a_host_that_hangs_is_killed(card):
    until(streams(card))
    host = pid(card)
    began = time.monotonic()
    os.kill(host, signal.SIGSTOP)
    until(streams(card, 2))
    assert time.monotonic() - began < 3
    until(lambda: not alive(host), 1)


def test_a_stalled_stream_is_replaced(bench, card):
    until(streams(card))
    bench.be(there=True, flows=False)
    until(lambda: card.state != 'streaming', 1.5)
    until(lambda: 'no sound' in card.problem)
    bench.be(there=True, flows=True)
    until(streams(card, 2), 4)


def test_a_call_that_hangs_ends_the_host(bench):
    bench.be(there=True, flows=True, hangs=True)
    card = Card(SETTINGS, log=silent)
    until(lambda: 'took longer than 3 s' in card.problem)
    bench.be(there=True, flows=True)
    until(streams(card), 3)
    card.close()


def test_a_host_that_fails_says_why(bench):
    bench.be(there=True, bug=True)
    card = Card(SETTINGS, log=silent)
    until(lambda: "the audio host died of 'RuntimeError: a bug'" in card.problem)
    bench.be(there=True, flows=True)
    until(streams(card), 3)
    card.close()


def test_reopening(card):
    until(streams(card))
    host = pid(card)
    card.reopen('it is deaf')
    until(streams(card, 2), 3)
    assert pid(card) != host


def test_two_processes_share_a_host_and_one_may_be_killed(bench, card):
    until(streams(card))
    other, end = client()
    assert card.generation == 1
    assert abs(end - card.microphones().end_frame) < 8000
    other.kill()
    other.communicate()
    host = pid(card)
    time.sleep(0.3)
    assert alive(host) and card.state == 'streaming' and card.discontinuities == 0
    card.close()
    assert bench.folders() == []


def test_who_started_the_host_may_be_killed(bench):
    first, _ = client()
    card = Card(SETTINGS, log=silent)
    host = pid(card)
    assert card.state == 'streaming'
    first.kill()
    first.communicate()
    time.sleep(0.3)
    assert alive(host) and card.state == 'streaming' and card.restarts == 0
    card.close()
    until(lambda: not bench.folders(), 2)


def test_a_host_whose_clients_were_all_killed_ends(bench):
    only, _ = client()
    assert len(bench.folders()) == 1
    only.kill()
    only.communicate()
    until(lambda: not bench.folders(), 3)
