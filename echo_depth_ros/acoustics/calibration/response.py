# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The mean ping, and how strongly each frequency of it came through by the direct path."""

from dataclasses import dataclass
import math

import numpy as np
from scipy import fft

from echo_depth_ros.acoustics.arrival import GUARD
from echo_depth_ros.acoustics.calibration.noise import NoiseFloor
from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.errors import WindowError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.pulse import compress, RANGING_BASELINE, REGULARISATION

LEAD = 512
"""Samples of the mean ping before its direct sound."""
_LONGEST_GATE = 0.005
_BEFORE_GATE = 0.0005
_REFLECTS_DB = 30.0
_PULSE = 6
_PER_OCTAVE = 6
_TOP = 0.95
_FINE = 8192
_ABOVE_NOISE_DB = 6.0


@dataclass(frozen=True, eq=False)
class Response:
    """
    What speaker, air and microphone make of each frequency on the direct way to the ears.

    The impulse response is cut off before the first echo. A stretch of T seconds tells
    frequencies apart by 1/T and says nothing below 1/T; that is what the first echo allows.

    :ivar frequency: Hz, centres of sixths of an octave, (k,).
    :ivar gain_db: heard over played, both of full scale 1.0, (2, k); NaN where noise hides it.
    :ivar resolution_hz: 1/T; also the lowest frequency that is told.
    :ivar gate_s: T, of the direct sound proper, in seconds.
    :ivar impulse: the whole impulse response, (2, n), ``LEAD`` samples ahead of the direct sound.
    """

    frequency: np.ndarray
    gain_db: np.ndarray
    resolution_hz: float
    gate_s: float
    impulse: np.ndarray


def mean_ping(recording: np.ndarray, at: np.ndarray, fmt: PingFormat) -> tuple[np.ndarray, int]:
    """
    Average all pings that lie wholly inside the recording, fractions of samples taken out.

    :param at: samples on which the direct sounds begin, with fractions.
    :returns: float64 (2, LEAD + window), direct sound on sample ``LEAD``; how many were averaged.
    :raises WindowError: when there is none.
    """
    size = LEAD + fmt.window
    starts = np.round(at).astype(int) - LEAD
    inside = (starts >= 0) & (starts + size <= recording.shape[1])
    if not inside.any():
        raise WindowError(
            f'no ping has {LEAD} samples before it and {fmt.window} after it in the recording; '
            'expected at least one: let the recording begin sooner, or end later')
    turn = 2j * np.pi * fft.rfftfreq(size)
    total = np.zeros((2, turn.size), complex)
    for begin, start in zip(at[inside], starts[inside]):
        piece = recording[:, start:start + size].astype(np.float64)
        total += fft.rfft(piece, axis=1) * np.exp(turn * (begin - start - LEAD))
    count = int(inside.sum())
    return fft.irfft(total / count, size, axis=1), count


def impulse_response(ping: np.ndarray, fmt: PingFormat) -> np.ndarray:
    """
    Divide the sweep out of a ping: the whole band, unlike :func:`pulse.compress`.

    :param ping: float array (2, n).
    :returns: float64 (2, n); a direct path of gain g sums to g.
    """
    size = fft.next_fast_len(ping.shape[1] + fmt.chirp_samples, real=True)
    return fft.irfft(fft.rfft(ping, size, axis=1) * _inverse(fmt, size), size,
                     axis=1)[:, :ping.shape[1]]


def direct_response(
        ping: np.ndarray, ears: np.ndarray, noise: NoiseFloor, count: int,
        fmt: PingFormat) -> Response:
    """
    Measure the response of the direct path from the mean ping.

    :param ping: what :func:`mean_ping` returned.
    :param ears: samples of it on which the direct sound begins, (2,).
    :param count: how many pings were averaged.
    """
    gate = min(_until_echo(ping, ears, fmt), _LONGEST_GATE)
    impulse = impulse_response(ping, fmt)
    low, high = 1 / gate, _TOP * min(fmt.chirp_end_hz, fmt.sample_rate / 2)
    centres = _centres(low, high)
    lines = fft.rfftfreq(_FINE, 1 / fmt.sample_rate)
    inverse = np.abs(_inverse(fmt, _FINE))
    gains = []
    for ear in (0, 1):
        window = _gate(impulse.shape[1], float(ears[ear]), gate, fmt.sample_rate)
        power = np.abs(fft.rfft(impulse[ear] * window, _FINE))**2
        density = np.interp(lines, noise.frequency, noise.density[ear]) * fmt.sample_rate / 2
        hidden = np.sum(window**2) * density * inverse**2 / count
        gains.append(_by_band(lines, power, hidden, centres))
    return Response(centres, np.array(gains), low, gate, impulse)


def _until_echo(ping: np.ndarray, ears: np.ndarray, fmt: PingFormat) -> float:
    """
    Seconds from the direct sound to whatever comes next within 30 dB of it, at the sooner ear.

    What comes while the compressed direct sound lasts, 0.9 ms, belongs to it.
    """
    first = math.inf
    for ear, begin in zip(compress(ping.astype(np.float32), fmt, RANGING_BASELINE), ears):
        at = round(float(begin))
        ends = at + RANGING_BASELINE // 2 + GUARD
        least = np.abs(ear[at - GUARD:at + GUARD]).max() / 10**(_REFLECTS_DB / 20)
        later = np.flatnonzero(np.abs(ear[ends:]) > least)
        if later.size:
            first = min(first, max(ends - at, ends - at + int(later[0]) - _PULSE))
    return first / fmt.sample_rate


def _inverse(fmt: PingFormat, size: int) -> np.ndarray:
    sweep = fft.rfft(linear_chirp(fmt).astype(np.float64), size)
    power = np.abs(sweep)**2
    return np.conj(sweep) / (power + REGULARISATION * np.median(power))


def _centres(low: float, high: float) -> np.ndarray:
    """Sixths of an octave around 1 kHz that lie between two frequencies."""
    first = math.ceil(_PER_OCTAVE * math.log2(low / 1000))
    last = math.floor(_PER_OCTAVE * math.log2(high / 1000))
    return 1000 * 2.0**(np.arange(first, last + 1) / _PER_OCTAVE)


def _gate(samples: int, begin: float, length: float, rate: int) -> np.ndarray:
    """One over the direct sound, with half a Hann window before it and over its last quarter."""
    time = (np.arange(samples) - begin) / rate
    rise = np.clip(1 + time / _BEFORE_GATE, 0, 1)
    fall = np.clip((length - time) / (length / 4), 0, 1)
    return np.sin(np.pi / 2 * rise)**2 * np.sin(np.pi / 2 * fall)**2


def _by_band(lines, power, hidden, centres) -> np.ndarray:
    """Mean power in each band, in dB; NaN where noise alone gives nearly as much."""
    half = 2**(0.5 / _PER_OCTAVE)
    gains = np.full(centres.size, np.nan)
    for index, centre in enumerate(centres):
        inside = (lines >= centre / half) & (lines < centre * half)
        if not inside.any():
            inside = np.abs(lines - centre) == np.min(np.abs(lines - centre))
        heard, noise = power[inside].mean(), hidden[inside].mean()
        if heard > noise * 10**(_ABOVE_NOISE_DB / 10) and heard > 0:
            gains[index] = 10 * np.log10(heard)
    return gains
