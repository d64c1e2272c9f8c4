# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How the speaker beams and how ear-shaped microphones hear, by direction and octave band.

The speaker is a small driver in a box: omnidirectional in the lows, a beam in the highs, so that
what leaks to ears beside it has lost its highs. An ear faces outward, hears the highs best from
its own side, and adds one pinna reflection whose delay follows elevation (Batteau 1967).
"""

from dataclasses import dataclass
import math

import numpy as np
from scipy.signal import butter, sosfreqz

_BEAM = np.array([0.0, 0.05, 0.15, 0.4, 0.8, 1.3, 2.0, 3.0])
_SHADOW = np.array([0.0, 0.05, 0.15, 0.35, 0.6, 0.9, 1.3, 1.7])
_PINNA = np.array([0.0, 0.0, 0.0, 0.0, 0.15, 0.35, 0.45, 0.45])
_FLOOR = 0.02


@dataclass(frozen=True)
class Hearing:
    """
    Speaker and ears, and how they differ from one robot to the next.

    :ivar beam: scales how strongly the speaker beams; 1 is typical.
    :ivar shadow: scales how strongly the ears are shadowed.
    :ivar ear_azimuth: radians that each ear's axis is turned outward from straight ahead.
    :ivar low_cut: Hz below which the small speaker fades (12 dB per octave).
    :ivar high_cut: Hz above which it fades likewise.
    :ivar crosstalk: gain of the direct sound relative to free field.
    :ivar ear_gain: gain of the left and the right microphone.
    :ivar sensitivity: full-scale amplitude at the microphone of a chirp of amplitude one heard
        one metre in front of the speaker.
    """

    beam: float = 1.0
    shadow: float = 1.0
    ear_azimuth: float = math.radians(50)
    low_cut: float = 180.0
    high_cut: float = 17000.0
    crosstalk: float = 1.0
    ear_gain: tuple[float, float] = (1.0, 1.0)
    sensitivity: float = 0.3

    @classmethod
    def random(cls, rng: np.random.Generator) -> 'Hearing':
        """Draw a robot's speaker and ears as they vary from build to build."""
        return cls(
            beam=rng.uniform(0.7, 1.4), shadow=rng.uniform(0.7, 1.4),
            ear_azimuth=math.radians(rng.uniform(40, 65)), low_cut=rng.uniform(100, 350),
            high_cut=rng.uniform(13000, 20000), crosstalk=rng.uniform(0.5, 1.6),
            ear_gain=tuple(10 ** (rng.uniform(-1, 1, 2) / 20)),
            sensitivity=0.3 * 10 ** (rng.uniform(-6, 3) / 20))

    def emission(self, directions: np.ndarray) -> np.ndarray:
        """
        Amplitude radiated per band.

        :param directions: unit vectors in the robot's frame, shape (n, 3).
        :returns: shape (n, 8); one straight ahead.
        """
        return _cardioid(directions[:, 0], self.beam * _BEAM)

    def reception(self, directions: np.ndarray, ear: int) -> np.ndarray:
        """
        Amplitude heard per band.

        :param directions: unit vectors towards the sound in the robot's frame, shape (n, 3).
        :param ear: 0 left, 1 right.
        :returns: shape (n, 8).
        """
        side = 1 if ear == 0 else -1
        axis = np.array([math.cos(self.ear_azimuth), side * math.sin(self.ear_azimuth), 0.1])
        axis /= np.linalg.norm(axis)
        return self.ear_gain[ear] * _cardioid(directions @ axis, self.shadow * _SHADOW)

    def pinna(self, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Return delay in seconds, shape (n,), and relative gains per band, (8,), of the pinna echo.

        The delay runs from 40 microseconds for sound from above to 120 from below.
        """
        return (80e-6 - 40e-6 * directions[:, 2]), -_PINNA

    def chain(self, samples: int, sample_rate: int) -> np.ndarray:
        """
        Response of amplifier, speaker and microphone, shape (samples // 2 + 1,), complex.

        Second-order slopes below and above the pass band, causal as a real driver's. A cut
        outside 1 Hz to half the sample rate leaves that side open.
        """
        frequencies = np.fft.rfftfreq(samples, 1 / sample_rate)
        response = np.full(len(frequencies), complex(self.sensitivity))
        for cut, kind in ((self.low_cut, 'highpass'), (self.high_cut, 'lowpass')):
            if 1 < cut < sample_rate / 2:
                sections = butter(2, cut, kind, fs=sample_rate, output='sos')
                response *= sosfreqz(sections, frequencies, fs=sample_rate)[1]
        return response

    def diffuse_power(self) -> tuple[np.ndarray, np.ndarray]:
        """
        Mean power over all directions, per band: emitted, shape (8,), and heard, shape (2, 8).

        A reverberant field is fed by all that the speaker radiates and reaches the ears from
        everywhere.
        """
        directions = fibonacci_sphere(512)
        emitted = np.mean(self.emission(directions) ** 2, axis=0)
        heard = np.stack([np.mean(self.reception(directions, ear) ** 2, axis=0)
                          for ear in (0, 1)])
        return emitted, heard


def _cardioid(cosine: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Cardioid to a power: 1 in front; the power sets how fast it falls to the side."""
    base = np.maximum((1 + cosine) / 2, 1e-9)
    return _FLOOR + (1 - _FLOOR) * np.exp(np.log(base)[:, None] * order)


def fibonacci_sphere(count: int) -> np.ndarray:
    """Spread ``count`` unit vectors evenly over the sphere, shape (count, 3)."""
    index = np.arange(count) + 0.5
    z = 1 - 2 * index / count
    radius = np.sqrt(1 - z * z)
    angle = np.pi * (1 + math.sqrt(5)) * index
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)
