# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What sounds in a quiet room: ventilation, mains hum, the world outside, and the robot itself."""

from dataclasses import dataclass

import numpy as np

_KNOTS = 20 * 2.0 ** (np.arange(19) / 2)
"""Hz, half an octave apart, where a spectrum bends."""
KNOTS = len(_KNOTS)


def between_knots(levels: tuple[float, ...], frequencies: np.ndarray) -> np.ndarray:
    """Amplitudes from dB at each knot, half an octave apart from 20 Hz; shape (n,)."""
    position = np.log2(np.maximum(frequencies, 1e-3) / _KNOTS[0])
    return 10 ** (np.interp(position, np.log2(_KNOTS / _KNOTS[0]), levels) / 20)


@dataclass(frozen=True)
class Spectrum:
    """
    Amplitude of a steady noise over frequency.

    :ivar levels: dB at each of the knots, half an octave apart from 20 Hz.
    :ivar tones: pairs of Hz and dB above the noise around them, as wide as a clip resolves.
    """

    levels: tuple[float, ...]
    tones: tuple[tuple[float, float], ...] = ()

    @classmethod
    def sloping(cls, corner: float, slope: float, roughness: float, rng: np.random.Generator,
                tones: tuple[tuple[float, float], ...] = ()) -> 'Spectrum':
        """
        Draw a spectrum that is flat below a corner and falls above it.

        :param corner: Hz.
        :param slope: dB per octave.
        :param roughness: dB, standard deviation at each knot.
        """
        falling = -slope * np.maximum(np.log2(_KNOTS / corner), 0)
        return cls(tuple(falling + roughness * rng.standard_normal(KNOTS)), tones)

    def amplitude(self, frequencies: np.ndarray) -> np.ndarray:
        """Root of the power per bin over an even grid of Hz, for an RMS of one; shape (n,)."""
        amplitude = between_knots(self.levels, frequencies)
        step = frequencies[1] - frequencies[0]
        for hertz, above in self.tones:
            bin_ = round((hertz - frequencies[0]) / step)
            if 0 <= bin_ < len(amplitude):
                amplitude[bin_] *= 10 ** (above / 20)
        return amplitude / np.sqrt(np.sum(amplitude ** 2))


@dataclass(frozen=True)
class Source:
    """Something that sounds somewhere: metres in the room, RMS of its diffuse sound, spectrum."""

    place: tuple[float, float, float]
    level: float
    spectrum: Spectrum


def ventilation(rng: np.random.Generator) -> Spectrum:
    """Air in ducts, with the blades of a fan behind it."""
    blades = rng.uniform(60, 300)
    tones = tuple((blades * k, rng.uniform(0, 14)) for k in (1, 2, 3))
    return Spectrum.sloping(rng.uniform(60, 500), rng.uniform(3, 8), 2.5, rng, tones)


def outside(rng: np.random.Generator) -> Spectrum:
    """Traffic and wind through windows and walls, which keep the highs out."""
    return Spectrum.sloping(rng.uniform(40, 120), rng.uniform(6, 10), 2.5, rng)


def appliance(rng: np.random.Generator) -> Spectrum:
    """Fridge, projector, lamps: mains hum and a hiss."""
    mains = 50.0 if rng.random() < 0.5 else 60.0
    tones = tuple((mains * k, rng.uniform(5, 25)) for k in (1, 2, 3, 4, 6, 8, 10)
                  if rng.random() < 0.7)
    return Spectrum.sloping(rng.uniform(100, 1500), rng.uniform(2, 7), 3.0, rng, tones)


_KINDS = (ventilation, outside, appliance)


@dataclass(frozen=True)
class Ambience:
    """
    Everything that sounds, and the microphones that hear it.

    :ivar sources: in the room; levels relative to one another.
    :ivar level_db: RMS of the room's diffuse sound, dB of full scale.
    :ivar robot: noise of a robot that stands: fans and electronics.
    :ivar robot_db: its RMS at 0.3 m in free field, dB relative to the room's sound.
    :ivar robot_place: seen from the ears' midpoint, x forward, y left, z up, metres.
    :ivar motors_db: what driving at full speed adds likewise, dB relative to the room's sound.
    :ivar motor_hz: gear frequency at full speed.
    :ivar microphone_db: RMS of each microphone's own noise, dB relative to the room's sound.
    :ivar low_cut: Hz below which the microphones fade, 12 dB per octave.
    :ivar mismatch: dB by which the left and the right microphone differ from what they should be,
        at each of the knots of a :class:`Spectrum`; () where they do not.
    :ivar sway_db: how far the room's sound rises and falls within seconds, standard deviation.
    """

    sources: tuple[Source, ...]
    robot: Spectrum
    level_db: float = -40.0
    robot_db: float = -15.0
    robot_place: tuple[float, float, float] = (0.0, 0.0, -0.3)
    motors_db: float = 15.0
    motor_hz: float = 320.0
    microphone_db: float = -25.0
    low_cut: float = 40.0
    mismatch: tuple[tuple[float, ...], ...] = ()
    sway_db: float = 0.0

    @classmethod
    def random(cls, rng: np.random.Generator, corners: np.ndarray, height: float) -> 'Ambience':
        """
        Draw the ambience of a quiet room and of a robot in it.

        Sources are on walls or the ceiling, where vents and windows are.
        """
        sources = []
        for _ in range(int(rng.integers(2, 5))):
            kind = _KINDS[int(rng.integers(len(_KINDS)))]
            sources.append(Source(_somewhere(corners, height, rng),
                                  10 ** (rng.uniform(-12, 0) / 20), kind(rng)))
        return cls(
            tuple(sources), appliance(rng), level_db=rng.uniform(-50, -32),
            robot_db=rng.uniform(-30, 3),
            robot_place=(rng.uniform(-0.1, 0.1), rng.uniform(-0.08, 0.08),
                         rng.uniform(-0.42, -0.25)),
            motors_db=rng.uniform(5, 20), motor_hz=rng.uniform(150, 600),
            microphone_db=rng.uniform(-35, -14), low_cut=rng.uniform(15, 70),
            mismatch=tuple(map(tuple, rng.normal(0, 0.7, (2, KNOTS)))),
            sway_db=rng.uniform(0, 1))

    def louder_motors(self, by_db: float) -> 'Ambience':
        """Return the same with noisier motors."""
        return Ambience(**{**vars(self), 'motors_db': self.motors_db + by_db})


def _somewhere(corners: np.ndarray, height: float,
               rng: np.random.Generator) -> tuple[float, float, float]:
    """Draw a point on a wall, or on the ceiling near the middle of two walls' points."""
    def on_wall() -> np.ndarray:
        i = int(rng.integers(len(corners)))
        start, end = corners[i], corners[(i + 1) % len(corners)]
        return start + (end - start) * rng.uniform(0.05, 0.95)
    if rng.random() < 0.5:
        x, y = on_wall()
        return float(x), float(y), float(rng.uniform(0.3, 0.95) * height)
    x, y = (on_wall() + on_wall()) / 2
    return float(x), float(y), float(height)
