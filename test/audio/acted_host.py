# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An audio host whose part a test plays: no process, no stream, no clock but the test's own."""

from time import monotonic_ns
from types import SimpleNamespace

import numpy as np

from echo_depth_ros.audio.host.folder import CardFolder, HOST, key, Lock, MEMORY, runtime_root
from echo_depth_ros.audio.host.memory import Field, Line, Memory, STREAMING, WAITING
from echo_depth_ros.audio.host.pump import Pump

NO_FLAGS = SimpleNamespace(input_overflow=False, input_underflow=False, output_overflow=False,
                           output_underflow=False)


class Flags(SimpleNamespace):
    """PortAudio's flags, of which some are set."""

    def __init__(self, **flags):
        super().__init__(**{**vars(NO_FLAGS), **flags})

    def __bool__(self):
        return any(vars(self).values())


def times(adc=0.0, dac=0.0):
    return SimpleNamespace(inputBufferAdcTime=adc, currentTime=0.0, outputBufferDacTime=dac)


class ActedHost:
    """Keeps the host's lock, so that clients believe it lives, and feeds them."""

    def __init__(self, settings):
        folder = CardFolder(runtime_root() / key(settings))
        self._client = folder.join()
        self._lock = Lock(folder.path / HOST)
        assert self._lock.take()
        self.memory = Memory(folder.path / MEMORY, create=True)
        self.memory.words[Field.HEARTBEAT] = monotonic_ns() + 3600 * 10**9
        self.folder = folder

    def wait(self, problem):
        """Have no device."""
        self.memory.put_text('problem', problem)
        self.memory.words[Field.STATE] = WAITING

    def stream(self, rate, frame, *, duplex=True, block=441):
        """Open a stream whose first frame this is; frame n is heard and played at n / rate s."""
        self.memory.begin(frame, rate, block)
        words = self.memory.words
        words[Field.GENERATION] += 1
        words[Field.DUPLEX] = duplex
        self.pump = Pump(self.memory, rate, frame, [0, 1], [0, 1])
        line = Line(0, 0, 1e9 / rate)
        self.memory.put_lines(line, line)
        self.memory.put_text('problem', '')
        words[Field.STATE] = STREAMING

    def feed(self, block, flags=NO_FLAGS):
        """Hear a block, (2, n), and return what was played meanwhile."""
        played = np.full((block.shape[1], 2), np.nan, np.float32)
        self.pump.callback(block.T, played, block.shape[1], times(), flags)
        # The test's streams flow for ever.
        self.memory.words[Field.CALLBACK_AT] = monotonic_ns() + 3600 * 10**9
        return played.T

    def close(self):
        self._client.close()
        self._lock.close()
