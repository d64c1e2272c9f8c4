# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Each fault of sound, caused on a real stream: the nodes say so, and go on by themselves.

The server comes before the bench among the fixtures: nodes that outlive it keep its memory.
"""

import shutil
import time

import numpy as np
import psutil
import pytest
from sensor_msgs.msg import Image

from echo_depth_ros.nodes.binaural_capture import BinauralCapture
from echo_depth_ros.nodes.chirp_emitter import ChirpEmitter
from echo_depth_ros.nodes.conversions import stamp_from_msg
from echo_depth_ros.nodes.health import Level

CARD = {'backend': 'portaudio', 'input_device': 'room', 'output_device': 'room'}


class Chain:
    """Emitter and capture on one stream, and the windows that come of them."""

    def __init__(self, bench):
        self.bench = bench
        self.windows = bench.collect(Image, 'binaural')
        self.capture = bench.start(BinauralCapture, **CARD)
        self.emitter = bench.start(ChirpEmitter, **CARD, soft_start=0.0)

    def hears(self, timeout=15.0):
        """Wait for windows that begin from now on."""
        since = self.capture.now()
        return self.bench.until(lambda: sum(
            stamp_from_msg(msg.header.stamp) > since for msg in self.windows) >= 8, timeout)

    def says(self, *words):
        """Wait until both nodes warn in one of these words."""
        def warned():
            said = [node.diagnose() for node in (self.capture, self.emitter)]
            return all(status.level == Level.WARN and any(w in status.message for w in words)
                       for status in said)
        return self.bench.until(warned)

    @property
    def values(self):
        return self.capture.diagnose().values


def host_of(server):
    """Return the process that holds the stream."""
    return next(p for p in psutil.process_iter(['cmdline'])
                if 'echo_depth_ros.audio.host' in (p.info['cmdline'] or [])
                and p.environ().get('JACK_DEFAULT_SERVER')
                == server.environment['JACK_DEFAULT_SERVER'])


@pytest.fixture
def room(jack_room):
    response = np.zeros((2, 4096), np.float32)
    response[:, 22], response[:, 500] = 0.3, 0.1
    jack_room.respond(response)
    return jack_room


@pytest.fixture(params=['jack', 'pulse'])
def server(request):
    """Run either server, with a device called room."""
    if request.param == 'pulse':
        return request.getfixturevalue('pulse_server')
    request.getfixturevalue('room')
    return request.getfixturevalue('jack_server')


def test_the_sound_server_dies_and_comes_back(server, bench):
    chain = Chain(bench)
    assert chain.hears()
    server.kill()
    assert chain.says('no sound', 'device', 'being opened')
    server.start()
    assert chain.hears(), chain.values
    assert chain.values['streams opened'] == 2
    assert chain.capture.active and chain.emitter.active


def test_the_sound_server_hangs_and_goes_on(server, bench):
    chain = Chain(bench)
    assert chain.hears()
    server.pause()
    assert chain.says('no sound', 'device', 'being opened')
    server.resume()
    assert chain.hears(), chain.values


def test_the_device_was_never_there_and_appears(jack_server, room, bench):
    room.kill()
    chain = Chain(bench)
    assert chain.says("no input device 'room'")
    room.start()
    assert chain.hears(), chain.values


def test_there_is_no_sound_server_at_all_until_it_starts(pulse_server, bench):
    pulse_server.kill()
    chain = Chain(bench)
    assert chain.says('PortAudio lists none')
    pulse_server.start()
    assert chain.hears(), chain.values


def test_the_device_vanishes_and_returns(jack_server, room, bench):
    chain = Chain(bench)
    assert chain.hears()
    room.kill()
    # JACK goes on with silence; only the missing direct sound tells.
    assert bench.until(lambda: chain.values['chirps not heard'] >= 20)
    room.start()
    assert chain.hears(), chain.values


def test_the_source_moves_in_silence(pulse_server, bench):
    chain = Chain(bench)
    assert chain.hears()
    pulse_server.unload('speaker')
    bench.spin(1.0)
    pulse_server.load('speaker')
    assert chain.hears(), chain.values


@pytest.mark.parametrize('fault', ['kill', 'suspend'])
def test_the_process_that_holds_the_stream_dies_or_hangs(server, bench, fault):
    chain = Chain(bench)
    assert chain.hears()
    host = host_of(server)
    getattr(host, fault)()
    assert bench.until(lambda: not host.is_running() or host.status() == psutil.STATUS_ZOMBIE)
    assert chain.hears(), chain.values
    assert chain.values['streams opened'] >= 2


def test_somebody_deletes_the_memory_that_host_and_nodes_share(
        jack_server, room, bench, tmp_path, monkeypatch):
    monkeypatch.setenv('ECHO_DEPTH_RUNTIME_DIR', str(tmp_path))
    chain = Chain(bench)
    assert chain.hears()
    for folder in tmp_path.glob('*/*'):
        shutil.rmtree(folder)
    assert chain.hears(), chain.values


def test_a_callback_that_stalls_loses_its_gap_only(server, bench):
    chain = Chain(bench)
    assert chain.hears()
    # On a busy machine a stall lasts longer than it was meant to, and ends the stream.
    for _ in range(5):
        host, opened = host_of(server), chain.values['streams opened']
        host.suspend()
        time.sleep(0.12)
        host.resume()
        assert chain.hears(), chain.values
        if chain.values['streams opened'] == opened:
            return
    pytest.fail(f'no short stall was survived: {chain.values}')


def test_frames_that_were_lost_are_counted_and_never_become_a_window(jack_server, room, bench):
    chain = Chain(bench)
    assert chain.hears()
    overflows = chain.values['overflows']
    # The server waits for nobody for longer than its period when it has to catch up.
    jack_server.pause()
    time.sleep(0.12)
    jack_server.resume()
    assert bench.until(lambda: chain.values['overflows'] > overflows), chain.values
    assert chain.hears(), chain.values
    assert chain.values['bad windows'] == 0


def test_the_ears_leave_and_the_mouth_plays_on(jack_server, room, bench):
    chain = Chain(bench)
    assert chain.hears()
    chain.capture.trigger_deactivate()
    heard = len(room.truth())
    assert bench.until(lambda: len(room.truth()) > heard + 10)
    chain.capture.trigger_activate()
    assert chain.hears()
    assert chain.values['streams opened'] == 1
    assert chain.emitter.diagnose().values['missed chirps'] == 0


def test_two_emitters_at_once_are_named_and_what_they_spoil_is_left_out(jack_server, room, bench):
    chain = Chain(bench)
    assert chain.hears()
    other = bench.start(ChirpEmitter, **CARD, ping_rate=11.0, soft_start=0.0)
    assert bench.until(lambda: chain.values['chirps overlapping'] > 5)
    assert '2 nodes publish' in chain.capture.diagnose().message
    other.trigger_shutdown()
    bench.executor.remove_node(other)
    other.destroy_node()
    assert chain.hears(), chain.values
