# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A sound card whose air is a delay and a gain, and whose time passes by being read."""

from fractions import Fraction
import math

import numpy as np
from scipy.signal import resample_poly

from echo_depth_ros.audio.errors import GapError, ReadTimeoutError
from echo_depth_ros.audio.interface import Played

_AHEAD = 0.05
_NS = 1_000_000_000


class FakeCard:
    """
    Speaker, ears and the air between them, as one card with one frame counter.

    :ivar played: (frame at the microphones' rate, samples) of each sound.
    :ivar faults: what the next reads end in: gap, discontinuity or timeout.
    """

    def __init__(self, *, delay=1000, gain=(0.3, 0.3), lag=0, noise=1e-3, clips_at=1.0,
                 device_rate=44100, seed=0):
        self.delay, self.lag, self.noise, self.clips_at = delay, lag, noise, clips_at
        self.gain = (gain, gain) if isinstance(gain, float) else gain
        self.device_rate = device_rate
        self.begins = self.now = 1_000_000
        self.played, self.faults, self.taps = [], [], []
        self.state, self.problem, self.generation, self.discontinuities = 'streaming', '', 1, 0
        self.input_name, self.output_name, self.host_api = 'ears', 'mouth', 'fake'
        self.closed = False
        self._rng = np.random.default_rng(seed)

    def speaker(self):
        return _Speaker(self)

    def microphones(self):
        return _Microphones(self)

    def close(self):
        self.closed = True

    def heard(self, start, count):
        out = self.noise * self._rng.standard_normal((2, count))
        for frame, sound in self.played + self.taps:
            if self.device_rate != 44100:
                ratio = Fraction(44100, self.device_rate)
                sound = resample_poly(
                    np.pad(sound, 480), ratio.numerator, ratio.denominator)
                frame -= 441
            for ear, shift in enumerate((self.lag, 0)):
                at = frame + self.delay + shift - start
                lo, hi = max(at, 0), min(at + sound.size, count)
                if lo < hi:
                    out[ear, lo:hi] += self.gain[ear] * sound[lo - at:hi - at]
        return np.clip(out, -self.clips_at, self.clips_at).astype(np.float32)


class _Speaker:
    def __init__(self, card):
        self._card = card
        self.sample_rate = card.device_rate

    @property
    def next_frame(self):
        return math.ceil((self._card.now / 44100 + _AHEAD) * self.sample_rate)

    def play(self, samples, at_frame=None):
        frame = self.next_frame if at_frame is None else at_frame
        stamp = round(frame * _NS / self.sample_rate)
        self._card.played.append((round(stamp * 44100 / _NS), np.array(samples)))
        return Played(frame, stamp)

    def close(self):
        pass


class _Microphones:
    sample_rate = 44100
    overflows = 0

    def __init__(self, card):
        self._card = card

    @property
    def end_frame(self):
        return self._card.now

    def chirp_frame(self, stamp):
        return round(stamp * 44100 / _NS)

    def stamp(self, frame):
        return round(frame * _NS / 44100)

    def read(self, start_frame, count, timeout):
        self._card.now = max(self._card.now, start_frame + count)
        fault = self._card.faults.pop(0) if self._card.faults else None
        if fault == 'gap':
            raise GapError('frames were lost')
        if fault == 'timeout':
            raise ReadTimeoutError('frames did not come')
        if fault == 'discontinuity':
            self._card.discontinuities += 1
        return self._card.heard(start_frame, count)

    def close(self):
        pass
