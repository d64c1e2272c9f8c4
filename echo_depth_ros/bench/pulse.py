# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A PulseAudio server without a sound card, for what goes wrong on a desktop.

PortAudio reaches it through ALSA, as it does on a desktop. What is played into one of its sinks
is heard from the same sink's monitor, with no room between.
"""

from ctypes.util import find_library
import os
from pathlib import Path
import shutil
import subprocess
import sys

from echo_depth_ros.bench.errors import BenchError
from echo_depth_ros.bench.server import Server

SINKS = ('speaker', 'spare')
"""Sinks that a server has from the start."""

_DEVICES = """
pcm.{name} {{
    type asym
    playback.pcm {{ type pulse device "{sink}" }}
    capture.pcm {{ type pulse device "{sink}.monitor" }}
    hint {{ show on description "{name}" }}
}}
"""
_SINK = 'module-null-sink sink_name={} rate={} format=float32le channels=2 norewinds=1'


def missing() -> str:
    """Why this bench cannot run here, and what to do about it; empty if it can."""
    if not sys.platform.startswith('linux'):
        return f'the PulseAudio bench needs Linux, and this is {sys.platform}'
    if find_library('portaudio') is None:
        return 'PortAudio is not installed: sudo apt install libportaudio2'
    for program, package in (('pulseaudio', 'pulseaudio'), ('pactl', 'pulseaudio-utils')):
        if shutil.which(program) is None:
            return f'{program} is not installed: sudo apt install {package}'
    if not any(Path('/usr').glob('lib*/**/alsa-lib/libasound_module_pcm_pulse.so')):
        return "ALSA's PulseAudio plugin is not installed: sudo apt install libasound2-plugins"
    return ''


class PulseServer(Server):
    """
    A PulseAudio server; see :class:`Server`.

    For each sink there is a duplex device in PortAudio: ``room`` plays into the sink ``speaker``
    and hears its monitor, ``spare_room`` does so with the sink ``spare``.
    """

    def __init__(self, sample_rate: int = 44100):
        """
        Start the server.

        :param sample_rate: of the sinks, Hz.
        :raises BenchError: it cannot run here, or does not start.
        """
        if reason := missing():
            raise BenchError(reason)
        super().__init__()
        self.sample_rate = sample_rate
        self._loaded = set(SINKS)
        self._socket = self.folder / 'native'
        own = {name: self.folder / name for name in ('runtime', 'home')}
        for path in own.values():
            path.mkdir(mode=0o700)
        (self.folder / 'client.conf').write_text('autospawn = no\nenable-shm = no\n')
        (self.folder / 'daemon.conf').write_text('')
        (self.folder / 'alsa.conf').write_text(
            _DEVICES.format(name='room', sink='speaker')
            + _DEVICES.format(name='spare_room', sink='spare')
            # PortAudio aborts without any of that name.
            + 'pcm.default { type hw card 31 }\nctl.default { type hw card 31 }\n')
        self.environment = {
            'PULSE_SERVER': f'unix:{self._socket}',
            'PULSE_RUNTIME_PATH': str(own['runtime']),
            'PULSE_COOKIE': str(self.folder / 'cookie'),
            'PULSE_CLIENTCONFIG': str(self.folder / 'client.conf'),
            'ALSA_CONFIG_PATH': str(self.folder / 'alsa.conf'),
            # PortAudio looks for a JACK server as well, and shall find none.
            'JACK_NO_START_SERVER': '1',
            'JACK_DEFAULT_SERVER': self.name,
        }
        self._server_environment = {
            **self.environment,
            'HOME': str(own['home']),
            'XDG_RUNTIME_DIR': str(own['runtime']),
            'XDG_CONFIG_HOME': str(own['home']),
            'PULSE_CONFIG': str(self.folder / 'daemon.conf'),
            'DBUS_SESSION_BUS_ADDRESS': 'disabled:',
        }
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start the server with the sinks that it had; does nothing when it runs."""
        if self.running:
            return
        self._socket.unlink(missing_ok=True)
        script = [f'load-module {self._module(sink)}' for sink in sorted(self._loaded)]
        if 'speaker' in self._loaded:
            script += ['set-default-sink speaker', 'set-default-source speaker.monitor']
        # Last, as its socket says that all is there.
        script.append(f'load-module module-native-protocol-unix socket={self._socket} '
                      'auth-anonymous=1')
        (self.folder / 'bench.pa').write_text('\n'.join(script) + '\n')
        self._process = self.spawn(
            ['pulseaudio', '-n', '-F', str(self.folder / 'bench.pa'), '--daemonize=no',
             '--exit-idle-time=-1', '--use-pid-file=no', '--disable-shm=yes', '--realtime=no',
             '--high-priority=no', '--log-target=stderr'],
            'pulseaudio.log', self._server_environment)
        self.await_ready(self._process, 'pulseaudio', 'pulseaudio.log', self._socket.exists)
        # It starts without what it cannot load.
        listed = self._pactl('list', 'short', 'sinks').splitlines()
        sinks = {line.split('\t')[1] for line in listed}
        if lost := self._loaded - sinks:
            self.kill()
            raise BenchError(f'pulseaudio started without {sorted(lost)}; it said: '
                             + (self.folder / 'pulseaudio.log').read_text()[-2000:])

    def unload(self, sink: str) -> None:
        """
        Take a sink out, as when a card is unplugged; streams on it go elsewhere.

        :raises BenchError: there is no such sink, or the server does not answer.
        """
        for line in self._pactl('list', 'short', 'modules').splitlines():
            number, _, arguments = line.partition('\t')
            if f'sink_name={sink} ' in arguments:
                self._pactl('unload-module', number)
                self._loaded.discard(sink)
                return
        raise BenchError(f'there is no sink {sink!r}; there are {sorted(self._loaded)}')

    def load(self, sink: str) -> None:
        """
        Put a sink in, as when a card is plugged in; does nothing when it is there.

        :raises BenchError: the server does not answer.
        """
        if sink not in self._loaded:
            self._pactl('load-module', *self._module(sink).split())
            self._loaded.add(sink)

    def _module(self, sink: str) -> str:
        return _SINK.format(sink, self.sample_rate)

    def _pactl(self, *arguments: str) -> str:
        try:
            done = subprocess.run(
                ['pactl', *arguments], env={**os.environ, **self._server_environment},
                capture_output=True, text=True, timeout=self.patience)
        except subprocess.TimeoutExpired as error:
            raise BenchError(f'the server did not answer to pactl {arguments[0]} in '
                             f'{self.patience:g} s; is it paused?') from error
        if done.returncode:
            raise BenchError(f'pactl {" ".join(arguments)} failed: {done.stderr.strip()}')
        return done.stdout
