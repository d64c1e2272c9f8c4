# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from echo_depth_ros.learning.avs.study.kept import Kept
from echo_depth_ros.learning.avs.study.pictures import draw_same_look
from echo_depth_ros.learning.avs.study.same_look import (
    SameLook,
    size_figures,
    size_sense,
    size_table,
)

from .made import made, model, rooms

SIZES = (0.5, 1.0, 2.0)


@pytest.fixture
def look():
    depth, rgb = rooms(4), torch.randint(0, 255, (4, 16, 16, 3)).to(torch.uint8)
    return SameLook.of({size: made(size * depth, f'{size}', rgb) for size in reversed(SIZES)})


def test_who_knows_size_has_slope_one_and_who_does_not_zero(look, tmp_path):
    knows = size_sense(Kept(tmp_path), model('knows', lambda depth: 1.1 * depth), look)
    blind = size_sense(Kept(tmp_path), model('blind', lambda depth: 3 + 0 * depth), look)
    half = size_sense(Kept(tmp_path), model('half', np.sqrt), look)
    np.testing.assert_allclose(knows.slopes, 1, atol=1e-3)
    np.testing.assert_allclose(blind.slopes, 0, atol=1e-6)
    np.testing.assert_allclose(half.slopes, 0.5, atol=2e-3)
    np.testing.assert_allclose(knows.errors, 0.1, atol=2e-3)
    assert list(knows.sizes) == [0.5, 1, 2] and look.apart == 0


def test_half_and_double_are_equally_wrong(look, tmp_path):
    half, double = (size_figures(size_sense(Kept(tmp_path), model(name, answer), look))
                    for name, answer in (('half', lambda d: d / 2), ('double', lambda d: 2 * d)))
    assert half['median'] == pytest.approx(1, rel=0.01) == double['median']
    assert half['images'] == 4 and set(half['median_at']) == {'0.5', '1', '2'}


def test_only_pixels_count_that_are_known_at_every_size(tmp_path):
    depth = rooms(2)
    depth[0, :8] = 7  # 14 m at double size, which is too far
    depth[1] = 7
    look = SameLook.of({size: made(np.minimum(size * depth, 12), rgb=torch.zeros(
        2, 16, 16, 3, dtype=torch.uint8)) for size in SIZES})
    assert not look.compared[0, :8].any() and look.compared[0, 8:].all()
    sense = size_sense(Kept(tmp_path), model('right', lambda depth: depth), look)
    assert sense.slopes[0] == pytest.approx(1, abs=1e-3) and np.isnan(sense.slopes[1])


def test_sets_are_brought_to_the_images_that_all_have():
    depth = rooms(4)
    whole, less = made(depth), made(2 * depth, seed=1).some([3, 0])
    look = SameLook.of({1.0: whole, 2.0: less})
    np.testing.assert_allclose(look.sets[2.0].truth, 2 * look.sets[1.0].truth, atol=2e-3)
    assert len(look.sets[1.0]) == 2 and look.apart > 10
    with pytest.raises(ValueError, match='no image in common'):
        SameLook.of({1.0: whole.some([1]), 2.0: less})


def test_no_answer_has_no_slope(look, tmp_path):
    silent = size_sense(Kept(tmp_path), model('silent', lambda depth: np.where(
        depth.mean() > 4, np.nan, depth)), look)
    assert np.isnan(silent.slopes).all() and np.isnan(silent.errors[2]).all()
    assert silent.errors[0].max() < 1e-3
    assert np.isnan(size_figures(silent)['slope']) and '–' in size_table([silent])


def test_table_and_picture(look, tmp_path):
    senses = [size_sense(Kept(tmp_path), model(name, answer), look) for name, answer in (
        ('knows', lambda depth: depth), ('blind', lambda depth: 2 + 0 * depth))]
    text = size_table(senses)
    assert '| knows | 0.0% | 0.0% | 0.0% |' in text and '| 1.00 |' in text
    assert draw_same_look(senses, look, tmp_path / 'new' / 'look.png').stat().st_size > 1000
