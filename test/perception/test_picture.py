# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

from matplotlib import image
import numpy as np
import pytest

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.perception.echo_depth import EchoDepth
from echo_depth_ros.perception.picture import draw_perception


def draw(tmp_path, heard):
    path = tmp_path / 'folder/picture.png'
    draw_perception(path, heard, PingFormat(), 'a title')
    return image.imread(path)[..., :3]


def share_of(picture, colour):
    return np.mean(np.all(np.abs(picture - colour) < 0.02, axis=-1))


@pytest.mark.parametrize('value, colour', [(np.nan, 0xd3 / 255), (np.inf, 0.0)])
def test_unknown_is_grey_and_beyond_range_is_black(tmp_path, make_recording, value, colour):
    heard = EchoDepth().perceive(make_recording())
    plain = draw(tmp_path, replace(heard, depth=np.full((128, 128), 2.0)))
    marked = draw(tmp_path, replace(heard, depth=np.full((128, 128), value)))
    assert share_of(plain, colour) < 0.05
    assert share_of(marked, colour) > 0.2


@pytest.mark.parametrize('problem', [None, 'clipped: lower the gain'])
def test_no_depth_and_no_echo_are_drawn_too(tmp_path, make_recording, problem):
    heard = EchoDepth().perceive(make_recording(echoes=[]))
    assert draw(tmp_path, replace(heard, problem=problem)).shape[1] == 1320
