# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import io
from types import SimpleNamespace

import numpy as np
from PIL import Image
import pytest

from echo_depth_ros.recording.images import colour_array, depth_array, sound_array
from echo_depth_ros.vision.errors import ImageError

from .small import heard, image, picture, wall


def test_depth_and_sound_come_as_they_were_sent():
    np.testing.assert_array_equal(depth_array(image(wall())), wall())
    millimetres = np.array([[0, 1, 65535]], np.uint16)
    np.testing.assert_array_equal(depth_array(image(millimetres)), millimetres)
    np.testing.assert_array_equal(sound_array(image(heard())), heard())


@pytest.mark.parametrize('encoding, order', [
    ('rgb8', (0, 1, 2)), ('bgr8', (2, 1, 0)), ('8UC3', (2, 1, 0)), ('rgba8', (0, 1, 2, 1)),
    ('bgra8', (2, 1, 0, 1)), ('8UC4', (2, 1, 0, 1))])
def test_colour_is_red_first_whatever_the_driver_sends(encoding, order):
    sent = picture()[..., list(order)]
    np.testing.assert_array_equal(colour_array(image(sent, encoding=encoding)), picture())


def test_grey_becomes_colour_and_compressed_pictures_are_read():
    grey = np.full((4, 5), 7, np.uint8)
    assert colour_array(image(grey)).tolist() == np.full((4, 5, 3), 7).tolist()
    file = io.BytesIO()
    Image.fromarray(picture()).save(file, 'PNG')
    msg = SimpleNamespace(format='rgb8; png compressed', data=np.frombuffer(
        file.getvalue(), np.uint8))
    np.testing.assert_array_equal(colour_array(msg), picture())
    msg.data = msg.data[:40]
    with pytest.raises(ImageError, match='cannot be read'):
        colour_array(msg)


@pytest.mark.parametrize('read, msg, says', [
    (depth_array, image(picture()), "came as 'rgb8'"),
    (depth_array, SimpleNamespace(format='16UC1; compressedDepth'), 'not compressed'),
    (colour_array, image(wall()), "came as '32FC1'"),
    (sound_array, image(wall()), '72 rows')])
def test_what_is_of_no_use_is_named(read, msg, says):
    with pytest.raises(ImageError, match=says):
        read(msg)


def test_an_image_with_too_few_bytes_is_named():
    msg = image(wall())
    msg.data = msg.data[:-1]
    with pytest.raises(ImageError, match='bytes in all'):
        depth_array(msg)
