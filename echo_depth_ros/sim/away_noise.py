# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Noises that no training room has: a louder room, a fan, somebody talking, things that fall."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import fft

from echo_depth_ros.sim.noise import Noise

KINDS = ('loud', 'fan', 'speech', 'impulses')
_EAR_DELAY = 0.0007
"""Longest delay between the ears, seconds."""


@dataclass(frozen=True)
class AwayNoise(Noise):
    """
    A room's and a robot's noise with a source in the room on top.

    :ivar kind: one of :data:`KINDS`; ``loud`` has no source but a louder room.
    :ivar source_db: RMS of the source while it sounds, dB of full scale.
    :ivar pitch: of fan blades or of a voice, Hz.
    """

    kind: str = 'loud'
    source_db: float = -40.0
    pitch: float = 120.0

    @classmethod
    def random(cls, rng: np.random.Generator) -> 'AwayNoise':
        """Draw the noise of a room and a robot, and what else sounds there."""
        base = Noise.random(rng)
        kind = str(rng.choice(KINDS))
        noise = cls(base.ambient_db, base.motor_db, base.motor_hz, kind,
                    source_db=rng.uniform(-46, -34), pitch=rng.uniform(85, 255))
        return replace(noise, ambient_db=rng.uniform(-46, -36)) if kind == 'loud' else noise

    def sample(self, count: int, sample_rate: int, speed: float,
               rng: np.random.Generator) -> np.ndarray:
        """Draw a stretch of noise; see :meth:`Noise.sample`."""
        sound = super().sample(count, sample_rate, speed, rng)
        if self.kind == 'loud':
            return sound
        draw = {'fan': _fan, 'speech': _speech, 'impulses': _impulses}[self.kind]
        source = draw(count, sample_rate, self.pitch, rng)
        level = np.sqrt(np.mean(source ** 2))
        source = source * (10 ** (self.source_db / 20) / max(level, 1e-9))
        return (sound + _from_the_side(source, sample_rate, rng)).astype(np.float32)


def _fan(count: int, sample_rate: int, pitch: float, rng: np.random.Generator) -> np.ndarray:
    """Blade tone with overtones over a rush of air."""
    time = np.arange(count) / sample_rate
    tones = sum(np.sin(2 * np.pi * (k * pitch * time + rng.random())) / k ** 0.7
                for k in range(1, 13))
    return tones + _shaped(rng.standard_normal(count), sample_rate, (400.0,), 1500.0)


def _speech(count: int, sample_rate: int, pitch: float, rng: np.random.Generator) -> np.ndarray:
    """Glottal pulses or breath through three formants, as a vowel or a hiss is (Fant 1960)."""
    if rng.random() < 0.3:
        return _shaped(rng.standard_normal(count), sample_rate, (rng.uniform(4000, 8000),), 2500.0)
    time = np.arange(count) / sample_rate
    glide = pitch * (1 + rng.uniform(-1, 1) * time)
    pulses = (np.diff(np.floor(np.cumsum(glide) / sample_rate + rng.random()), prepend=0) > 0)
    formants = (rng.uniform(250, 850), rng.uniform(850, 2300), rng.uniform(2300, 3400))
    return _shaped(pulses.astype(float), sample_rate, formants, 110.0)


def _impulses(count: int, sample_rate: int, pitch: float, rng: np.random.Generator) -> np.ndarray:
    """Knocks and clatter: bursts that start anywhere and ring out."""
    time = np.arange(count) / sample_rate
    sound = np.zeros(count)
    for _ in range(1 + rng.poisson(2)):
        age = time - rng.uniform(-0.01, time[-1])
        tone = np.sin(2 * np.pi * rng.uniform(5, 40) * pitch * age) + rng.standard_normal(count)
        sound += np.where(age > 0, tone * np.exp(-np.maximum(age, 0) / rng.uniform(5e-4, 8e-3)), 0)
    return sound


def _shaped(sound: np.ndarray, sample_rate: int, peaks: tuple[float, ...],
            width: float) -> np.ndarray:
    """Resonances at the peaks, Hz, falling with their height."""
    frequencies = fft.rfftfreq(len(sound), 1 / sample_rate)
    gain = sum(1 / (1 + ((frequencies - peak) / width) ** 2) / (i + 1)
               for i, peak in enumerate(peaks))
    return fft.irfft(fft.rfft(sound - sound.mean()) * gain, len(sound))


def _from_the_side(source: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Let one ear hear a source before the other and louder, shape (2, count)."""
    side = rng.uniform(-1, 1)
    frequencies = fft.rfftfreq(len(source), 1 / sample_rate)
    turn = np.exp(-2j * np.pi * frequencies * abs(side) * _EAR_DELAY)
    near, far = 1 + 0.3 * abs(side), 1 - 0.3 * abs(side)
    late = fft.irfft(fft.rfft(source) * turn, len(source))
    ears = np.stack([near * source, far * late])
    return ears if side > 0 else ears[::-1]
