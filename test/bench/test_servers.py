# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The bench's servers can be broken at will, do not meet, and leave nothing behind."""

import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
import psutil
import pytest

from echo_depth_ros.bench import jack, pulse
from echo_depth_ros.bench.errors import BenchError
from echo_depth_ros.bench.room import RoomClient

SHARED = Path('/dev/shm')
CLICKS = np.zeros(30870, np.float32)
CLICKS[4410::4410] = 0.5


def traces(name):
    """List what there is of a server of that name: processes, folders, shared memory."""
    found = [f'/dev/shm/{path.name}' for path in SHARED.iterdir() if name in path.name]
    found += [str(path) for path in Path(tempfile.gettempdir()).glob(f'*{name}*')]
    registry = SHARED / 'jack-shm-registry'
    content = registry.read_bytes() if registry.exists() else b''
    at = content.find(f':{name}:'.encode())
    if at >= 0:
        start = content.rindex(b'\0', 0, at) + 1
        if any(content[start - 4:start]):
            found.append('a place in the registry')
    for process in psutil.process_iter(['cmdline', 'pid']):
        if name in ' '.join(process.info['cmdline'] or ()):
            found.append(f'process {process.info["pid"]}')
    return found


def segments():
    """Inodes of all servers' memory."""
    return {path.stat().st_ino for path in SHARED.glob('jack-*-*[0-9]')}


def wait_until(true, seconds=5.0):
    patience = time.monotonic() + seconds
    while not true() and time.monotonic() < patience:
        time.sleep(0.02)
    return true()


@pytest.fixture
def others_servers():
    """Say whether other JACK servers run, which use what all servers share."""
    return any('jackd' in (p.info['name'] or '') for p in psutil.process_iter(['name']))


@pytest.mark.parametrize('end', ['close', 'kill and close', 'kill, start and close'])
def test_jack_leaves_nothing_behind(end, others_servers):
    if reason := jack.missing():
        pytest.skip(reason)
    before = segments()
    children = {child.pid for child in psutil.Process().children()}
    server = jack.JackServer()
    room = RoomClient(server)
    own = segments() - before
    assert traces(server.name) and own
    if 'kill' in end:
        server.kill()
        assert wait_until(lambda: not room.running)
    if 'start' in end:
        server.start()
        assert room.running
    server.close()
    assert traces(server.name) == []
    assert {child.pid for child in psutil.Process().children()} == children
    if not others_servers:
        assert not [path.name for path in SHARED.glob('jack*')]
    server.close()


def test_pulse_leaves_nothing_behind():
    if reason := pulse.missing():
        pytest.skip(reason)
    with pulse.PulseServer() as server:
        assert traces(server.name)
    assert traces(server.name) == []
    assert not list(SHARED.glob('pulse-shm-*'))


MAKER = """
import json, time
from echo_depth_ros.bench.jack import JackServer
from echo_depth_ros.bench.pulse import PulseServer
from echo_depth_ros.bench.room import RoomClient
jack, pulse = JackServer(), PulseServer()
room = RoomClient(jack)
jack.pause()
print(json.dumps([jack.name, pulse.name, [jack.pid, pulse.pid, room.pid]]), flush=True)
time.sleep(60)
"""


def test_nothing_outlives_its_maker():
    """Not even servers that hang, of a maker that was killed."""
    if reason := jack.missing() or pulse.missing():
        pytest.skip(reason)
    with subprocess.Popen([sys.executable, '-c', MAKER], stdout=subprocess.PIPE) as maker:
        *names, pids = json.loads(maker.stdout.readline())
        assert all(psutil.pid_exists(pid) for pid in pids)
        maker.send_signal(signal.SIGKILL)
    assert wait_until(lambda: not any(map(traces, names))), list(map(traces, names))
    assert not any(psutil.pid_exists(pid) and
                   psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids)


def test_two_jack_benches_side_by_side(jack_room, player):
    if reason := jack.missing():  # memory for a second one
        pytest.skip(reason)
    with jack.JackServer() as other, RoomClient(other) as elsewhere:
        for room in (jack_room, elsewhere):
            room.respond(np.ones((2, 1)))
        heard = player.play(CLICKS)
        assert heard.max() > 0.4
        assert jack_room.truth() and not elsewhere.truth()
    assert player.play(CLICKS).max() > 0.4


