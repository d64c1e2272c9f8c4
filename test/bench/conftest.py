# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Real streams, each in a process of its own."""

from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest

RATE = 44100


class Player:
    """Plays sounds into a device of the server whose environment is set, and records."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._count = 0

    def start(self, sound: np.ndarray, device: str = 'room', rate: int = RATE):
        """Begin to play, and return what waits for the end and returns what was heard."""
        self._count += 1
        source = self._folder / f'sound{self._count}.npy'
        target = self._folder / f'heard{self._count}.npy'
        np.save(source, np.asarray(sound, np.float32))
        process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name('play_and_record.py'), device, str(rate),
             source, target], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

        def finish() -> np.ndarray:
            said, _ = process.communicate(timeout=60)
            assert process.returncode == 0, said
            return np.load(target)

        return finish

    def play(self, sound: np.ndarray, device: str = 'room', rate: int = RATE) -> np.ndarray:
        """Play, and return what was heard, float32 (2, n)."""
        return self.start(sound, device, rate)()


@pytest.fixture
def player(tmp_path) -> Player:
    return Player(tmp_path)
