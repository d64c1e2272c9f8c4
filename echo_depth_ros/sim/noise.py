# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the ears hear besides the chirp: the room's hum and the robot's own motors."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import fft


class Background(Protocol):
    """Anything that the ears hear all the time."""

    def sample(self, count: int, sample_rate: int, speed: float,
               rng: np.random.Generator) -> np.ndarray:
        """
        Return the next stretch.

        :param count: samples.
        :param speed: of the wheels, 0 standing to 1 full.
        :returns: float32, shape (2, count).
        """


@dataclass(frozen=True)
class Noise:
    """
    Levels of the noises.

    :ivar ambient_db: RMS of the room's noise in dB of full scale, per ear.
    :ivar motor_db: RMS of the motors at full speed, dB of full scale; nothing at standstill.
    :ivar motor_hz: gear frequency at full speed.
    """

    ambient_db: float = -55.0
    motor_db: float = -58.0
    motor_hz: float = 320.0

    @classmethod
    def random(cls, rng: np.random.Generator) -> 'Noise':
        """Draw the noise of a room and a robot."""
        return cls(ambient_db=rng.uniform(-66, -46), motor_db=rng.uniform(-70, -50),
                   motor_hz=rng.uniform(150, 600))

    def sample(self, count: int, sample_rate: int, speed: float,
               rng: np.random.Generator) -> np.ndarray:
        """
        Draw a stretch of noise.

        :param count: samples.
        :param speed: of the wheels, 0 standing to 1 full.
        :returns: float32, shape (2, count).
        """
        frequencies = fft.rfftfreq(count, 1 / sample_rate)
        ambient = _coloured(2, count, 1 / np.sqrt(np.maximum(frequencies, 60.0)), rng)
        sound = 10 ** (self.ambient_db / 20) * ambient
        if speed > 0:
            hiss = _coloured(1, count, 1 / (1 + (frequencies / 2500.0) ** 2), rng)
            time = np.arange(count) / sample_rate
            hum = sum(np.sin(2 * np.pi * (k * self.motor_hz * speed * time + rng.random())) / k
                      for k in (1, 2, 3, 5))
            sound = sound + 10 ** (self.motor_db / 20) * speed * 0.7 * (hiss + hum)
        return sound.astype(np.float32)


def _coloured(channels: int, count: int, shape: np.ndarray,
              rng: np.random.Generator) -> np.ndarray:
    """Noise of unit RMS with the given amplitude spectrum, shape (channels, count)."""
    white = fft.rfft(rng.standard_normal((channels, count), np.float32), axis=1)
    level = np.sqrt(np.mean(shape ** 2))
    return fft.irfft(white * (shape / level), count, axis=1)
