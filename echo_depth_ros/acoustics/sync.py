# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Find the direct sound of a chirp in a recording, and cut the window that it starts."""

from collections.abc import Iterator
from dataclasses import dataclass
import math

import numpy as np

from echo_depth_ros.acoustics.arrival import (
    Arrival,
    BACKGROUND,
    first_at_ear,
    GUARD,
    level_before,
    noise_floor,
    ONSET_DB,
    pulses,
)
from echo_depth_ros.acoustics.checks import check_recording
from echo_depth_ros.acoustics.errors import NoChirpError, WindowError
from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND
from echo_depth_ros.acoustics.pulse import compress, received_snr_db

PRE_ROLL = 32
"""Samples that must precede the direct sound: they tell the noise floor."""

_STANDS_ALONE_DB = 14.0
"""A compressed sweep stands this far out of what precedes it; clicks and bursts are smeared."""
_RINGS_DB = 9.0
"""It stands out less of what follows: a small speaker's low cut-off rings on for a millisecond."""
_SMEAR = 100
_COHERENCE = 0.75
"""Bursts of noise rarely reach this; a lowpassed sweep at 5 dB SNR is above 0.9."""
_EAR_FRACTION = 0.4
"""The direct sound may be this much lower than an early reflection within the head's width."""
_WEAKER_DB = 26.0
"""How far the direct sound may lie below the loudest echo of the next 24 ms, and ..."""
_HORIZON = 0.024
_MUCH_LATER_DB = 20.0
"""... below whatever comes later still: far echoes lose to spreading what the direct sound
loses to leaving the speaker sideways."""


@dataclass(frozen=True)
class DirectSound:
    """
    Where the chirp's first sample arrived by the direct path.

    :ivar index: sample in the recording, with its fraction; mean of the ears that heard it.
    :ivar ear_indices: the same for the left and the right ear; NaN for an ear that did not.
    :ivar snr_db: mean power of the received chirp over its duration against the power of what
        was heard just before it, over the full band, in the better ear.
    :ivar peak: gain of the direct path in each ear (height of the compressed pulse; 1.0 is a chirp
        received as loud as it was played).
    """

    index: float
    ear_indices: tuple[float, float]
    snr_db: float
    peak: tuple[float, float]


