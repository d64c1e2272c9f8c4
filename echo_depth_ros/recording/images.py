# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Arrays from image messages, live or from a bag: anything with the fields of sensor_msgs/Image.

Neither ROS nor a bag library is needed: only the names of fields are.
"""

import io

import numpy as np
from PIL import Image, UnidentifiedImageError

from echo_depth_ros.recording.errors import ImageError

_TYPES = {
    '32FC1': ('f4', 1), '16UC1': ('u2', 1), 'mono16': ('u2', 1), 'mono8': ('u1', 1),
    '8UC1': ('u1', 1), 'rgb8': ('u1', 3), 'bgr8': ('u1', 3), '8UC3': ('u1', 3),
    'rgba8': ('u1', 4), 'bgra8': ('u1', 4), '8UC4': ('u1', 4)}
_BLUE_FIRST = ('bgr8', 'bgra8', '8UC3', '8UC4')
"""OpenCV's untyped colour is blue first, and so is what drivers send under these names."""
_DEPTH = ('32FC1', '16UC1', 'mono16')
_COLOUR = ('rgb8', 'bgr8', '8UC3', 'rgba8', 'bgra8', '8UC4', 'mono8', '8UC1')


def image_array(msg) -> np.ndarray:
    """
    Array of an image message, a view of its bytes where they are packed and in native order.

    :returns: (h, w), or (h, w, channels) in the order of the encoding.
    :raises ImageError: unknown encoding, or fewer bytes than it promises.
    """
    if msg.encoding not in _TYPES:
        raise ImageError(f'image encoding is {msg.encoding!r}; expected one of '
                         f'{", ".join(_TYPES)}')
    code, channels = _TYPES[msg.encoding]
    dtype = np.dtype(('>' if msg.is_bigendian else '<') + code)
    row = msg.width * channels * dtype.itemsize
    if not msg.height or not row or msg.step < row or len(msg.data) < msg.height * msg.step:
        raise ImageError(
            f'image of {msg.height}x{msg.width} {msg.encoding} has rows of {msg.step} bytes and '
            f'{len(msg.data)} bytes in all; expected rows of at least {row} and '
            f'{max(msg.step, row) * msg.height} in all')
    rows = np.frombuffer(msg.data, np.uint8, msg.height * msg.step).reshape(msg.height, msg.step)
    image = np.ascontiguousarray(rows[:, :row]).view(dtype)
    image = image.astype(dtype.newbyteorder('='), copy=False)
    return image.reshape((msg.height, msg.width, channels)[:2 if channels == 1 else 3])


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
    if image.ndim == 2:
        return np.repeat(image[..., None], 3, axis=2)
    image = image[..., :3]
    return image[..., ::-1] if msg.encoding in _BLUE_FIRST else image
