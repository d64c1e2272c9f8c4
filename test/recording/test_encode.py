# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import io

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
import numpy as np
from PIL import Image
import pytest
import soundfile

from echo_depth_ros.recording.encode import (
    FARTHEST_MM,
    to_millimetres,
    write_array,
    write_colour,
    write_sound,
)
from echo_depth_ros.vision.errors import ImageError

from .small import heard, picture

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=6)


@given(hnp.arrays(np.uint16, SHAPES))
def test_millimetres_survive_as_millimetres_and_as_metres(depth):
    file = io.BytesIO()
    write_array(file, to_millimetres(depth))
    file.seek(0)
    np.testing.assert_array_equal(np.load(file), depth)
    metres = np.where(depth > 0, depth * np.float32(1e-3), np.float32(np.nan))
    np.testing.assert_array_equal(to_millimetres(metres), depth)


@given(hnp.arrays(np.float32, SHAPES, elements=st.floats(width=32)))
def test_a_surface_is_never_a_hole_and_a_hole_never_a_surface(depth):
    stored = to_millimetres(depth)
    measured = np.isfinite(depth) & (depth > 0)
    np.testing.assert_array_equal(stored > 0, measured)
    inside = measured & (depth > 0.001) & (depth < 65)
    assert np.all(np.abs(stored[inside] - depth[inside] * 1000.0) <= 0.501)
    assert np.all(stored[measured & (depth > 65.535)] == FARTHEST_MM)


@pytest.mark.parametrize('depth', [np.zeros((2, 2, 1), np.float32), np.zeros((0, 3), np.uint16),
                                   np.zeros((2, 2), np.int32), np.zeros((2, 2), bool)])
def test_what_is_no_depth_is_refused(depth):
    with pytest.raises(ImageError, match='expected float metres or uint16'):
        to_millimetres(depth)


@given(hnp.arrays(np.float32, (2, 5), elements=st.floats(-1, 1, width=32)))
def test_sound_survives_to_the_last_of_its_24_bits(sound):
    file = io.BytesIO()
    write_sound(file, sound, 44100)
    file.seek(0)
    again, rate = soundfile.read(file, dtype='float64', always_2d=True)
    assert rate == 44100
    np.testing.assert_allclose(again.T, sound, atol=2**-31)


def test_sound_is_int32_and_what_is_too_loud_is_clipped_not_turned_over():
    file = io.BytesIO()
    write_sound(file, np.array([[1.5, -1.5], [0.5, 0]], np.float32), 44100)
    file.seek(0)
    assert soundfile.info(file).subtype == 'PCM_32'
    file.seek(0)
    whole, _ = soundfile.read(file, dtype='int32')
    assert whole.T.tolist() == [[2**31 - 1, -2**31], [2**30, 0]]


def test_pictures_as_png_are_exact_and_as_jpeg_are_near():
    rgb = picture()
    for suffix, off in (('.png', 0), ('.jpg', 12)):
        file = io.BytesIO()
        write_colour(file, rgb, suffix)
        file.seek(0)
        again = np.asarray(Image.open(file)).astype(int)
        assert np.abs(again - rgb).max() <= off
    with pytest.raises(ImageError, match='expected uint8'):
        write_colour(io.BytesIO(), heard(), '.png')
