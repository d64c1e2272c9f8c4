# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A JACK server without a sound card, in which :mod:`echo_depth_ros.bench.room` is the device.

Its dummy driver runs at the pace of the computer's clock and, being synchronous, waits for every
client, so no sample is ever lost between them.
"""

from ctypes.util import find_library
import importlib
import os
import shutil
import sys
from typing import TYPE_CHECKING

from echo_depth_ros.bench import jack_traces
from echo_depth_ros.bench.errors import BenchError
from echo_depth_ros.bench.server import Server

if TYPE_CHECKING:
    from echo_depth_ros.bench.room import RoomClient

_MEMORY = 48 << 20
"""Bytes that a server takes in /dev/shm, with some to spare."""

# It must have some device, or PortAudio aborts; one that does not open is not listed.
_NO_CARD = 'pcm.default { type hw card 31 }\nctl.default { type hw card 31 }\n'


def missing() -> str:
    """Why this bench cannot run here, and what to do about it; empty if it can."""
    if not sys.platform.startswith('linux'):
        return f'the JACK bench needs Linux, and this is {sys.platform}'
    if find_library('portaudio') is None:
        return 'PortAudio is not installed: sudo apt install libportaudio2'
    if shutil.which('jackd') is None:
        return 'jackd is not installed: sudo apt install jackd2'
    try:
        importlib.import_module('jack')
    except ModuleNotFoundError:
        return "JACK-Client is not installed: pip install 'echo_depth_ros[bench]'"
    except OSError as error:
        return f'{error}: sudo apt install jackd2'
    try:
        free = os.statvfs(jack_traces.SHARED)
    except OSError:
        return f'{jack_traces.SHARED} does not exist; JACK keeps its memory there'
    if free.f_bavail * free.f_frsize < _MEMORY:
        return (f'{jack_traces.SHARED} has {free.f_bavail * free.f_frsize >> 20} MB free and JACK '
                f'takes {_MEMORY >> 20}: start the container with --shm-size=256m')
    return ''


class JackServer(Server):
    """
    A JACK server with the dummy driver; see :class:`Server`.

    Rooms that were made on it are started again with it, as a device that its server brings.
    """

    def __init__(self, sample_rate: int = 44100):
        """
        Start the server.

        :param sample_rate: Hz; periods are 10 ms.
        :raises BenchError: it cannot run here, or does not start.
        """
        if reason := missing():
            raise BenchError(reason)
        super().__init__()
        self.sample_rate = sample_rate
        self.period = sample_rate // 100
        self.rooms: list['RoomClient'] = []
        # PortAudio looks at ALSA as well, and shall find no card there, not even a real one.
        (self.folder / 'alsa.conf').write_text(_NO_CARD)
        self.environment = {
            'JACK_DEFAULT_SERVER': self.name,
            'JACK_NO_START_SERVER': '1',
            'JACK_NO_AUDIO_RESERVATION': '1',
            'ALSA_CONFIG_PATH': str(self.folder / 'alsa.conf'),
            'PULSE_SERVER': f'unix:{self.folder / "none"}',
        }
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start the server and the rooms that it had; does nothing when it runs."""
        if self.running:
            return
        with jack_traces.start_or_end():
            socket = jack_traces.socket_of(self.name)
            socket.unlink(missing_ok=True)
            # Shorter periods, or an asynchronous server, lose samples on a busy machine. A client
            # that was killed holds up the others for ten times -t, in ms; 5 s if it is left out.
            self._process = self.spawn(
                ['jackd', '-n', self.name, '--port-max', '64', '--no-mlock', '-r', '-S',
                 '-t', '20', '-d', 'dummy', '-r', str(self.sample_rate), '-p', str(self.period),
                 '-C', '2', '-P', '2'], 'jackd.log', self.environment)
            self.await_ready(self._process, 'jackd', 'jackd.log', socket.exists)
            self.guard.jack_server(self.name, self._process.pid)
        for room in self.rooms:
            room.start()

    def close(self) -> None:
        """End the rooms and the server, and remove all traces of them."""
        for room in [*self.rooms]:
            room.close()
        super().close()
