# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Say in words what is good about a calibration, and what to change."""

from collections.abc import Iterator
from dataclasses import dataclass
import math

import numpy as np

from echo_depth_ros.acoustics.calibration.analyse import Calibration
from echo_depth_ros.acoustics.calibration.noise import OCTAVES
from echo_depth_ros.acoustics.calibration.surfaces import LOUDEST_FLOOR_DB
from echo_depth_ros.acoustics.calibration.volume import (
    GOOD_SNR_DB,
    LEAST_HEADROOM_DB,
    volume_change,
)
from echo_depth_ros.acoustics.calibration.wiring import ear_distances

PASS, CHANGE, UNKNOWN = 'pass', 'change', 'unknown'
_EARS = ('left', 'right')
_MOST_MISSED = 0.05
_STEADY_DB = 1.0
_STEADY_LOOP_S = 0.0005
_DRIFT_PPM = 200.0
_MOST_IMBALANCE_DB = 12.0
_PATH_M = 0.03
_LOUD_NOISE_DB = -40.0
_OFFSET = 0.01
_APART_DB = 12.0
_COMPARED = (700.0, 8000.0)


@dataclass(frozen=True)
class Finding:
    """
    One thing that was looked at.

    :ivar subject: what.
    :ivar verdict: ``pass``, ``change`` (do what the text says) or ``unknown``.
    :ivar text: what was measured, what was expected, and what to change.
    """

    subject: str
    verdict: str
    text: str


def findings(found: Calibration, max_level: float) -> list[Finding]:
    """
    Judge a calibration.

    :param max_level: peak that a chirp may have at most, of full scale 1.0.
    """
    return [finding for look in _LOOKS for finding in look(found, max_level)]


def usable(found: Calibration) -> bool:
    """Whether the figures describe two working ears, and are worth loading."""
    return not found.deaf.any() and not found.noise.alike


def _pair(values, digits: int = 1) -> str:
    return ' / '.join('–' if math.isnan(v) else f'{v:.{digits}f}' for v in values)


def _ears(found: Calibration, _: float) -> Iterator[Finding]:
    if found.noise.alike:
        yield Finding('ears', CHANGE, (
            'both channels carry the very same signal; expected two microphones: this is a mono '
            'microphone, or the driver mixes its channels; choose a stereo input'))
    elif found.deaf.any():
        deaf = _EARS[int(np.argmax(found.deaf))]
        yield Finding('ears', CHANGE, (
            f'the {deaf} ear hears no chirp (noise {_pair(found.noise.level_db)} dBFS left / '
            'right); expected both to: check its microphone, cable and input channel'))
    else:
        yield Finding('ears', PASS, 'both hear the chirp')


def _count(found: Calibration, _: float) -> Iterator[Finding]:
    count, missed, odd = len(found.pings), found.pings.missed, found.pings.odd
    if found.played is not None:
        good = missed + odd <= _MOST_MISSED * found.played
        text = f'{count} of {found.played} heard at one level'
    else:
        good, text = odd <= _MOST_MISSED * (count + odd), f'{count} heard at one level'
        if odd:
            text += f', {odd} at others'
    yield Finding('pings', PASS if good else CHANGE, text if good else (
        f'{text}; expected 95 %: let nothing else sound meanwhile, and switch off '
        'automatic gain, echo cancellation and noise suppression'))


def _steady(found: Calibration, _: float) -> Iterator[Finding]:
    spread = found.level_spread_db
    good = spread <= _STEADY_DB
    yield Finding('steadiness', PASS if good else CHANGE, (
        f'level varies by {spread:.2f} dB from ping to ping, expected at most {_STEADY_DB:g}'
        + ('' if good else ': switch off automatic gain and echo cancellation, and keep still')))


