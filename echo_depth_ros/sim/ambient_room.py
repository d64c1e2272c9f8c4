# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A quiet room as a robot's ears hear it.

Below 2 kHz each source feeds a reverberant tail into every one of a set of plane waves; where the
robot is, these waves and their reflections from the nearest wall on either axis and from the floor
add up (:mod:`~echo_depth_ros.sim.ambient_field`), and the source's direct sound comes on top by
the room's critical distance. The waves are drawn once for a room, so that sound changes from place
to place as in a real one and not from clip to clip. Above 2 kHz, where reflections no longer add
up in phase over a microphone's distance, only their power counts.

What is left out: standing waves below the room's Schroeder frequency are random waves here, not
its own modes; edges do not bend sound; sources are steady.
"""

import math

import numpy as np
from scipy import fft

from echo_depth_ros.acoustics.ambient import AmbientFormat
from echo_depth_ros.acoustics.format import SPEED_OF_SOUND
from echo_depth_ros.sim.ambient_field import Mirrors, octant, waves_at
from echo_depth_ros.sim.ambient_sources import Ambience, between_knots, KNOTS, Source
from echo_depth_ros.sim.ambient_surfaces import Around, surface_areas, Surroundings
from echo_depth_ros.sim.bands import crossover
from echo_depth_ros.sim.hearing import Hearing
from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.scene import Scene

WAVES = 40
_SPLIT = 2000.0
_TAIL, _TAIL_RATE = 3840, 4000
_HARMONICS = ((1, 1.0), (2, 0.5), (3, 0.33), (5, 0.2))
_FLIPS = ((0, 0), (1, 0), (0, 1), (1, 1))


class AmbientRoom:
    """
    Room, robot and all that sounds in it.

    :param ambience: drawn for this room when omitted.
    :param hearing: only its ears matter.
    :param seed: of the waves, and of the ambience.
    :param fmt: its sample rate and length of a clip; any rate of 4 kHz and more.
    :ivar critical_distance: metres from a source at which its direct sound is as strong as what
        the room returns.
    """

    def __init__(self, scene: Scene, rig: Rig = Rig(), hearing: Hearing = Hearing(),
                 ambience: Ambience | None = None, seed: int = 0,
                 fmt: AmbientFormat = AmbientFormat()):
        rng = np.random.default_rng([seed, 20])
        world = scene.world
        drawn = Ambience.random(rng, np.asarray(world.corners, float), world.height)
        self.ambience = ambience or drawn
        self.rig, self.fmt = rig, fmt
        self._hearing = hearing
        self._surroundings = Surroundings(scene, rig)
        self._reverberation = reverberation_time(scene)
        self.critical_distance = 0.057 * np.sqrt(
            2 * world.volume / np.mean(self._reverberation[:4]))
        self._directions = octant(WAVES, rng)
        # One tail for each source and wave, and for the robot itself.
        time = np.arange(_TAIL) / _TAIL_RATE
        fade = np.exp(-6.91 * time / np.mean(self._reverberation[:4]))
        tails = rng.standard_normal((len(self.ambience.sources) + 1, WAVES, _TAIL), np.float32)
        self._tails = tails * (fade / np.sqrt(np.sum(fade ** 2) * WAVES)).astype(np.float32)
        self._grids: dict[int, _Grid] = {}

    def around(self, pose: Pose) -> Around:
        """Return how near surfaces are."""
        return self._surroundings.around(pose)

    def hear(self, pose: Pose, rng: np.random.Generator, speed: float = 0.0,
             samples: int | None = None) -> np.ndarray:
        """
        Hear a stretch of the room.

        The robot is taken to stay where it is meanwhile. Every call is a stretch of its own: two
        in a row do not join without a click.

        :param rng: of the noise.
        :param speed: of the wheels, 0 standing to 1 full.
        :param samples: a clip's when omitted; a multiple of 4 at 16 kHz, of 441 at 44.1 kHz.
        :returns: float32, full scale within 1, shape (2, samples), at the format's rate.
        """
        samples = samples or self.fmt.clip
        grid = self._grid(samples)
        mirrors = self._surroundings.mirrors(pose, grid.frequencies, grid.crossover)
        spectrum = self._room_sound(pose, mirrors, grid, rng)
        spectrum += self._robot_sound(pose, mirrors, grid, speed, rng)
        own = 10 ** (self.ambience.microphone_db / 20) * _gaussian((2, grid.count), rng)
        spectrum += own * grid.microphone
        spectrum *= grid.ears * (10 ** (self.ambience.level_db / 20) / grid.loudness)
        full = np.zeros((2, samples // 2 + 1), np.complex64)
        full[:, 1:] = spectrum
        # A bin of power one in the one-sided spectrum is a tone of RMS one.
        sound = fft.irfft(full, samples, axis=1) * np.float32(samples / np.sqrt(2))
        return np.clip(sound * grid.sway(rng), -1, 1).astype(np.float32)

    def _grid(self, samples: int) -> '_Grid':
        step = self.fmt.sample_rate // math.gcd(self.fmt.sample_rate, _TAIL_RATE)
        if samples < step or samples % step:
            raise ValueError(f'{samples} samples were asked for; expected a multiple of {step}')
        if samples not in self._grids:
            if len(self._grids) > 3:
                self._grids.clear()
            self._grids[samples] = _Grid(self, samples)
        return self._grids[samples]

    def _room_sound(self, pose: Pose, mirrors: Mirrors, grid: '_Grid',
                    rng: np.random.Generator) -> np.ndarray:
        """Spectra at both ears of what the sources make, shape (2, bins)."""
        ears = self.rig.ears(pose)
        noises = [_gaussian((grid.low,), rng) * a[:grid.low] for a in grid.amplitudes]
        directs = [_direct(source, ears.mean(axis=0), mirrors, self.critical_distance)
                   for source in self.ambience.sources]
        spectrum = np.zeros((2, grid.count), np.complex64)
        for ear in (0, 1):
            distance = mirrors.distance(ears[ear])
            diffuse = self._waves(pose, mirrors, self._directions, distance, ear, grid)
            power = self._power(pose, mirrors, self._directions, ear, grid).mean(axis=0)
            loud = np.zeros(grid.count - grid.low, np.float32)
            for i, (noise, (direction, gain, images)) in enumerate(zip(noises, directs)):
                straight = self._waves(pose, images, direction[None], distance, ear, grid)[0]
                heard = np.einsum('wf,wf->f', grid.tails[i], diffuse) + gain * straight
                spectrum[ear, :grid.low] += noise * heard
                straight = self._power(pose, images, direction[None], ear, grid)[0]
                loud += grid.amplitudes[i][grid.low:] ** 2 * (power + gain ** 2 * straight)
            spectrum[ear, grid.low:] = _gaussian(loud.shape, rng) * np.sqrt(loud)
        return spectrum

    def _waves(self, pose: Pose, mirrors: Mirrors, directions: np.ndarray, distance: np.ndarray,
               ear: int, grid: '_Grid') -> np.ndarray:
        """Hear plane waves in the lows with one ear, complex, shape (waves, low bins)."""
        heard = self._reception(pose, mirrors, directions, ear) @ grid.crossover[:, :grid.low]
        heard *= mirrors.filling[:grid.low].astype(np.float32)
        return waves_at(directions, distance, grid.wavenumber[:grid.low],
                        mirrors.reflection[:, :grid.low], heard)

    def _reception(self, pose: Pose, mirrors: Mirrors, directions: np.ndarray,
                   ear: int) -> np.ndarray:
        """
        How well an ear hears each wave and its reflections on x, on y and on both.

        :returns: per band, float32, shape (4, waves, 8).
        """
        heard = []
        for flip in _FLIPS:
            # A wave that runs towards a surface comes from the other side.
            signs = np.array([-1 if not flip[0] else 1, -1 if not flip[1] else 1])
            come = directions * np.array([*(signs * mirrors.towards[:2]), 0.0])
            come[:, 2] = directions[:, 2]
            heard.append(self._hearing.reception(come @ pose.rotation(), ear))
        return np.stack(heard).astype(np.float32)

    def _power(self, pose: Pose, mirrors: Mirrors, directions: np.ndarray, ear: int,
               grid: '_Grid') -> np.ndarray:
        """Mean-square pressure of each wave in the highs, shape (waves, high bins)."""
        heard = self._reception(pose, mirrors, directions, ear)
        back = (mirrors.reflection[:, grid.low:] ** 2).astype(np.float32)
        total = 0.0
        for flip, gains in zip(_FLIPS, heard):
            loss = (back[0] if flip[0] else 1) * (back[1] if flip[1] else 1)
            total = total + (gains ** 2 @ grid.crossover[:, grid.low:]) * loss
        return total * (1 + back[2]) * (mirrors.filling[grid.low:] ** 2 / 8)

    def _robot_sound(self, pose: Pose, mirrors: Mirrors, grid: '_Grid', speed: float,
                     rng: np.random.Generator) -> np.ndarray:
        """Spectra at both ears of the robot's own noise, direct, reflected and reverberant."""
        made = grid.robot * 10 ** (self.ambience.robot_db / 20) * _gaussian((grid.count,), rng)
        if speed > 0:
            made = made + 10 ** (self.ambience.motors_db / 20) * speed * grid.motors(
                self.ambience.motor_hz * speed, rng)
        ears = self.rig.ears(pose)
        mouth = self.rig.head(pose) + pose.rotation() @ np.array(self.ambience.robot_place)
        spectrum = np.empty((2, grid.count), np.complex64)
        reverberant = np.float32(0.3 / self.critical_distance)
        for ear in (0, 1):
            response = np.zeros(grid.count, np.complex64)
            for mirrored in np.ndindex(2, 2, 2):
                path = mirrors.image(mouth, mirrored) - ears[ear]
                distance = float(np.linalg.norm(path))
                gain = np.float32(0.3 / distance) * np.prod(
                    mirrors.reflection[np.flatnonzero(mirrored)], axis=0, initial=1.0)
                if any(mirrored):
                    come = (path / distance) @ pose.rotation()
                    gain = gain * (self._hearing.reception(come[None], ear)[0] @ grid.crossover)
                response += gain * grid.delay(distance)
            late = waves_at(self._directions, mirrors.distance(ears[ear]),
                            grid.wavenumber[:grid.low], mirrors.reflection[:, :grid.low])
            response[:grid.low] += reverberant * np.einsum('wf,wf->f', grid.tails[-1], late)
            spectrum[ear] = made * response
            spectrum[ear, grid.low:] += reverberant * np.abs(made[grid.low:]) * _gaussian(
                (grid.count - grid.low,), rng)
        return spectrum


