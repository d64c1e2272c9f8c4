# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which channel is the left ear: by a speaker off the middle, or by a finger on the left ear."""

from dataclasses import dataclass
import math

import numpy as np

from echo_depth_ros.acoustics.checks import check_recording
from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND

LEAST_OFFSET = 0.02
"""Metres off the middle from which on a speaker tells left from right."""
_BLOCK = 0.01
_TAP_DB = 12.0
_CLEAR_DB = 3.0
_ENOUGH = 0.5


@dataclass(frozen=True)
class Wiring:
    """
    Left and right.

    :ivar swapped: whether the first channel is the right ear; None where that is not known.
    :ivar why: how it was told, or what to do to tell it.
    """

    swapped: bool | None
    why: str


UNKNOWN = Wiring(None, 'a speaker in the middle sounds the same to both ears; run with --tap')


def ear_distances(fmt: PingFormat, offset: float) -> tuple[float, float]:
    """
    Metres from a speaker to the left and the right ear.

    :param fmt: ``direct_distance`` is that of a speaker in the middle.
    :param offset: metres by which it sits to the left.
    """
    half = fmt.ear_spacing / 2
    ahead = math.sqrt(max(fmt.direct_distance**2 - half**2, 0.0))
    return math.hypot(ahead, half - offset), math.hypot(ahead, half + offset)


def by_offset(lag: float, offset: float, fmt: PingFormat) -> Wiring:
    """
    Tell by which ear hears a speaker off the middle first.

    :param lag: samples by which the first channel hears later than the second.
    :param offset: metres by which the speaker sits to the left.
    """
    if abs(offset) < LEAST_OFFSET or not math.isfinite(lag):
        return UNKNOWN
    left, right = ear_distances(fmt, offset)
    expected = (left - right) / SPEED_OF_SOUND * fmt.sample_rate
    said = (f'the speaker is {abs(offset) * 100:.0f} cm to the '
            f'{"left" if offset > 0 else "right"}, so the left ear should hear it '
            f'{_milliseconds(expected, fmt)} than the right; what is taken for the left ear does '
            f'so {_milliseconds(lag, fmt)}')
    if abs(lag) < _ENOUGH * abs(expected):
        return Wiring(None, f'{said}; check the offset, or run with --tap')
    return Wiring(lag * expected < 0, said)


def by_tap(recording: np.ndarray, sample_rate: int) -> Wiring:
    """
    Tell by which channel hears taps on the left ear louder.

    :param recording: float array (2, n), full scale 1.0.
    :raises WindowError: when it is not a finite recording of two ears.
    """
    check_recording(recording, sample_rate // 2)
    block = int(_BLOCK * sample_rate)
    count = recording.shape[1] // block
    # The difference of samples: a knock is sharp, a rumble is not.
    sharp = np.diff(recording.astype(np.float64), prepend=recording[:, :1])[:, :count * block]
    power = np.mean(sharp.reshape(2, count, block)**2, axis=2) + 1e-16
    floor = np.median(power, axis=1, keepdims=True)
    loud = np.any(power > floor * 10**(_TAP_DB / 10), axis=0)
    if not loud.any():
        return Wiring(None, f'no tap stands {_TAP_DB:.0f} dB out of the noise; tap the '
                            'left ear with a fingernail, a few times')
    over = np.maximum(power[:, loud] - floor, 0).sum(axis=1)
    louder = float(10 * np.log10((over[0] + 1e-16) / (over[1] + 1e-16)))
    said = (f'taps on the left ear are {abs(louder):.0f} dB louder in the '
            f'channel that is taken for the {"left" if louder > 0 else "right"}')
    if abs(louder) < _CLEAR_DB:
        return Wiring(None, f'{said}, expected at least {_CLEAR_DB:.0f} dB; tap the '
                            'left ear alone, and not the head')
    return Wiring(louder < 0, said)


def _milliseconds(samples: float, fmt: PingFormat) -> str:
    apart = 1e3 * samples / fmt.sample_rate
    return f'{abs(apart):.2f} ms {"later" if apart > 0 else "sooner"}'
