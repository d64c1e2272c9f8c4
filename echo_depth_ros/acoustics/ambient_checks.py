# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Refuse ambient sound that says nothing about walls: a dead, clipped or stuck ear."""

import numpy as np

from echo_depth_ros.acoustics.ambient import AmbientFormat
from echo_depth_ros.acoustics.checks import check_recording
from echo_depth_ros.acoustics.errors import WindowError
from echo_depth_ros.acoustics.quality import CLIPPED_AT, CLIPPED_FRACTION, SILENT_PEAK

IMBALANCE_DB = 12.0
"""
Ears that differ by more are not two ears in one room: one is dead or covered. Ambient sound comes
from everywhere, so that this is far less than where a chirp passes a head: of the simulated clips
none differs by more than 6 dB, and microphones of one type differ by a few.
"""
STUCK = 0.005
"""Seconds for which a sample may keep its value; where a card lost some, it keeps longer."""
_EARS = ('left', 'right')


def check_ambient(ears: np.ndarray, fmt: AmbientFormat = AmbientFormat(),
                  sides: bool = True) -> None:
    """
    Refuse what cannot be ambient sound as two sound microphones hear it.

    :param ears: float, full scale ±1, shape (2, n), a clip's length at least.
    :param sides: whether left and right are to be told apart.
    :raises WindowError: of another shape or type, too short, not finite, silent, clipped, with a
        gap, or with ears that are too different, or the same; says which ear and what to do.
    """
    check_recording(ears, fmt.clip)
    middle = ears.mean(axis=1, dtype=np.float64)
    peaks = np.maximum(ears.max(axis=1) - middle, middle - ears.min(axis=1))
    for ear, peak in zip(_EARS, peaks):
        if peak < SILENT_PEAK:
            raise WindowError(
                f'the {ear} ear is silent: peak {peak:.1g}, expected at least {SILENT_PEAK:g}: '
                'unmute the microphone, raise its gain, or check its cable')
    clipped = (np.abs(ears) >= CLIPPED_AT).mean(axis=1)
    worse = int(np.argmax(clipped))
    if clipped[worse] > CLIPPED_FRACTION:
        raise WindowError(
            f'{clipped[worse]:.1%} of the samples of the {_EARS[worse]} ear are clipped, expected '
            f'at most {CLIPPED_FRACTION:.1%}: lower the gain of the microphones')
    size = round(STUCK * fmt.sample_rate)
    blocks = ears[:, :ears.shape[1] // size * size].reshape(2, -1, size)
    stuck = (blocks.max(axis=2) == blocks.min(axis=2)).any(axis=1)
    if stuck.any():
        raise WindowError(
            f'the {_EARS[int(np.argmax(stuck))]} ear keeps one value for {STUCK * 1e3:.0f} ms '
            'or more, expected sound that changes from sample to sample: samples were lost; '
            'listen again, and check the audio driver if it comes back')
    level = np.sqrt(np.mean((ears - middle[:, None]) ** 2, axis=1))
    imbalance = float(20 * np.log10(level[0] / level[1]))
    if abs(imbalance) > IMBALANCE_DB:
        weak = _EARS[int(np.argmin(level))]
        raise WindowError(
            f'the {weak} ear is {abs(imbalance):.0f} dB weaker than the other one, expected at '
            f'most {IMBALANCE_DB:.0f} dB: free that ear of what covers it, or check its '
            'microphone and gain')
    if sides and np.array_equal(ears[0], ears[1]):
        raise WindowError(
            'both ears heard exactly the same, expected two microphones: the card gives one '
            'channel twice; choose one that records in stereo')
