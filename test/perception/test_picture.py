# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

from matplotlib import colormaps, image
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


def test_confidence_is_drawn_beside_depth(tmp_path, make_recording):
    heard = replace(EchoDepth().perceive(make_recording()), depth=np.full((128, 128), 2.0))
    alone = draw(tmp_path, heard)
    both = draw(tmp_path, replace(heard, confidence=np.ones((128, 128))))
    assert both.shape[1] > alone.shape[1]
    yellow = colormaps['cividis'](1.0)[:3]  # nothing else is drawn in it
    assert share_of(alone, yellow) < 0.01
    assert share_of(both, yellow) > 0.1
    unknown = draw(tmp_path, replace(heard, confidence=np.full((128, 128), np.nan)))
    assert share_of(unknown, 0xd3 / 255) > 0.1


@pytest.mark.parametrize('problem', [None, 'clipped: lower the gain'])
def test_no_depth_and_no_echo_are_drawn_too(tmp_path, make_recording, problem):
    heard = EchoDepth().perceive(make_recording(echoes=[]))
    assert draw(tmp_path, replace(heard, problem=problem)).shape[1] == 1320
