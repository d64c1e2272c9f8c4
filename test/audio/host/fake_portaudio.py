# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Be an audio host whose PortAudio is a thread that does what a file says."""

import json
import os
from pathlib import Path
import sys
from threading import Event, Thread
import time
from types import SimpleNamespace

import numpy as np

from echo_depth_ros.audio.devices import Device
from echo_depth_ros.audio.host import process


class FakePortAudio:
    """Has one device, 'fake', or none; its streams loop back."""

    def _wanted(self):
        return json.loads(Path(os.environ['FAKE_DEVICE']).read_text())

    def refresh(self):
        while self._wanted().get('hangs'):
            time.sleep(0.1)
        if self._wanted().get('bug'):
            raise RuntimeError('a bug')

    def devices(self):
        return [Device(0, 'fake', 'Fake', 2, 2, 8000.0)] if self._wanted()['there'] else []

    def check(self, kind, device, channels, rate):
        return ''

    def open(self, plan, latency, callback):
        ended = Event()

        def run():
            due = time.monotonic()
            heard = np.zeros((plan.block, 2), np.float32)
            while not ended.is_set():
                due += plan.block / plan.rate
                time.sleep(max(0.0, due - time.monotonic()))
                if not self._wanted().get('flows'):
                    continue
                now = time.monotonic()
                played = np.empty((plan.block, 2), np.float32)
                times = SimpleNamespace(inputBufferAdcTime=now - 0.01, currentTime=now,
                                        outputBufferDacTime=now + 0.02)
                callback(heard, played, plan.block, times, None)
                heard = played
        Thread(target=run, daemon=True).start()
        return SimpleNamespace(latency=(0.01, 0.02), close=ended.set)


if __name__ == '__main__':
    process.PortAudio = FakePortAudio
    process.main(sys.argv[1], int(sys.argv[2]))
