# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
From what a robot heard and saw to one sample: align the sound, refuse what is of no use.

The reason is in the :class:`DatasetError`, or in the error of the acoustic front end.

Sixteen bits of the recording's own full scale are kept, whatever it was recorded with, and no
window is made louder: the level is information to some networks, and has to be the same in every
split. Rounding lies 100 dB below full scale, and so does no harm where the background is above
that, as microphones' are (-49 dB in a recording of BatVision V2).
"""

import numpy as np

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.quality import SILENT_PEAK
from echo_depth_ros.acoustics.sync import align, DirectSound, find_direct_sound
from echo_depth_ros.learning.data.errors import DatasetError
from echo_depth_ros.learning.data.split import FULL_SCALE, MATERIALS

_OFF = 3.0
"""By so many samples may windows that are said to be aligned be off."""
_NEAR = 40
"""So far from where it is said to be is a direct sound looked for, in samples."""


def heard(recording: np.ndarray, fmt: PingFormat, search: tuple[int, int] | None = None,
          aligned: bool = False, place: int | None = None) -> dict:
    """
    Cut the window of a recording.

    :param recording: float (2, n), full scale 1.
    :param search: samples between which the direct sound begins, where that is known.
    :param aligned: the recording is a window already; only check that it is.
    :param place: sample on which the direct sound was found when it was heard; only check that
        it is there, and cut as it was cut then. ``search`` does not count.
    :returns: the fields waveform, direct_index and snr_db of a sample.
    """
    over = np.abs(recording).max(initial=0)
    if over > 1:
        raise DatasetError(f'samples reach {over:.4g}; expected floats within full scale, +-1, '
                           'or integers')
    if place is not None:
        window, direct = _cut_at(recording, fmt, place)
    elif aligned:
        if recording.shape[1] != fmt.window:
            raise DatasetError(f'the window has {recording.shape[1]} samples; expected '
                               f'{fmt.window}')
        direct = find_direct_sound(recording, fmt)
        if abs(direct.index - fmt.direct_index) > _OFF:
            raise DatasetError(f'the direct sound is on sample {direct.index:.1f}; expected '
                               f'{fmt.direct_index} in aligned windows')
        window = recording
    else:
        window, direct = align(recording, fmt, search)
    check_ears(window)
    return {'waveform': np.rint(window * FULL_SCALE).astype(np.int16),
            'direct_index': direct.index, 'snr_db': direct.snr_db}


def _cut_at(recording: np.ndarray, fmt: PingFormat,
            place: int) -> tuple[np.ndarray, DirectSound]:
    start = place - fmt.direct_index
    window = recording[:, start:start + fmt.window]
    if window.shape[1] != fmt.window:
        raise DatasetError(f'the recording has {recording.shape[1]} samples; expected at least '
                           f'{start + fmt.window}')
    direct = find_direct_sound(recording, fmt, (place - _NEAR, place + _NEAR))
    if abs(direct.index - place) > _OFF:
        raise DatasetError(f'the direct sound is on sample {direct.index:.1f}; expected {place}, '
                           'as the description of the recording says')
    return window, direct


def check_ears(window: np.ndarray, full_scale: float = 1.0) -> None:
    """Refuse a window (2, n) in which an ear heard nothing."""
    peak = np.abs(window.astype(np.float32)).max(axis=1) / full_scale
    deaf = [ear for ear, loudest in zip(('left', 'right'), peak) if not loudest >= SILENT_PEAK]
    if deaf:
        raise DatasetError(f'the {" and the ".join(deaf)} ear is silent throughout')


def check_material(material: np.ndarray) -> None:
    """Refuse a material image with numbers that stand for no material."""
    most = int(material.max(initial=0))
    if most > MATERIALS:
        raise DatasetError(f'the material image has the number {most}; expected 0, no surface, to '
                           f'{MATERIALS}, the last of the simulator')


def check_depth(depth: np.ndarray) -> np.ndarray:
    """Refuse a depth image in which nothing is known; returns it."""
    if not depth.any():
        raise DatasetError('the depth image is all holes')
    return depth
