# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Recordings in closed form: sweeps on any fraction of a sample, decaying noise."""

import numpy as np
from scipy.signal import fftconvolve

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat

FMT = PingFormat()
def sweep(samples, start, gain=1.0, lowpass_hz=None):
    """
    Play the sweep so that it arrives on the real-valued sample ``start``.

    A converter's output is band-limited, so a fraction of a sample is a turn of phase; what a
    path takes of the highs is a first-order lowpass, ``1 / (1 + i f / f_c)``.
    """
    size, lead = 2048, 512
    first = int(np.floor(start))
    frequency = np.fft.rfftfreq(size, 1 / FMT.sample_rate)
    spectrum = np.fft.rfft(linear_chirp(FMT).astype(np.float64), size)
    spectrum *= np.exp(-2j * np.pi * frequency * (lead + start - first) / FMT.sample_rate)
    if lowpass_hz:
        spectrum /= 1 + 1j * frequency / lowpass_hz
    wave = gain * np.fft.irfft(spectrum, size)
    out = np.zeros(samples)
    lo, hi = max(first - lead, 0), min(first - lead + size, samples)
    if lo < hi:
        out[lo:hi] = wave[lo - first + lead:hi - first + lead]
    return out


def power(wave):
    """Mean power of a sweep over the sweep's duration."""
    return np.sum(wave**2) / FMT.chirp_samples


def reverberation(rng, samples, start, decay_s):
    """
    Late reverberation of a sweep: noise that falls by 60 dB in ``decay_s``, swept.

    Its energy is that of one sweep at gain one.
    """
    time = np.arange(samples) - start
    tail = rng.standard_normal(samples) * np.exp(-6.91 * time / FMT.sample_rate / decay_s)
    tail[time < 0] = 0
    tail /= np.sqrt(np.sum(tail**2)) + 1e-12
    return fftconvolve(tail, linear_chirp(FMT).astype(np.float64))[:samples]


def add_noise(recording, rng, reference_power, snr_db):
    """Add white noise so that ``reference_power`` is ``snr_db`` above it; float32."""
    noise = rng.standard_normal(recording.shape) * np.sqrt(reference_power / 10**(snr_db / 10))
    return (recording + noise).astype(np.float32)


def room(seed, samples=3300, start=700.0, snr_db=20.0, echo_db=6.0, echo_delay=180.0,
         lowpass_hz=3500.0, decay_s=0.4, ear_shift=0.0, period=None):
    """
    Render a ping in a room: weak and dull direct sound, an echo that is louder, reverberation.

    :param snr_db: of the direct sound as it is received, over the full band, for 3 ms.
    :param echo_db: energy of the echo against the direct sound's.
    :param ear_shift: by how many samples the left ear hears first.
    :param period: samples by which another ping, and its tail, came before.
    :returns: float32 (2, samples).
    """
    rng = np.random.default_rng(seed)
    lead = period or 0
    recording = np.zeros((2, samples + lead))
    reference = sweep(2000, 600.0, 1.0, lowpass_hz)
    gain = 10**(-echo_db / 20) / np.sqrt(power(reference) / power(sweep(2000, 600.0)))
    for ear, shift in enumerate((-ear_shift / 2, ear_shift / 2)):
        for begin in {lead + start, start}:
            recording[ear] += sweep(samples + lead, begin + shift, gain, lowpass_hz)
            recording[ear] += sweep(samples + lead, begin + echo_delay - shift)
            recording[ear] += reverberation(
                rng, samples + lead, int(begin + echo_delay) + 60, decay_s)
    loudest = 0.3 / np.abs(recording).max()
    return add_noise(
        loudest * recording[:, lead:], rng, power(loudest * gain * reference), snr_db)


def window(direct_gain, echoes, seed=0, snr_db=30.0, lowpass_hz=None, fraction=0.0):
    """
    Render an aligned window: the direct sound and echoes, given as (range in metres, gain).

    :param snr_db: of the first echo, or of the direct sound where there is none.
    """
    start = FMT.direct_index + fraction
    wave = sweep(FMT.window, start, direct_gain, lowpass_hz)
    for range_m, gain in echoes:
        wave += sweep(FMT.window, start + FMT.range_to_samples(range_m), gain)
    gain = echoes[0][1] if echoes else direct_gain
    return add_noise(
        np.stack([wave, wave]), np.random.default_rng(seed), gain**2 * power(sweep(2000, 600.0)),
        snr_db)