def _loop(found: Calibration, _: float) -> Iterator[Finding]:
    if found.loop_delay_s is None:
        yield Finding('loop delay', UNKNOWN, (
            'a recording does not tell when chirps were played; run live, or give '
            '--chirps. Nodes learn it themselves'))
        return
    rate = found.setup.fmt.sample_rate
    text = (f'{1e3 * found.loop_delay_s:.2f} ms ({found.loop_delay_s * rate:.1f} samples), '
            f'spread {found.loop_spread_s * rate:.1f} samples')
    if found.pings.ambiguous:
        yield Finding('loop delay', UNKNOWN, (
            f'{text}, or whole periods more: the chirps came at a steady rate; expected uneven '
            'pauses'))
    elif found.loop_delay_s < 0:
        yield Finding('loop delay', CHANGE, (
            f'{text}; expected more than 0: the clocks of two streams disagree (give speaker and '
            'ears the same card and name), direct_distance is too long, or the chirp frames are '
            'of another recording'))
    elif found.loop_spread_s > _STEADY_LOOP_S:
        drifts = abs(found.drift_ppm) > _DRIFT_PPM
        yield Finding('loop delay', CHANGE, (
            f'{text}, expected at most {_STEADY_LOOP_S * rate:.0f}'
            + (f'; it grows by {found.drift_ppm:.0f} ppm' if drifts else '')
            + ': use one card for speaker and ears, or a larger --latency'))
    else:
        yield Finding('loop delay', PASS, text)


def _wiring(found: Calibration, _: float) -> Iterator[Finding]:
    wiring = found.wiring
    if wiring.swapped is None:
        yield Finding('left and right', UNKNOWN, wiring.why)
    elif wiring.swapped:
        yield Finding('left and right', CHANGE, (
            f'swapped: {wiring.why}; exchange the plugs, or load the file, which sets swap_ears, '
            'and add --swap from now on'))
    else:
        yield Finding('left and right', PASS, wiring.why)


def _volume(found: Calibration, max_level: float) -> Iterator[Finding]:
    headroom = -float(found.peak_db.max())
    clipped = ~np.isnan(found.clipped_at)
    change = volume_change(found, max_level)
    advice = change.advice
    if clipped.any():
        ear = int(np.argmax(clipped))
        yield Finding('head-room', CHANGE, (
            f'the {_EARS[ear]} ear clips at {20 * math.log10(found.clipped_at[ear]):.1f} dBFS; '
            f'expected peaks {LEAST_HEADROOM_DB:g} dB below: {advice}'))
    else:
        good = headroom >= LEAST_HEADROOM_DB
        yield Finding('head-room', PASS if good else CHANGE, (
            f'{headroom:.1f} dB, expected at least {LEAST_HEADROOM_DB:g}'
            + ('' if good else f': {advice}')))
    weakest = float(np.nanmin(found.snr_db))
    good = weakest >= GOOD_SNR_DB
    advice = 'one ear hears nothing' if good and found.deaf.any() else advice
    good = good and not found.deaf.any()
    yield Finding('loudness', PASS if good else CHANGE, (
        f'direct sound {_pair(found.direct_level_db)} dBFS, {_pair(found.snr_db)} dB above the '
        f'noise (left / right), expected at least {GOOD_SNR_DB:g}'
        + ('' if good else f': {advice}')))


def _noise(found: Calibration, _: float) -> Iterator[Finding]:
    loudest = float(found.noise.level_db.max())
    good = loudest <= _LOUD_NOISE_DB
    bands = found.noise.octave_db.max(axis=0)
    where = ''
    if not np.isnan(bands).all():
        where = f', most of it around {OCTAVES[int(np.nanargmax(bands))]:g} Hz'
    yield Finding('noise', PASS if good else CHANGE, (
        f'{_pair(found.noise.level_db)} dBFS (left / right){where}, expected at most '
        f'{_LOUD_NOISE_DB:g}' + ('' if good else (
            ': lower the gain of the microphones, or take away what hums'))))
    offset = float(np.abs(found.noise.offset).max())
    if offset > _OFFSET:
        yield Finding('offset', CHANGE, (
            f'the converter is off zero by {offset:.3f} of full scale, expected at most '
            f'{_OFFSET:g}: it costs head-room; check the supply of the microphones'))


