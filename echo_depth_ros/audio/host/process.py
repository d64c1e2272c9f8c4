# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The life of a host: find the device, open it, hold it; wait where it is missing."""

import gc
import json
import os
from pathlib import Path
import sys
from threading import Event, Thread
from time import monotonic_ns, sleep
from typing import Any, NoReturn, Optional

from echo_depth_ros.audio.errors import DeviceError
from echo_depth_ros.audio.host.backend import PortAudio
from echo_depth_ros.audio.host.folder import (
    CardFolder,
    CLIENTS,
    HOST,
    Lock,
    MEMORY,
    SETTINGS,
    sweep,
)
from echo_depth_ros.audio.host.lines import Stamps
from echo_depth_ros.audio.host.memory import Field, Memory, STARTING, WAITING
from echo_depth_ros.audio.host.plan import Plan, plan
from echo_depth_ros.audio.host.pump import Pump
from echo_depth_ros.audio.host.watch import Stream, Watch
from echo_depth_ros.audio.settings import CardSettings

_AGAIN = 1.0
_CLOSING = 1.0
_GIL_SWITCH = 0.0005
_LONGEST_LATENCY = 5.0
_NICE = -11


class Host:
    """Drives one card for the clients of a folder until the last of them is gone."""

    def __init__(self, folder: Path, backend: Optional[Any] = None):
        """
        Map the folder's memory.

        :param backend: opens streams in PortAudio's stead, in tests.
        """
        self._folder = CardFolder(folder)
        self._clients = Lock(folder / CLIENTS)
        self._settings = CardSettings.from_json((folder / SETTINGS).read_text('utf-8'))
        self._backend = backend or PortAudio()
        self._stream: Any = None
        self._memory = Memory(folder / MEMORY)
        self._memory.settle()
        words = self._memory.words
        words[Field.PID] = os.getpid()
        words[Field.STATE] = STARTING
        self._watch = Watch(self._memory, fail=self._fail, alone=self._alone,
                            finish=self._finish)

    def run(self) -> NoReturn:
        """Run until the process ends."""
        self._watch.start()
        sweep(self._folder.path.parent)
        while not self._try():
            sleep(_AGAIN)
        gc.collect()
        gc.freeze()
        gc.disable()
        while True:
            Event().wait()

    def _try(self) -> bool:
        try:
            with self._watch.within('looking for sound devices'):
                self._backend.refresh()
                devices = self._backend.devices()
            with self._watch.within('asking the device what it can'):
                chosen = plan(self._settings, devices, self._backend.check)
            with self._watch.within('opening the device'):
                self._open(chosen)
        except (DeviceError, OSError) as error:
            self._memory.put_text('problem', str(error))
            self._memory.words[Field.STATE] = WAITING
            return False
        return True

    def _open(self, chosen: Plan) -> None:
        words = self._memory.words
        began = monotonic_ns()
        frame = self._first_frame(chosen.rate, began)
        self._memory.begin(frame, chosen.rate, chosen.block)
        words[Field.DUPLEX] = chosen.input is not None and chosen.output is not None
        pump = Pump(self._memory, chosen.rate, frame, chosen.inputs, chosen.outputs)
        stream = self._backend.open(chosen, self._settings.latency, pump.callback)
        words[Field.RESTARTS] += words[Field.GENERATION] > 0
        words[Field.GENERATION] += 1
        received, sent = _latencies(stream.latency, chosen)
        self._memory.floats[Field.INPUT_LATENCY] = received
        self._memory.floats[Field.OUTPUT_LATENCY] = sent
        some = chosen.input or chosen.output
        self._memory.put_text('names', json.dumps({
            'input': chosen.input.name if chosen.input else '',
            'output': chosen.output.name if chosen.output else '', 'api': some.host_api}))
        self._stream = stream
        self._watch.follow(Stream(
            pump, Stamps(chosen.rate, sent), chosen.rate, began,
            hears=chosen.input is not None, plays=chosen.output is not None))

    def _first_frame(self, rate: int, now: int) -> int:
        """Choose a first frame that time suggests, but never one that has been counted before."""
        words = self._memory.words
        frame = now * rate // 1_000_000_000
        if words[Field.RATE]:
            end = words[Field.END] * rate // words[Field.RATE]
            frame = max(frame, end + rate)
        return frame

    def _fail(self, reason: str, failure: bool) -> NoReturn:
        words = self._memory.words
        self._memory.put_text('problem', reason)
        words[Field.STATE] = WAITING
        words[Field.FAILURES] += failure
        words[Field.PID] = 0
        if not failure:
            self._close()
        os._exit(1)  # Closing a stream that hangs would hang as well.

    def _alone(self) -> bool:
        return not self._clients.in_place() or self._clients.take()

    def _close(self) -> None:
        """Close the stream if that can be done: some servers stall when a client just ends."""
        if self._stream is not None:
            closer = Thread(target=self._stream.close, daemon=True)
            closer.start()
            closer.join(_CLOSING)

    def _finish(self) -> NoReturn:
        self._close()
        if self._clients.in_place():
            self._folder.clear()
        os._exit(0)


def _latencies(reported: Any, chosen: Plan) -> tuple[float, float]:
    """Return input and output latency in seconds; 0 where what is reported is nonsense."""
    if not isinstance(reported, tuple):
        reported = (reported, 0.0) if chosen.input else (0.0, reported)
    return tuple(value if 0 <= value <= _LONGEST_LATENCY else 0.0 for value in reported)


def main(folder: str, lock: int) -> NoReturn:
    """
    Be the host of a folder.

    :param lock: open file of its ``host`` lock, already taken: it is held until the end.
    """
    sys.setswitchinterval(_GIL_SWITCH)
    os.environ.setdefault('JACK_NO_START_SERVER', '1')
    try:
        os.nice(_NICE)
    except OSError:
        pass  # Only the superuser may be less nice.
    path = Path(folder)
    held = Lock.inherited(path / HOST, lock)
    try:
        Host(path).run()
    finally:
        held.close()
