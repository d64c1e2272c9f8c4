# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from types import SimpleNamespace

import numpy as np
import pytest

from echo_depth_ros.vision.errors import ImageError
from echo_depth_ros.vision.image_bytes import image_array


def message(rows, encoding, width, is_bigendian=0):
    rows = np.asarray(rows, np.uint8)
    return SimpleNamespace(height=len(rows), width=width, step=rows.shape[1], encoding=encoding,
                           is_bigendian=is_bigendian, data=rows.tobytes())


def test_rows_may_be_padded_and_bytes_swapped():
    depth = np.arange(6, dtype=np.uint16).reshape(2, 3)
    rows = np.full((2, 10), 99, np.uint8)
    rows[:, :6] = depth.astype('>u2').view(np.uint8)
    image = image_array(message(rows, '16UC1', 3, is_bigendian=1))
    assert image.dtype == np.uint16
    np.testing.assert_array_equal(image, depth)


@pytest.mark.parametrize('encoding, pixel', [
    ('rgb8', (1, 2, 3)), ('bgr8', (3, 2, 1)), ('8UC3', (3, 2, 1)), ('rgba8', (1, 2, 3, 9)),
    ('bgra8', (3, 2, 1, 9)), ('8UC4', (3, 2, 1, 9))])
def test_colour_is_red_first_without_alpha(encoding, pixel):
    image = image_array(message([pixel * 2], encoding, 2))
    assert image.tolist() == [[[1, 2, 3], [1, 2, 3]]]


@pytest.mark.parametrize('changes, says', [
    ({'encoding': 'yuv422'}, "'yuv422'; expected one of 32FC1"),
    ({'width': 3}, 'expected rows of at least 9'), ({'height': 2}, '12 in all'),
    ({'height': 0}, 'image of 0x2'), ({'data': b''}, '0 bytes in all')])
def test_what_is_no_image_is_named(changes, says):
    msg = message([range(6)], 'rgb8', 2)
    msg.__dict__.update(changes)
    with pytest.raises(ImageError, match=says):
        image_array(msg)
