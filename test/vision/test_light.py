# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import numpy as np
import pytest

from echo_depth_ros.vision.light import LightLimits

SCENE = np.linspace(30, 200, 64 * 48 * 3).reshape(48, 64, 3).astype(np.uint8)


def test_a_scene_is_enough():
    assert LightLimits().judge(SCENE) is None


@pytest.mark.parametrize(('image', 'kind', 'words'), [
    (SCENE // 20, 'dark', 'min_brightness'), (SCENE * 0, 'dark', 'below 0 of 255'),
    (SCENE * 0 + 120, 'blank', 'between 120 and 120 of 255'), (SCENE * 0 + 255, 'blank', 'lens')])
def test_too_little_is_named(image, kind, words):
    gloom = LightLimits().judge(image)
    assert gloom.kind == kind and words in gloom.problem


def test_a_lamp_in_the_dark_is_dark():
    image = SCENE // 20
    image[:4, :20] = 255
    assert LightLimits().judge(image).kind == 'dark'


def test_one_colour_is_bright_enough():
    assert LightLimits().judge(SCENE * np.array([1, 0, 0], np.uint8)) is None


def test_nothing_is_asked_where_limits_are_zero():
    assert LightLimits(0.0, 0.0).judge(SCENE * 0) is None