def _balance(found: Calibration, _: float) -> Iterator[Finding]:
    if found.deaf.any() or found.noise.alike:
        return
    louder = found.imbalance_db
    text = (f'{_EARS[0] if louder > 0 else _EARS[1]} ear louder by {abs(louder):.1f} dB')
    if found.setup.speaker_offset:
        text += ' than its distance explains'
    good = abs(louder) <= _MOST_IMBALANCE_DB
    left, right = found.ear_gain_db.round(1) + 0.0  # no -0.0
    yield Finding('balance', PASS if good else CHANGE, (
        f'{text}, expected at most {_MOST_IMBALANCE_DB:g}' + (
            f'; ear_gain_db {left:+.1f} / {right:+.1f} evens it'
            if good else ': set both microphones to the same gain, and look for a covered one')))


def _distance(found: Calibration, _: float) -> Iterator[Finding]:
    if found.setup.wall is not None and found.distance_by != 'wall':
        yield Finding('wall', CHANGE, (
            f'nothing answers at {found.setup.wall:g} m that fits a speaker 2 to 60 cm from the '
            'ears; face the wall squarely, and measure from halfway between speaker and ears'))
    if found.deaf.any():
        return
    how = {'wall': 'measured by the wall', 'given': 'as given',
           'assumed': 'assumed: measure it and give --direct-distance, or face a wall and give '
                      '--wall'}[found.distance_by]
    left, right = ear_distances(found.setup.fmt, found.setup.speaker_offset)
    apart = float(found.distance_m[0] - found.distance_m[1])
    text = (f'{_pair(100 * found.distance_m)} cm from the speaker (left / right; their mean is '
            f'{how}), {1e6 * abs(found.itd_s):.0f} µs apart')
    good = abs(apart - (left - right)) <= _PATH_M
    # Of a speaker that is off the middle the other sign is what swapped ears look like.
    yield Finding('distances', PASS if good else CHANGE, text if good else (
        f'{text}; expected {100 * (left - right):+.1f} cm between them, heard {100 * apart:+.1f}: '
        'put the speaker in the middle, or tell where it is with --speaker-offset'))


def _response(found: Calibration, _: float) -> Iterator[Finding]:
    response = found.response
    if found.deaf.any() or found.noise.alike:
        return
    inside = (response.frequency >= max(_COMPARED[0], response.resolution_hz)) & (
        response.frequency <= _COMPARED[1])
    apart = response.gain_db[0] - response.gain_db[1]
    text = f'told above {response.resolution_hz:.0f} Hz'
    if not np.isfinite(apart[inside]).any():
        yield Finding('response', UNKNOWN, f'{text}, and noise hides all of it')
        return
    levels = response.gain_db[:, inside]
    middle = np.nanmedian(apart[inside])
    worst = float(np.nanmax(np.abs(apart[inside] - middle)))
    at = response.frequency[inside][int(np.nanargmax(np.abs(apart[inside] - middle)))]
    good = worst <= _APART_DB
    text += (f'; {np.nanmin(levels):.0f} to {np.nanmax(levels):.0f} dB up to '
             f'{_COMPARED[1] / 1e3:g} kHz; ears differ by up to {worst:.0f} dB more than on the '
             f'whole, at {at:.0f} Hz, expected at most {_APART_DB:g}')
    yield Finding('response', PASS if good else CHANGE, text + (
        '' if good else ': one of them is covered, or they are not of one make'))


def _floor(found: Calibration, _: float) -> Iterator[Finding]:
    height = found.setup.head_height
    if height is None:
        return
    if found.floor is None:
        yield Finding('floor', UNKNOWN, (
            f'no echo at about {height:g} m stands out of the noise; a soft floor answers too '
            'faintly to matter, or --head-height is wrong'))
    elif found.floor.level_db > LOUDEST_FLOOR_DB:
        yield Finding('floor', CHANGE, (
            f'something answers from {found.floor.near:.2f} m, louder than a floor can '
            f'({found.floor.level_db:.1f} dB of the direct sound, expected at most '
            f'{LOUDEST_FLOOR_DB:g}): clear {2 * height:.1f} m around the robot'))
    else:
        floor = found.floor
        yield Finding('floor', PASS, (
            f'answers from {floor.near:.2f} to {floor.far:.2f} m, at most {floor.level_db:.1f} dB '
            'of the direct sound, if nothing else was as near'))


_LOOKS = (_ears, _count, _steady, _loop, _wiring, _volume, _noise, _balance, _distance,
          _response, _floor)
