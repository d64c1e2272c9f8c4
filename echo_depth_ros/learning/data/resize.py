# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Bring images of any size to the square ones of the network.

How a wide frame becomes a square is a choice, named `fit`:

* ``'stretch'``: the whole frame, each axis scaled on its own. The loaders of the BatVision data
  sets do so with their 720x1280 frames, and published tables are of such images.
* ``'crop'``: the square in the middle of the frame, so that pixels stay square.

Depth is resized by taking the nearest pixel only. Whatever mixes pixels, bilinear resizing first
of all, invents surfaces: between a wall and what hides it, and in front of every hole, because
holes are zeros.
"""

import numpy as np
from PIL import Image

from echo_depth_ros.learning.data.errors import DatasetError
from echo_depth_ros.learning.data.split import MAX_DEPTH_MM

FITS = ('stretch', 'crop')


def central_square(image: np.ndarray) -> np.ndarray:
    """Return the middle (s, s, ...) of an image (h, w, ...), s the shorter edge; a view."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top:top + side, left:left + side]


def nearest(image: np.ndarray, size: int) -> np.ndarray:
    """
    Resize (h, w, ...) to (size, size, ...): each new pixel is the old one under its centre.

    :raises DatasetError: when the image is empty.
    """
    height, width = image.shape[:2]
    if not height or not width:
        raise DatasetError(f'an image of {height}x{width} pixels; expected some')
    rows = ((2 * np.arange(size) + 1) * height) // (2 * size)
    columns = ((2 * np.arange(size) + 1) * width) // (2 * size)
    return image[rows[:, None], columns]


def resize_depth(depth: np.ndarray, size: int, fit: str = 'stretch',
                 per_metre: float = 1000) -> np.ndarray:
    """
    Bring a depth image to the network's size and to whole millimetres.

    :param depth: (h, w) numbers; zero, negative, NaN and infinite ones are holes.
    :param per_metre: 1000 when ``depth`` is in millimetres, 1 when it is in metres.
    :returns: int16 (size, size), 1 to 12000 mm, 0 = hole.
    :raises DatasetError: when it is no such image.
    """
    if depth.ndim != 2 or not np.issubdtype(depth.dtype, np.number) or np.iscomplexobj(depth):
        raise DatasetError(f'depth is {depth.dtype} {depth.shape}; expected numbers (h, w)')
    small = nearest(_fit(depth, fit), size).astype(np.float64)
    valid = np.isfinite(small) & (small > 0)
    millimetres = np.where(valid, small, 0) * (1000 / per_metre)
    # A surface may be near, but is no hole; rounding must not make it one.
    whole = np.clip(np.rint(millimetres), 1, MAX_DEPTH_MM)
    return np.where(valid, whole, 0).astype(np.int16)


def resize_colour(rgb: np.ndarray, size: int, fit: str = 'stretch') -> np.ndarray:
    """
    Bring a colour image to the network's size, averaging the pixels that become one.

    :param rgb: uint8 (h, w, 3).
    :returns: uint8 (size, size, 3).
    :raises DatasetError: when it is no such image.
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        raise DatasetError(f'rgb is {rgb.dtype} {rgb.shape}; expected uint8 (h, w, 3)')
    square = _fit(rgb, fit)
    if square.shape[:2] == (size, size):
        return np.ascontiguousarray(square)
    image = Image.fromarray(np.ascontiguousarray(square))
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=None))


def _fit(image: np.ndarray, fit: str) -> np.ndarray:
    if fit not in FITS:
        raise DatasetError(f'fit is {fit!r}; expected one of {", ".join(FITS)}')
    return central_square(image) if fit == 'crop' else image
