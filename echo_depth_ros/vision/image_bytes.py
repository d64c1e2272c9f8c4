# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Arrays from the bytes of image messages: anything with the fields of sensor_msgs/Image.

ROS is not needed, only the names of its fields are: images of a bag are read likewise.
"""

import numpy as np

from echo_depth_ros.vision.errors import ImageError

_TYPES = {
    '32FC1': ('f4', 1), '16UC1': ('u2', 1), 'mono16': ('u2', 1), 'mono8': ('u1', 1),
    '8UC1': ('u1', 1), 'rgb8': ('u1', 3), 'bgr8': ('u1', 3), '8UC3': ('u1', 3),
    'rgba8': ('u1', 4), 'bgra8': ('u1', 4), '8UC4': ('u1', 4)}
_BLUE_FIRST = ('bgr8', 'bgra8', '8UC3', '8UC4')
"""OpenCV's untyped colour is blue first, and so is what drivers send under these names."""


def image_array(msg) -> np.ndarray:
    """
    Array of an image message, a view of its bytes where they are packed and in native order.

    :returns: (h, w), or (h, w, 3) red first, whatever the encoding, and alpha left out.
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
    if channels == 1:
        return image.reshape(msg.height, msg.width)
    image = image.reshape(msg.height, msg.width, channels)[..., :3]
    return image[..., ::-1] if msg.encoding in _BLUE_FIRST else image