def test_jack_comes_back_with_its_room(jack_room, player):
    jack_room.respond(np.ones((2, 1)))
    for _ in range(3):
        jack_room.server.kill()
        assert jack_room.server.pid == 0
        jack_room.server.start()
        assert player.play(CLICKS).max() > 0.4


def test_a_paused_jack_server_goes_on(jack_room, player):
    jack_room.respond(np.ones((2, 1)))
    jack_room.server.pause()
    time.sleep(0.1)
    before = jack_room.end_frame
    time.sleep(0.3)
    assert jack_room.end_frame == before
    jack_room.server.resume()
    assert wait_until(lambda: jack_room.end_frame > before)
    assert player.play(CLICKS).max() > 0.4


def test_pulse_plays_back_exactly(pulse_server, player):
    heard = player.play(np.concatenate([CLICKS, CLICKS]))
    clicks = np.flatnonzero(heard[0])
    np.testing.assert_array_equal(heard[0], heard[1])
    assert len(clicks) >= 10 and set(heard[0, clicks]) == {np.float32(0.5)}


def test_two_pulse_benches_side_by_side(pulse_server, player):
    with pulse.PulseServer():
        assert player.play(CLICKS).max() == 0.5
    assert player.play(CLICKS).max() == 0.5


def test_pulse_can_be_broken_and_mended(pulse_server, player):
    pulse_server.kill()
    assert not pulse_server.running
    pulse_server.start()
    assert player.play(CLICKS).max() == 0.5
    pulse_server.pause()
    with pytest.raises(BenchError, match='is it paused'):
        pulse_server.patience = 0.3
        pulse_server.unload('speaker')
    pulse_server.resume()
    pulse_server.patience = 5
    pulse_server.load('speaker')
    assert player.play(CLICKS).max() == 0.5


def test_pulse_sinks_come_and_go(pulse_server, player):
    pulse_server.unload('speaker')
    with pytest.raises(BenchError, match="no sink 'speaker'; there are \\['spare'\\]"):
        pulse_server.unload('speaker')
    assert player.play(CLICKS, device='spare_room').max() == 0.5
    pulse_server.load('speaker')
    assert player.play(CLICKS).max() == 0.5


def test_says_why_a_server_does_not_start():
    if reason := pulse.missing():
        pytest.skip(reason)
    folders = set(Path(tempfile.gettempdir()).glob('echo-depth-bench-*'))
    with pytest.raises(BenchError, match='(?s)without .*speaker.*Invalid sample'):
        pulse.PulseServer(sample_rate=10**9)
    assert set(Path(tempfile.gettempdir()).glob('echo-depth-bench-*')) <= folders


def test_a_server_that_does_not_run_cannot_be_paused(pulse_server):
    pulse_server.kill()
    with pytest.raises(BenchError, match='does not run'):
        pulse_server.pause()


@pytest.mark.parametrize(('bench', 'package'), [(jack, 'jackd2'), (pulse, 'pulseaudio')])
def test_says_what_to_install(bench, package, monkeypatch):
    monkeypatch.setenv('PATH', '/nonexistent')
    monkeypatch.setattr(bench, 'find_library', lambda name: f'lib{name}.so')
    assert bench.missing().endswith(f'sudo apt install {package}')
    monkeypatch.setattr(bench, 'find_library', lambda name: None)
    assert bench.missing().endswith('sudo apt install libportaudio2')
    with pytest.raises(BenchError, match='sudo apt install libportaudio2'):
        bench.JackServer() if bench is jack else bench.PulseServer()


def test_environment_reaches_no_other_card(jack_server):
    """On a desktop too: the bench must not touch the cards and servers of its user."""
    listing = subprocess.run(
        [sys.executable, '-c', 'import sounddevice; print([d["name"] for d in '
         'sounddevice.query_devices()])'], capture_output=True, text=True, env={**os.environ})
    assert listing.stdout.strip() == "['system']"