def find_direct_sound(
        recording: np.ndarray,
        fmt: PingFormat,
        search: tuple[int, int] | None = None) -> DirectSound:
    """
    Find the first arrival of the chirp, even where an echo is louder.

    The recording is compressed to an impulse response. The first pulse in it that stands out of
    what precedes it, and is not negligible against the loudest, is the direct sound. A decaying
    tail of the ping before does no harm, but its early echoes are chirps as well: where a
    recording may begin among them, give the range to search.

    :param recording: float array of shape ``(2, n)``, full scale 1.0.
    :param fmt: the ping that was played.
    :param search: first and last sample (inclusive) on which the direct sound may begin.
    :returns: the direct sound.
    :raises WindowError: when the recording is not a finite ``(2, n)`` float array, or too short.
    :raises NoChirpError: when nothing in the search range is a chirp.
    """
    check_recording(recording, PRE_ROLL + fmt.chirp_samples)
    samples = recording.shape[1]
    lo, hi = search if search is not None else (0, samples)
    lo, hi = max(int(lo), PRE_ROLL), min(int(hi) + 1, samples - fmt.chirp_samples // 2)
    if lo >= hi:
        raise WindowError(
            f'search range {search} holds no usable sample of a recording of {samples}; expected '
            f'samples between {PRE_ROLL} and {samples - fmt.chirp_samples // 2}')
    response = compress(recording, fmt)
    # Each ear counts by its own noise, so that a deaf one cannot hide the other.
    noise = [noise_floor(ear**2) for ear in response]
    power = sum(ear**2 / floor for ear, floor in zip(response, noise, strict=True))
    reach = math.ceil(fmt.ear_spacing / SPEED_OF_SOUND * fmt.sample_rate) + 2
    for first in _onsets(power, lo, hi, int(_HORIZON * fmt.sample_rate)):
        arrivals = [first_at_ear(ear, first, reach, _EAR_FRACTION, floor)
                    for ear, floor in zip(response, noise, strict=True)]
        heard = [arrival.coherence >= _COHERENCE
                 and arrival.height**2 >= _ratio(ONSET_DB) * floor
                 for arrival, floor in zip(arrivals, noise, strict=True)]
        if any(heard):
            return _direct_sound(arrivals, heard, recording, response, fmt)
    raise NoChirpError(
        f'no chirp begins between samples {lo} and {hi - 1} of a recording whose peak is '
        f'{np.abs(recording).max():.2g}; expected a direct sound that stands {ONSET_DB:.0f} dB '
        'out of what precedes it once compressed: check that the speaker plays and the '
        'microphones are not muted, or widen the search')


def _onsets(power: np.ndarray, lo: int, hi: int, horizon: int) -> Iterator[int]:
    before = np.maximum(level_before(power, lo, hi), noise_floor(power))
    least = np.maximum(_ratio(ONSET_DB) * before, power.max() / _ratio(_MUCH_LATER_DB))
    for peak in pulses(power, least, lo):
        loudest_soon = power[peak:peak + horizon].max()
        if power[peak] * _ratio(_WEAKER_DB) > loudest_soon and _stands_alone(power, peak):
            yield peak


def _stands_alone(power: np.ndarray, peak: int) -> bool:
    before = power[max(peak - _SMEAR, 0):peak - GUARD].mean()
    # A median, because a reflection off the robot's own body may be there as well.
    after = np.median(power[peak + GUARD:peak + 4 * GUARD])
    return bool(power[peak] > _ratio(_STANDS_ALONE_DB) * before
                and power[peak] > _ratio(_RINGS_DB) * after)


def _ratio(decibels: float) -> float:
    return 10**(decibels / 10)


def _direct_sound(
        arrivals: list[Arrival], heard: list[bool], recording: np.ndarray, response: np.ndarray,
        fmt: PingFormat) -> DirectSound:
    ears = tuple(arrival.position if ok else math.nan
                 for arrival, ok in zip(arrivals, heard, strict=True))
    index = float(np.nanmean(ears))
    at = [round(index if math.isnan(ear) else ear) for ear in ears]
    stop = max(min(at) - GUARD, 1)
    noise = slice(max(stop - BACKGROUND, 0), stop)
    return DirectSound(
        index=index, ear_indices=ears,
        snr_db=received_snr_db(recording, response, at, noise, fmt),
        peak=tuple(arrival.height for arrival in arrivals))


def cut_window(recording: np.ndarray, direct: DirectSound, fmt: PingFormat) -> np.ndarray:
    """
    Cut the window whose sample ``fmt.direct_index`` is the direct sound.

    :param recording: float array of shape ``(2, n)``.
    :param direct: what :func:`find_direct_sound` found in it.
    :param fmt: the ping that was played.
    :returns: float32 array of shape ``(2, fmt.window)``.
    :raises WindowError: when the recording ends, or begins, inside the window.
    """
    start = round(direct.index) - fmt.direct_index
    stop = start + fmt.window
    if start < 0 or stop > recording.shape[1]:
        raise WindowError(
            f'the window would span samples {start} to {stop} of a recording of '
            f'{recording.shape[1]}; expected all of it inside: record from {fmt.direct_index} '
            f'samples before the direct sound to {fmt.window - fmt.direct_index} after it')
    return np.ascontiguousarray(recording[:, start:stop], dtype=np.float32)


def align(
        recording: np.ndarray,
        fmt: PingFormat,
        search: tuple[int, int] | None = None) -> tuple[np.ndarray, DirectSound]:
    """
    Find the direct sound and cut its window.

    :returns: the window, float32 of shape ``(2, fmt.window)``, and the direct sound.
    :raises WindowError: as :func:`find_direct_sound` and :func:`cut_window` do.
    :raises NoChirpError: when there is no chirp.
    """
    direct = find_direct_sound(recording, fmt, search)
    return cut_window(recording, direct, fmt), direct
