# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Binaural impulse responses of a room: what each ear hears of one click of the speaker."""

import numpy as np
from scipy import fft

from echo_depth_ros.acoustics.format import SPEED_OF_SOUND
from echo_depth_ros.sim.arrivals import accumulate, Arrivals, crossover_of, minimum_phase
from echo_depth_ros.sim.bands import AIR_ABSORPTION
from echo_depth_ros.sim.furniture_echoes import FurnitureEchoes
from echo_depth_ros.sim.hearing import Hearing
from echo_depth_ros.sim.images import ShellImages
from echo_depth_ros.sim.late import trace_decay
from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.scattered import Scatterers
from echo_depth_ros.sim.scene import Scene

EARLY = 4096
"""Samples in which single arrivals are placed: 93 ms, 16 m there and back."""
LENGTH = 12288
"""Samples of a whole impulse response: 279 ms, nearly four pings."""


class EchoRenderer:
    """
    Renders what two ears hear, arrival by arrival.

    Direct sound; image sources of the room's shell up to ``image_order``; mirror reflections
    of furniture; sound scattered once by every surface; and, for all that comes after, noise
    shaped by a ray-traced energy decay, coherent between the ears as in a diffuse field.

    :param scene: the room.
    :param rig: where speaker and ears are.
    :param hearing: how they sound.
    :param seed: of everything that is random; the same seed gives the same bits.
    """

    def __init__(self, scene: Scene, rig: Rig = Rig(), hearing: Hearing = Hearing(), *,
                 seed: int = 0, sample_rate: int = 44100, image_order: int = 4,
                 rays: int = 2048):
        self.scene, self.rig, self.hearing = scene, rig, hearing
        self.sample_rate = sample_rate
        self._early_chain = hearing.chain(EARLY, sample_rate)
        self._late_chain = hearing.chain(LENGTH, sample_rate)
        self._direct = [self._direct_spectrum(ear) for ear in (0, 1)]
        self._images = ShellImages(scene, image_order)
        self._furniture = FurnitureEchoes(scene)
        self._scatterers = Scatterers(scene, rays)
        space = scene.world.free_space(rig.robot_radius)
        origin = np.array([*space.representative_point().coords[0], rig.height])
        self.decay = trace_decay(scene, origin, image_order, np.random.default_rng([seed, 1]))
        self._late_amplitude = self._late_envelope()
        self._coherence = _coherence(rig.ear_spacing, LENGTH, sample_rate)

    def impulse_response(self, pose: Pose, rng: np.random.Generator) -> np.ndarray:
        """
        Impulse responses from the speaker's input to both ears' outputs.

        :param pose: where the robot stands.
        :param rng: for scattering and late noise.
        :returns: full-scale amplitude per sample, float32, shape (2, 12288), left first.
        """
        response = self._late(rng)
        for ear, arrivals in enumerate(self.echoes(pose, rng)):
            spectrum = accumulate(arrivals, EARLY, self.sample_rate) + self._direct[ear]
            response[ear, :EARLY] += fft.irfft(spectrum * self._early_chain, EARLY)
        return response.astype(np.float32)

    def echoes(self, pose: Pose, rng: np.random.Generator,
               sender: Pose | None = None) -> tuple[Arrivals, Arrivals]:
        """
        Collect the single echoes at the left and the right ear.

        :param sender: where another robot stands, like this one, whose speaker is heard instead.
        """
        speaker, ears = self.rig.mouth(sender or pose), self.rig.ears(pose)
        images = self._images.find(speaker, ears)
        rays, hits, signs = self._scatterers.illuminate(speaker, rng)
        patches = speaker + rays * hits.distance[:, None]
        rotation, sends = pose.rotation(), (sender or pose).rotation()
        sent = self.hearing.emission(rays @ sends)
        both = []
        for ear in (0, 1):
            place = ears[ear]
            parts = []
            seen = images.visible[ear]
            towards = images.position[seen] - place
            path = np.linalg.norm(towards, axis=1)
            parts.append(self._hear(
                towards / path[:, None], path,
                images.gain[ear][seen] / path[:, None]
                * self.hearing.emission(images.emission[ear][seen] @ sends), rotation, ear))
            furniture = self._furniture.find(speaker, place)
            out, back = furniture.point - speaker, furniture.point - place
            there, here = np.linalg.norm(out, axis=1), np.linalg.norm(back, axis=1)
            parts.append(self._hear(
                back / here[:, None], there + here, furniture.amplitude
                * self.hearing.emission(out / there[:, None] @ sends), rotation, ear))
            towards, path, amplitude = self._scatterers.towards(place, patches, hits, signs)
            parts.append(self._hear(towards, path, amplitude * sent, rotation, ear))
            both.append(Arrivals.join(parts))
        return both[0], both[1]

    def direct_sound(self, ear: int) -> tuple[float, np.ndarray]:
        """
        Sound that leaks straight to an ear: metres travelled and amplitude per band, (8,).

        It passes along the head, not over the ear's axis, and is the same at every pose.
        """
        still = Pose(0.0, 0.0, 0.0)
        path = self.rig.ears(still)[ear] - self.rig.mouth(still)
        distance = float(np.linalg.norm(path))
        sent = self.hearing.emission((path / distance)[None])[0]
        return distance, self.hearing.crosstalk * self.hearing.ear_gain[ear] * sent / distance

    def _direct_spectrum(self, ear: int) -> np.ndarray:
        distance, gain = self.direct_sound(ear)
        return minimum_phase(gain, distance / SPEED_OF_SOUND, EARLY, self.sample_rate)

    def _hear(self, towards: np.ndarray, path: np.ndarray, amplitude: np.ndarray,
              rotation: np.ndarray, ear: int) -> Arrivals:
        """Apply air, the ear's directivity and its pinna to sounds from given directions."""
        local = towards @ rotation
        air = np.exp(-0.5 * path[:, None] * AIR_ABSORPTION)
        gain = amplitude * air * self.hearing.reception(local, ear)
        delay = path / SPEED_OF_SOUND
        extra, pinna = self.hearing.pinna(local)
        return Arrivals(np.concatenate([delay, delay + extra]),
                        np.concatenate([gain, gain * pinna]))

    def _late_envelope(self) -> np.ndarray:
        """
        Return the late noise's standard deviation, per ear, band, sample: (2, 8, 12288).

        Energy E spread over a volume V is heard as the mean square ``4 pi c E / V`` per second,
        on the scale on which the direct sound at one metre is one (Kuttruff, *Room Acoustics*).
        """
        emitted, heard = self.hearing.diffuse_power()
        density = 4 * np.pi * SPEED_OF_SOUND / self.scene.world.volume / self.sample_rate
        moments = np.arange(LENGTH) / self.sample_rate
        late = np.stack([np.interp(moments, self.decay.time, band, right=0.0)
                         for band in self.decay.late.T])
        # A hall that still sounds at the end is faded out, not chopped off.
        fade = np.clip((moments[-1] - moments) / 0.03, 0, 1)
        power = density * late * emitted[:, None] * fade ** 2
        return np.sqrt(power[None] * heard[:, :, None]).astype(np.float32)

    def _late(self, rng: np.random.Generator) -> np.ndarray:
        """Late noise with the diffuse field's coherence between the ears, shape (2, 12288)."""
        white = fft.rfft(rng.standard_normal((2, LENGTH), np.float32), axis=1)
        white[1] = self._coherence * white[0] + np.sqrt(1 - self._coherence ** 2) * white[1]
        noise = fft.irfft(white, LENGTH, axis=1).astype(np.float32)
        weights = crossover_of(LENGTH, self.sample_rate)
        shaped = fft.rfft(noise[:, None] * self._late_amplitude, axis=2)
        spectrum = np.einsum('ebf,bf->ef', shaped, weights) * self._late_chain
        return fft.irfft(spectrum, LENGTH, axis=1)


def _coherence(spacing: float, samples: int, sample_rate: int) -> np.ndarray:
    """Coherence of a diffuse field between two points (Cook et al. 1955): sinc(2 f d / c)."""
    return np.sinc(2 * fft.rfftfreq(samples, 1 / sample_rate) * spacing / SPEED_OF_SOUND)
