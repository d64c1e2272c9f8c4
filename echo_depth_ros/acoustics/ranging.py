# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Range of the first echo in a window: no network, one explainable number."""

from dataclasses import dataclass
import math

import numpy as np

from echo_depth_ros.acoustics.arrival import (
    Arrival,
    first_at_ear,
    GUARD,
    noise_floor,
    pulses,
)
from echo_depth_ros.acoustics.checks import check_window
from echo_depth_ros.acoustics.errors import WindowError
from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND
from echo_depth_ros.acoustics.pulse import compress, RANGING_BASELINE, received_snr_db

_ONSET_DB = 14.0
"""An echo stands this far out of the noise, which noise alone does once in 1e5 windows, ..."""
_RISE_DB = 12.0
_RISE_SPAN = 32
"""... and this far out of what was heard in the samples before it."""
_RINGING_DB = 36.0
"""No loudspeaker is perfect: what lies this far below the direct sound, while that still lasts,
may be its own ringing and does not count."""
_TAIL_DB = 23.0
_TAIL_ENDS = 92
"""A loudspeaker delays the lows against the highs, and what pulse compression leaves of them
trails the direct sound by up to two baselines: of sixty speakers that fade below 100 to 350 Hz the
loudest tail is 24.8 dB down until so many samples after the direct sound, 39 dB from then on. A
wall that near answers 5 to 15 dB below the direct sound."""
_DIRECT_REACH = 16
_DIRECT_COHERENCE = 0.5
_DIRECT_ENDS = RANGING_BASELINE // 2 + GUARD
_EAR_FRACTION = 0.5


@dataclass(frozen=True)
class Echo:
    """
    The first echo of a window.

    :ivar range_m: half the path from the speaker over the surface to the ears, in metres: the
        distance of a wall from the point halfway between them. ``+inf`` where nothing answers
        (REP-117).
    :ivar delay_s: seconds from the direct sound to the echo; ``+inf`` where nothing answers.
    :ivar snr_db: mean power of the echo while it lasts against that of the noise before the
        ping; of the loudest moment where nothing counts as an echo.
    """

    range_m: float
    delay_s: float
    snr_db: float


@dataclass(frozen=True)
class FloorEcho:
    """
    What the floor answers, which is no obstacle.

    A head half a metre above the floor hears it in every ping, sooner than most walls. Speaker
    and ears look ahead, so the floor sounds duller and 10 dB fainter than a wall at its distance;
    what comes from its distance counts only when it is louder than that.

    :ivar near: metres from which on the floor may answer.
    :ivar far: metres up to which its patches still do.
    :ivar level_db: most that the floor's compressed pulse reaches, in dB of the direct sound's.
    """

    near: float = 0.42
    far: float = 0.60
    level_db: float = -8.0


def first_echo(
        window: np.ndarray,
        fmt: PingFormat,
        min_range: float = 0.3,
        max_range: float = 12.0,
        weaker_db: float = 12.0,
        floor: FloorEcho | None = None) -> Echo:
    """
    Find the first echo that counts, not the loudest.

    The window is compressed to an impulse response, in which even a wall at 0.5 m, whose echo
    begins while the direct sound still lasts, is a pulse of its own. An echo counts when it
    stands out of the noise and of what precedes it, and is at most ``weaker_db`` below the
    loudest echo in the range asked for.

    A robot hears the floor, too: with speaker and ears at half a metre it answers at about the
    rig's height. ``floor`` tells how to hear past it.

    :param window: float array of shape ``(2, fmt.window)``, direct sound on
        ``fmt.direct_index``.
    :param fmt: the ping that was played.
    :param min_range: metres; nearer echoes are passed over.
    :param max_range: metres; farther echoes are passed over.
    :param weaker_db: how much weaker than the loudest echo the first may be.
    :param floor: where and how loud the floor answers; None counts it like anything else.
    :returns: the echo, with ``range_m`` +inf where there is none.
    :raises WindowError: when the window is not a finite ``(2, fmt.window)`` float array.
    :raises ValueError: when the ranges are not ``0 < min_range < max_range``.
    """
    check_window(window, fmt)
    if not 0 < min_range < max_range:
        raise ValueError(
            f'min_range is {min_range} m and max_range {max_range} m; expected '
            '0 < min_range < max_range')
    response = compress(window, fmt, RANGING_BASELINE)
    direct = [_direct_at(ear, fmt) for ear in response]
    begin = max(direct)
    lo = max(math.floor(begin + fmt.range_to_samples(min_range)), round(begin) + _DIRECT_ENDS)
    hi = min(math.ceil(begin + fmt.range_to_samples(max_range)) + 1, fmt.window - GUARD)
    if lo >= hi:
        raise WindowError(
            f'a window of {fmt.window} samples holds no echo between {min_range} m and '
            f'{max_range} m; expected a range below {fmt.samples_to_range(hi - begin):.1f} m')
    noise = [_noise_before(ear, round(min(direct)) - _DIRECT_ENDS) for ear in response]
    power = sum(_from(ear, at, begin)**2 / level
                for ear, at, level in zip(response, direct, noise, strict=True))
    power = _without_floor(power, round(begin), floor, fmt)
    first = _first(power, lo, hi, round(begin), 10**(weaker_db / 10), fmt)
    found = first is not None
    near = first if found else lo + int(np.argmax(power[lo:hi]))
    echoes = [_echo_at(ear, near + round(at) - round(begin), lo + round(at) - round(begin), fmt)
              for ear, at in zip(response, direct, strict=True)]
    snr_db = received_snr_db(
        window, response, [round(echo.position) for echo in echoes],
        slice(0, max(round(min(direct)) - GUARD, 1)), fmt, RANGING_BASELINE)
    if not found:
        return Echo(math.inf, math.inf, snr_db)
    delay = _mean_delay(echoes, direct)
    # The mean over the ears may lie a hair before the sample from which on echoes count.
    return Echo(max(fmt.samples_to_range(delay), min_range), delay / fmt.sample_rate, snr_db)


