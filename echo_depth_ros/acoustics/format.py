# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The ping: what is played, how long is listened, and how the window is cut."""

from dataclasses import dataclass
import math

SPEED_OF_SOUND = 343.0
"""Metres per second in air at 20 degrees Celsius."""


@dataclass(frozen=True)
class PingFormat:
    """
    Everything that the emitter, the capture and the network must agree on.

    The defaults are BatVision's: a 3 ms linear sweep from 20 Hz to 20 kHz, 72.5 ms of echoes
    at 44.1 kHz (3197 whole samples), ears 23.5 cm apart, and a 512/64/16 spectrogram.

    :ivar direct_index: sample of an aligned window on which the chirp's first sample arrives by
        the direct path, averaged over both ears. The samples before it hold the noise floor.
    :ivar direct_distance: metres from the speaker to each ear.
    """

    sample_rate: int = 44100
    window: int = 3197
    direct_index: int = 64
    chirp_duration: float = 0.003
    chirp_start_hz: float = 20.0
    chirp_end_hz: float = 20000.0
    chirp_amplitude: float = 0.5
    ear_spacing: float = 0.235
    direct_distance: float = 0.1738
    n_fft: int = 512
    stft_window: int = 64
    stft_hop: int = 16

    @property
    def chirp_samples(self) -> int:
        """Length of the sweep in whole samples (132 at 44.1 kHz)."""
        return int(self.sample_rate * self.chirp_duration)

    @property
    def window_duration(self) -> float:
        """Length of a window in seconds."""
        return self.window / self.sample_rate

    def samples_to_range(self, delay_samples: float) -> float:
        """
        Range in metres of an echo that follows the direct sound by so many samples.

        The echo travels there and back, ``2 r``, and the direct sound ``direct_distance``; what
        is measured is the difference of both.
        """
        travelled = SPEED_OF_SOUND * delay_samples / self.sample_rate
        return (travelled + self.direct_distance) / 2

    def range_to_samples(self, range_m: float) -> float:
        """Inverse of :meth:`samples_to_range`."""
        return (2 * range_m - self.direct_distance) * self.sample_rate / SPEED_OF_SOUND

    def ping_period(self, rate_hz: float) -> int:
        """
        Whole samples between two chirps at ``rate_hz``.

        :raises ValueError: when windows would overlap.
        """
        if not math.isfinite(rate_hz) or rate_hz <= 0:
            raise ValueError(f'ping rate is {rate_hz}; expected a positive number of Hz')
        period = round(self.sample_rate / rate_hz)
        if period < self.window:
            limit = self.sample_rate / self.window
            raise ValueError(
                f'ping rate {rate_hz} Hz leaves {period} samples between chirps, but a window is '
                f'{self.window} samples; choose at most {limit:.2f} Hz')
        return period
