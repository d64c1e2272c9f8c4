# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Arrays from image messages, live or from a bag: anything with the fields of sensor_msgs/Image.

Neither ROS nor a bag library is needed: only the names of fields are.
"""

import io

import numpy as np
from PIL import Image, UnidentifiedImageError

from echo_depth_ros.vision.errors import ImageError
from echo_depth_ros.vision.image_bytes import image_array

_DEPTH = ('32FC1', '16UC1', 'mono16')
_COLOUR = ('rgb8', 'bgr8', '8UC3', 'rgba8', 'bgra8', '8UC4', 'mono8', '8UC1')


def sound_array(msg) -> np.ndarray:
    """
    Sound of two ears, float32 (2, n), from an image of one row per ear.

    :raises ImageError: anything else.
    """
    if msg.encoding != '32FC1' or msg.height != 2:
        raise ImageError(f'sound came as {msg.height} rows of {msg.encoding!r}; expected 2 rows '
                         'of 32FC1, left ear first')
    return image_array(msg)


def depth_array(msg) -> np.ndarray:
    """
    Depth (h, w) as it came: float32 metres or uint16 millimetres.

    :raises ImageError: anything else.
    """
    encoding = getattr(msg, 'encoding', None)
    if encoding not in _DEPTH:
        raise ImageError(
            f'depth came as {encoding or getattr(msg, "format", "no image")!r}; expected 32FC1 '
            'metres or 16UC1 millimetres, not compressed')
    return image_array(msg)


def colour_array(msg) -> np.ndarray:
    """
    Colour, uint8 (h, w, 3) red first, from sensor_msgs/Image or CompressedImage.

    :raises ImageError: anything else, or a picture that is broken.
    """
    if hasattr(msg, 'format'):
        try:
            with Image.open(io.BytesIO(bytes(msg.data))) as picture:
                return np.asarray(picture.convert('RGB'))
        except (UnidentifiedImageError, OSError, SyntaxError) as error:
            raise ImageError(f'compressed picture ({msg.format}) cannot be read: {error}'
                             ) from error
    if msg.encoding not in _COLOUR:
        raise ImageError(f'colour came as {msg.encoding!r}; expected one of '
                         f'{", ".join(_COLOUR)}')
    image = image_array(msg)
    return np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image