def _noise_before(ear: np.ndarray, stop: int) -> float:
    """Mean square of one ear's compressed window before the ping; never zero."""
    quietest = max(1e-9 * float(np.max(ear**2)), 1e-14)
    return max(float(np.mean(ear[:stop]**2)), quietest) if stop > 0 else quietest


def _direct_at(ear: np.ndarray, fmt: PingFormat) -> float:
    arrival = first_at_ear(ear, fmt.direct_index, _DIRECT_REACH, _EAR_FRACTION)
    if arrival.coherence < _DIRECT_COHERENCE:
        return float(fmt.direct_index)
    return arrival.position


def _from(ear: np.ndarray, direct: float, begin: float) -> np.ndarray:
    """Delay one ear so that its direct sound falls on that of the later one."""
    late = round(begin) - round(direct)
    return ear if late == 0 else np.concatenate((np.zeros(late, ear.dtype), ear[:-late]))


def _without_floor(
        power: np.ndarray, direct: int, floor: FloorEcho | None, fmt: PingFormat) -> np.ndarray:
    """Take out what is no louder than the floor where the floor is."""
    if floor is None:
        return power
    begin, end = (direct + round(fmt.range_to_samples(r)) for r in (floor.near, floor.far))
    loudest = power[max(direct - GUARD, 0):direct + GUARD].max()
    if power[begin:end].max(initial=0) > loudest * _ratio(floor.level_db):
        return power
    power = power.copy()
    power[begin:end] = 0
    return power


def _first(
        power: np.ndarray, lo: int, hi: int, direct: int, weaker: float,
        fmt: PingFormat) -> int | None:
    # Two ears, each in units of its own noise: a floor of 2 where only noise is.
    least = np.full(hi - lo, _ratio(_ONSET_DB) * max(noise_floor(power), 2))
    least = np.maximum(least, power[lo:hi].max() / weaker)
    rings = direct + fmt.chirp_samples + GUARD - lo
    if rings > 0:
        loudest = power[max(direct - GUARD, 0):direct + GUARD].max()
        least[:rings] = np.maximum(least[:rings], loudest / _ratio(_RINGING_DB))
        trails = max(direct + _TAIL_ENDS - lo, 0)
        least[:trails] = np.maximum(least[:trails], loudest / _ratio(_TAIL_DB))
    for at in pulses(power, least, lo):
        before = power[max(at - GUARD - _RISE_SPAN, direct + _DIRECT_ENDS):at - GUARD]
        # A median: a nearer echo that is passed over must not hide this one, its tail must.
        level = np.median(before) if before.size else 0.0
        if at < hi and power[at] > _ratio(_RISE_DB) * level:
            return at
    return None


def _ratio(decibels: float) -> float:
    return 10**(decibels / 10)


def _echo_at(ear: np.ndarray, near: int, since: int, fmt: PingFormat) -> Arrival:
    reach = math.ceil(fmt.ear_spacing / SPEED_OF_SOUND * fmt.sample_rate) + 2
    return first_at_ear(ear, near, reach, _EAR_FRACTION, since=since)


def _mean_delay(echoes: list[Arrival], direct: list[float]) -> float:
    loudest = max(echo.height for echo in echoes)
    delays = [echo.position - at for echo, at in zip(echoes, direct, strict=True)
              if echo.height >= 0.3 * loudest]
    return sum(delays) / len(delays)