class _Grid:
    """What depends on a stretch's length only: frequencies, spectra of sources, tails."""

    def __init__(self, room: AmbientRoom, samples: int):
        rate, ambience = room.fmt.sample_rate, room.ambience
        self.frequencies = np.arange(1, samples // 2 + 1) * rate / samples
        self.count = len(self.frequencies)
        self.low = int(np.searchsorted(self.frequencies, _SPLIT))
        self.wavenumber = 2 * np.pi * self.frequencies / SPEED_OF_SOUND
        self.crossover = crossover(self.frequencies).astype(np.float32)
        self.amplitudes = [(source.level * source.spectrum.amplitude(self.frequencies))
                           .astype(np.float32) for source in ambience.sources]
        self.loudness = np.sqrt(sum(source.level ** 2 for source in ambience.sources))
        self.robot = (self.loudness * ambience.robot.amplitude(self.frequencies)).astype(
            np.float32)
        hiss = 1 / np.sqrt(np.maximum(self.frequencies, 150.0)) + 0.03
        self.microphone = (self.loudness * hiss / np.sqrt(np.sum(hiss ** 2))).astype(np.float32)
        fading = 1 / (1 + (ambience.low_cut / self.frequencies) ** 2)
        self.ears = np.stack([fading * between_knots(levels, self.frequencies)
                              for levels in ambience.mismatch or ((0.0,) * KNOTS,) * 2]
                             ).astype(np.float32)
        self._sway = ambience.sway_db * np.log(10) / 20
        self._time = np.arange(samples) / rate
        size = samples * _TAIL_RATE // rate
        tails = room._tails
        folded = -(-tails.shape[2] // size) * size
        tails = np.pad(tails, ((0, 0), (0, 0), (0, folded - tails.shape[2])))
        tails = tails.reshape(*tails.shape[:2], -1, size).sum(axis=2)
        self.tails = fft.rfft(tails, axis=2)[:, :, 1:self.low + 1]

    def delay(self, distance: float) -> np.ndarray:
        """Phase of a path of so many metres."""
        fine = 64
        step = self.wavenumber[0] * distance
        starts = np.exp(-1j * step * (1 + fine * np.arange(-(-self.count // fine))))
        return (starts[:, None] * np.exp(-1j * step * np.arange(fine))).ravel()[
            :self.count].astype(np.complex64)

    def sway(self, rng: np.random.Generator) -> np.ndarray:
        """Draw a slow rise and fall of the level, its middle one, shape (samples,)."""
        hertz = rng.uniform(0.2, 2.0)
        return np.exp(self._sway * np.sqrt(2) * np.sin(
            2 * np.pi * (hertz * self._time + rng.random()))).astype(np.float32)

    def motors(self, hertz: float, rng: np.random.Generator) -> np.ndarray:
        """Draw the spectrum of motors that turn at so many Hz, of RMS one, complex."""
        hiss = 1 / (1 + (self.frequencies / 2500.0) ** 2)
        noise = _gaussian((self.count,), rng) * hiss / np.sqrt(2 * np.sum(hiss ** 2))
        step = self.frequencies[0]
        for harmonic, gain in _HARMONICS:
            bin_ = round(harmonic * hertz / step) - 1
            if 0 <= bin_ < self.count:
                noise[bin_] += 0.6 * gain * np.exp(2j * np.pi * rng.random())
        return (noise * self.loudness).astype(np.complex64)


def reverberation_time(scene: Scene) -> np.ndarray:
    """Seconds for 60 dB by Eyring's formula, furniture included, per band, shape (8,)."""
    world = scene.world
    areas = surface_areas(scene)
    # Of furniture the areas are of one side; its back is to a wall and its top is small.
    areas[scene.shell:] *= 2
    mean = areas @ scene.absorption / areas.sum()
    return np.clip(0.161 * world.volume / (-areas.sum() * np.log(1 - mean)), 0.1, 2.0)


def _direct(source: Source, head: np.ndarray, mirrors: Mirrors,
            critical: float) -> tuple[np.ndarray, np.float32, Mirrors]:
    """
    Direct sound of a source as one more plane wave.

    :returns: its direction folded into the octant of :func:`~.ambient_field.octant`; its
        amplitude there, for one at the critical distance as loud as the room's diffuse sound; and
        mirrors whose images have faded by the longer way of a spherical wave.
    """
    path = np.asarray(source.place) - head
    distance = max(float(np.linalg.norm(path)), 0.3)
    longer = [np.linalg.norm(mirrors.image(np.asarray(source.place), flip) - head)
              for flip in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
    faded = distance / np.maximum(longer, distance)
    # An incoming wave alone is an eighth of what waves_at counts as one.
    return (np.abs(path) / np.linalg.norm(path), np.float32(8 ** 0.5 * critical / distance),
            Mirrors(mirrors.towards, mirrors.plane, mirrors.reflection * faded[:, None],
                    np.ones_like(mirrors.filling)))


def _gaussian(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Complex noise of mean square one, complex64."""
    pairs = rng.standard_normal((*shape, 2), np.float32) * np.float32(np.sqrt(0.5))
    return pairs.view(np.complex64)[..., 0]
