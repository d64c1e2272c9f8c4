# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A room as a sound card: what is played into it comes out of its ears as echoes.

PortAudio lists it as a device of its own name with two outputs (the speaker) and two inputs (the
ears). The room itself is a process (:mod:`echo_depth_ros.bench.room_process`), so that nothing
its maker does can hold up the sound.
"""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
import subprocess
import sys
import time
from typing import Optional

import numpy as np

from echo_depth_ros.bench.convolver import checked
from echo_depth_ros.bench.errors import BenchError
from echo_depth_ros.bench.jack import JackServer
from echo_depth_ros.bench.room_memory import pack, RoomMemory, SOUNDS

_SECONDS = 60
_KEPT = 8


@dataclass(frozen=True)
class Heard:
    """
    A sound that came out of the speaker.

    :ivar frame: JACK's number of the frame that holds its first sample that is not zero.
    :ivar response_id: of the response it went through; -1 if there was none, so silence.
    :ivar at: the same moment in seconds of ``time.monotonic``, to about a millisecond.
    """

    frame: int
    response_id: int
    at: float


class RoomClient:
    """
    A room process on a server; use it as a context manager.

    Ears hear what the speaker played in the same frames, through the impulse response, plus
    noise, clipped at full scale. Where a stream plays to both speakers the room takes their
    mean.

    :ivar server: the server that it is on, whose ``environment`` leads to it.
    :ivar name: of the device in PortAudio.
    """

    def __init__(self, server: JackServer, name: str = 'room', noise_rms: float = 0.0,
                 seed: int = 0):
        """
        Start the room; it is silent until the first :meth:`respond`.

        :param name: of the device in PortAudio.
        :param noise_rms: of white noise in each ear, full scale 1.
        :param seed: of the noise.
        :raises BenchError: it does not start, for instance as the name is taken.
        """
        self.name = name
        self.server, self._noise_rms, self._seed = server, noise_rms, seed
        self._frames = _SECONDS * server.sample_rate
        self._memory = RoomMemory.make(self._frames)
        self._process: Optional[subprocess.Popen] = None
        self._sent: deque[tuple[int, float, np.ndarray]] = deque(maxlen=_KEPT)
        self._responses = 0
        self._truth: list[Heard] = []
        self._told = 0
        self._closed = False
        self.start()
        server.rooms.append(self)

    @property
    def pid(self) -> int:
        """Process id of the room; 0 if it does not run."""
        return self._process.pid if self.running else 0

    @property
    def running(self) -> bool:
        """Whether the process exists; it ends with its server."""
        return self._process is not None and self._process.poll() is None

    @property
    def end_frame(self) -> int:
        """One past the newest frame that :meth:`ears` can give."""
        return int(self._memory.header['end'])

    @property
    def overruns(self) -> int:
        """How many periods the server did not get done in time; nothing is lost by that."""
        return int(self._memory.header['overruns'])

    @property
    def slowest_block_ms(self) -> float:
        """Longest that the room took for one block of 10 ms."""
        return int(self._memory.header['slowest_us']) / 1e3

    def start(self) -> None:
        """
        Start the room again after :meth:`kill`, with the responses it had.

        Does nothing when it runs.

        :raises BenchError: the server does not run, or the name is taken.
        """
        if self.running:
            return
        if self._closed:
            raise BenchError(f'{self.name} has been closed; make another RoomClient')
        if not self.server.running:
            raise BenchError(f'the server of {self.name} does not run; start it first')
        if self._process is not None:
            self._hang_up()
            self.truth()
            self._memory.close()
            self._memory = RoomMemory.make(self._frames)
            self._told = 0
        descriptor = self._memory.descriptor
        self._process = self.server.spawn(
            [sys.executable, '-m', 'echo_depth_ros.bench.room_process', self.name,
             self.server.name, str(descriptor), str(self._frames), str(self._noise_rms),
             str(self._seed)],
            f'{self.name}.log', {**self.server.environment, 'OMP_NUM_THREADS': '1'},
            stdin=subprocess.PIPE, pass_fds=(descriptor,))
        for number, at, samples in self._sent:
            self._send(number, at, samples)
        self.server.await_ready(self._process, f'room {self.name!r}', f'{self.name}.log',
                                 lambda: bool(self._memory.header['ready']))

    def respond(self, response: np.ndarray, at: Optional[float] = None) -> int:
        """
        Let sounds that begin from ``at`` on go through this response.

        Sent ahead of time it is exact; sent late it holds for the next sound that begins.

        :param response: impulse response of left and right ear, shape (2, n), n to 8192.
        :param at: second of ``time.monotonic``; now when None.
        :returns: its number, which :meth:`truth` tells.
        :raises ValueError: not a response.
        :raises BenchError: the room does not run.
        """
        samples = checked(response)
        if not self.running:
            raise BenchError(f'room {self.name!r} does not run; start it first')
        number = self._responses
        self._responses += 1
        at = time.monotonic() if at is None else at
        self._sent.append((number, at, samples))
        self._send(number, at, samples)
        return number

    def truth(self) -> list[Heard]:
        """Every sound so far, oldest first, also those before a :meth:`kill`."""
        header, sounds = self._memory.header, self._memory.sounds
        count = int(header['sounds'])
        if count - self._told > SOUNDS // 2:
            raise BenchError(f'{count - self._told} sounds have not been asked for; ask at least '
                             f'every {SOUNDS // 2}')
        for number in range(self._told, count):
            frame, response, at = sounds[number % SOUNDS].item()
            self._truth.append(Heard(frame, response, at))
        self._told = count
        return [*self._truth]

    def ears(self, start: int, count: int) -> np.ndarray:
        """
        Return what was given to the ears, float32 (2, count).

        :param start: JACK's number of the first frame.
        :raises ValueError: not there yet, or older than a minute, or before a restart.
        """
        return self._memory.read(self._memory.ears, start, count)

    def speaker(self, start: int, count: int) -> np.ndarray:
        """Return what the speaker played, float32 (count,); see :meth:`ears`."""
        return self._memory.read(self._memory.speaker, start, count)

    def kill(self) -> None:
        """End it as a crash would; whoever plays and listens to it has silence from then on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """End it; calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        if self.running:
            # Its turn to take leave of the server, unless that hangs.
            self._process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=1)
        self._hang_up()
        self._memory.close()
        if self in self.server.rooms:
            self.server.rooms.remove(self)

    def _hang_up(self) -> None:
        self.kill()
        if self._process is not None:
            with suppress(BrokenPipeError):  # what it did not read any more
                self._process.stdin.close()

    def _send(self, number: int, at: float, samples: np.ndarray) -> None:
        try:
            self._process.stdin.write(pack(number, at, samples))
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise BenchError(f'room {self.name!r} has just ended; start it again') from error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
