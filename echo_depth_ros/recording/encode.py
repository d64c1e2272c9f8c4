# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From arrays to the bytes of the files that BatVision V2 is made of."""

import io
from typing import BinaryIO

import numpy as np
from PIL import Image
import soundfile

from echo_depth_ros.vision.errors import ImageError

FARTHEST_MM = 65535
COLOUR_SUFFIXES = ('.jpg', '.png')
_QUALITY = 95
"""Of JPEG. Four times smaller than PNG, and nothing that a network sees is lost."""


def to_millimetres(depth: np.ndarray) -> np.ndarray:
    """
    Depth as it is stored: uint16 (h, w) millimetres, 0 = hole.

    Zero, negative, NaN and infinite metres are holes: nothing was measured there. What is
    farther than 65.535 m is stored as that, since it was measured and is no hole, and what is
    nearer than a millimetre as one millimetre. Millimetres that come as uint16 are kept.

    :param depth: (h, w) float metres, or uint16 millimetres.
    :raises ImageError: another shape or type, or no pixels.
    """
    if depth.ndim != 2 or not depth.size or not (
            depth.dtype == np.uint16 or np.issubdtype(depth.dtype, np.floating)):
        raise ImageError(f'depth is {depth.dtype} {depth.shape}; expected float metres or uint16 '
                         'millimetres (h, w)')
    if depth.dtype == np.uint16:
        return np.ascontiguousarray(depth)
    measured = np.isfinite(depth) & (depth > 0)
    whole = np.rint(np.where(measured, depth, 0).astype(np.float64) * 1000)
    return np.where(measured, np.clip(whole, 1, FARTHEST_MM), 0).astype(np.uint16)


def write_array(file: BinaryIO, array: np.ndarray) -> None:
    """Write .npy."""
    np.save(file, array, allow_pickle=False)


def write_sound(file: BinaryIO, sound: np.ndarray, rate: int) -> None:
    """
    Write a stereo WAV file, int32 PCM; what exceeds full scale is clipped.

    :param sound: float (2, n), full scale 1.
    """
    whole = np.clip(np.rint(sound.astype(np.float64) * 2**31), -2**31, 2**31 - 1)
    # Through memory: libsndfile seeks back to fill in the header.
    memory = io.BytesIO()
    soundfile.write(memory, whole.astype(np.int32).T, rate, subtype='PCM_32', format='WAV')
    file.write(memory.getvalue())


def write_colour(file: BinaryIO, rgb: np.ndarray, suffix: str) -> None:
    """
    Write a picture as '.jpg' or '.png'.

    :param rgb: uint8 (h, w, 3).
    :raises ImageError: another shape or type.
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        raise ImageError(f'colour is {rgb.dtype} {rgb.shape}; expected uint8 (h, w, 3)')
    picture = Image.fromarray(np.ascontiguousarray(rgb))
    if suffix == '.png':
        picture.save(file, 'PNG', compress_level=1)
    else:
        picture.save(file, 'JPEG', quality=_QUALITY, subsampling=0)
