# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Recordings of a few chirps of which everything is known."""

import numpy as np
from scipy.signal import lfilter

from ..scenes import FMT, sweep

SILENT = 22050
"""Samples of every take before the first chirp."""


def frames(count=8, seed=0):
    """Return samples on which chirps are played, at uneven pauses."""
    pauses = np.random.default_rng(seed).integers(9000, 13000, count)
    return SILENT + np.cumsum(pauses) - pauses[0]


def take(chirps, delay=1000.0, gains=(0.2, 0.2), lag=0.0, noise_db=-60.0, seed=0,
         echoes=(), filters=None):
    """
    Render what two ears hear, float32 (2, n).

    :param delay: samples from each chirp to its direct sound.
    :param lag: samples by which the left ear hears later.
    :param noise_db: RMS of white noise, in dB of full scale; one number, or one per ear.
    :param echoes: (samples after the direct sound, gain against it).
    :param filters: coefficients (b, a) of each ear.
    """
    samples = int(chirps[-1] + delay + 3 * FMT.window)
    rng = np.random.default_rng(seed)
    heard = np.zeros((2, samples))
    for ear, shift in enumerate((lag / 2, -lag / 2)):
        for chirp in chirps:
            for after, strength in ((0.0, 1.0), *echoes):
                start = chirp + delay + shift + after
                first = int(start) - 1024
                part = heard[ear, first:first + 3072]
                part += sweep(3072, start - first, strength)[:part.size]
        if filters:
            heard[ear] = lfilter(*filters[ear], heard[ear])
        heard[ear] *= gains[ear]
    levels = 10**(np.broadcast_to(noise_db, 2)[:, None] / 20)
    return (heard + levels * rng.standard_normal(heard.shape)).astype(np.float32)


def taps(ear, seed=0, leak=0.1):
    """Render knocks on one ear that the other hears a little."""
    rng = np.random.default_rng(seed)
    heard = 1e-3 * rng.standard_normal((2, 4 * FMT.sample_rate))
    for begin in (20000, 50000, 90000):
        knock = 0.5 * rng.standard_normal(400) * np.exp(-np.arange(400) / 60)
        heard[ear, begin:begin + 400] += knock
        heard[1 - ear, begin:begin + 400] += leak * knock
    return heard.astype(np.float32)
