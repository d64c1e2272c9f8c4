# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The room of the test bench, as a process: a JACK client between speaker and ears.

Started by :class:`echo_depth_ros.bench.room.RoomClient`, which writes impulse responses to its
standard input and reads what happened from shared memory. It ends when its input or the server
does.
"""

from bisect import insort
from collections import deque
import gc
import os
import sys
import time
from typing import BinaryIO, Optional

import jack
import numpy as np

from echo_depth_ros.bench.convolver import LiveConvolver, LONGEST, Response
from echo_depth_ros.bench.room_memory import messages, RoomMemory, SOUNDS

QUIET = 0.005
"""Seconds of silence before a new sound."""


class Room:
    """Convolves what the speaker plays, adds noise, and gives it to the ears."""

    def __init__(self, client: jack.Client, memory: RoomMemory, noise_rms: float, seed: int):
        self._client, self._memory = client, memory
        self._rate = client.samplerate
        self._convolver = LiveConvolver(client.blocksize, round(QUIET * self._rate))
        self._rehearse(client.blocksize)
        self._noise_rms = noise_rms
        self._random = np.random.default_rng(seed)
        self._arrived: deque[tuple[float, Response]] = deque()
        self._coming: list[tuple[float, Response]] = []
        self._response: Optional[Response] = None
        self._frame: Optional[int] = None
        self._speakers = [client.inports.register(f'spk_{n}') for n in (1, 2)]
        self._ears = [client.outports.register(f'ear_{n}') for n in (1, 2)]
        client.set_process_callback(self._process)
        client.set_xrun_callback(self._overrun)

    def take(self, source: BinaryIO) -> None:
        """
        Take responses until the input ends.

        This thread prepares them; the callback only picks them up.
        """
        for number, at, samples in messages(source):
            self._arrived.append((at, Response.of(samples, self._client.blocksize, number)))
            self._memory.header['responses'] += 1

    def _rehearse(self, block: int) -> None:
        # What is loaded and planned on first use would hold up the first sound.
        response = Response.of(np.ones((2, LONGEST), np.float32), block)
        convolver = LiveConvolver(block, 1)
        for _ in range(3):
            convolver.process(np.ones(block, np.float32), lambda index: response)

    def _process(self, count: int) -> None:
        began = time.monotonic()
        started = began - self._client.frames_since_cycle_start / self._rate
        if self._frame is None:
            self._frame = self._client.last_frame_time
            self._memory.header['first'] = self._frame
        spoken = self._spoken(count)
        # Also while nothing is played: responses that nobody needs any more would pile up.
        self._advance(started)

        def choose(index: int) -> Optional[Response]:
            at = started + index / self._rate
            self._advance(at)
            self._note(self._frame + index, at)
            return self._response

        heard, _ = self._convolver.process(spoken, choose)
        if self._noise_rms:
            heard += self._noise_rms * self._random.standard_normal(heard.shape, np.float32)
        np.clip(heard, -1, 1, out=heard)
        for port, row in zip(self._ears, heard):
            port.get_array()[:] = row
        self._memory.write(self._frame, spoken, heard)
        self._frame += count
        header = self._memory.header
        header['ready'] = 1
        header['slowest_us'] = max(header['slowest_us'], int((time.monotonic() - began) * 1e6))

    def _advance(self, at: float) -> None:
        """Take the response that holds at that second."""
        while self._arrived:
            insort(self._coming, self._arrived.popleft(), key=lambda item: item[0])
        while self._coming and self._coming[0][0] <= at:
            self._response = self._coming.pop(0)[1]

    def _spoken(self, count: int) -> np.ndarray:
        # One loudspeaker: a sound that both channels play is not twice as loud.
        plugged = [port for port in self._speakers if port.number_of_connections]
        if not plugged:
            return np.zeros(count, np.float32)
        spoken = plugged[0].get_array().copy()
        for port in plugged[1:]:
            spoken += port.get_array()
        spoken /= len(plugged)
        return spoken

    def _note(self, frame: int, at: float) -> None:
        header = self._memory.header
        number = -1 if self._response is None else self._response.id
        self._memory.sounds[int(header['sounds']) % SOUNDS] = frame, number, at
        header['sounds'] += 1

    def _overrun(self, _delay: float) -> None:
        self._memory.header['overruns'] += 1


def main(arguments: list[str]) -> int:
    """Run a room until its input ends."""
    name, server, descriptor, frames, noise_rms, seed = arguments
    sys.setswitchinterval(0.0005)
    memory = RoomMemory(int(descriptor), int(frames))
    try:
        client = jack.Client(name, use_exact_name=True, no_start_server=True, servername=server)
    except jack.JackOpenError as error:
        print(error, file=sys.stderr)
        return 3
    # A client whose server has gone would hang when it is closed.
    client.set_shutdown_callback(lambda status, reason: os._exit(4))
    room = Room(client, memory, float(noise_rms), int(seed))
    gc.collect()
    gc.freeze()
    gc.disable()
    client.activate()
    room.take(sys.stdin.buffer)
    client.deactivate()
    client.close()
    os._exit(0)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
