# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The air between speaker and ears, as a stream of samples with one absolute frame counter."""

import threading

import numpy as np
from scipy import fft

from echo_depth_ros.sim.echoes import EchoRenderer, LENGTH
from echo_depth_ros.sim.hearing import Hearing
from echo_depth_ros.sim.noise import Background, Noise
from echo_depth_ros.sim.rig import Pose


class LateSoundError(RuntimeError):
    """A sound that should have been played at a moment which has already been heard."""


class SimulatedAir:
    """
    Carries what the speaker plays to the ears, through the room and its noise.

    Frame ``n`` of what is played and frame ``n`` of what is heard are the same moment. Playing
    and listening may happen in different threads. The robot is taken to stand still during one
    chirp and its echoes.
    """

    def __init__(self, renderer: EchoRenderer, noise: Background = Noise(), *, seed: int = 0):
        self._renderer, self._noise = renderer, noise
        self._echo_rng = np.random.default_rng([seed, 2])
        self._noise_rng = np.random.default_rng([seed, 3])
        self._future = np.zeros((2, 8 * LENGTH), np.float32)
        self._lock = threading.Lock()
        self._frame = 0

    @property
    def frame(self) -> int:
        """The next frame that will be heard."""
        return self._frame

    @property
    def hearing(self) -> Hearing:
        """Speaker and ears."""
        return self._renderer.hearing

    @property
    def noise(self) -> Noise:
        """What is heard besides what is played."""
        return self._noise

    def response(self, pose: Pose) -> np.ndarray:
        """Impulse responses of both ears from a robot at ``pose``, float32 (2, 12288)."""
        return self._renderer.impulse_response(pose, self._echo_rng)

    def play(self, samples: np.ndarray, frame: int, pose: Pose) -> None:
        """
        Play a sound from a robot at ``pose``, its first sample at ``frame``.

        :param samples: full scale within 1, shape (n,), n below 4096.
        :raises LateSoundError: when that moment has been heard already.
        :raises ValueError: when it is too far ahead, too long, or not finite.
        """
        samples = np.asarray(samples, np.float32)
        if samples.ndim != 1 or not 0 < len(samples) < 4096 or not np.isfinite(samples).all():
            raise ValueError(f'a sound has shape {samples.shape}; expected (n,), n from 1 to '
                             f'4095, all finite')
        heard = self._heard(samples, pose)
        with self._lock:
            start = frame - self._frame
            if start < 0:
                raise LateSoundError(f'a sound for frame {frame} came when frame {self._frame} '
                                     f'had been heard; send it {-start} frames earlier')
            if start + heard.shape[1] > self._future.shape[1]:
                raise ValueError(f'a sound for frame {frame} is {start} frames ahead; at most '
                                 f'{self._future.shape[1] - heard.shape[1]} can be kept')
            self._future[:, start:start + heard.shape[1]] += heard

    def listen(self, count: int, speed: float = 0.0) -> np.ndarray:
        """
        Hear the next ``count`` frames, clipped at full scale: float32, shape (2, count).

        :param speed: of the wheels, 0 to 1, for the motors' noise.
        """
        noise = self._noise.sample(count, self._renderer.sample_rate, speed, self._noise_rng)
        with self._lock:
            heard = self._future[:, :count] + noise
            self._future[:, :-count] = self._future[:, count:]
            self._future[:, -count:] = 0
            self._frame += count
        return np.clip(heard, -1, 1)

    def _heard(self, samples: np.ndarray, pose: Pose) -> np.ndarray:
        response = self.response(pose)
        size = fft.next_fast_len(LENGTH + len(samples), real=True)
        spectrum = fft.rfft(response, size, axis=1) * fft.rfft(samples, size)
        return fft.irfft(spectrum, size, axis=1)[:, :LENGTH + len(samples)].astype(np.float32)
