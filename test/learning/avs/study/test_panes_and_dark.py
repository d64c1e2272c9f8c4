# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from echo_depth_ros.learning.avs.study.dark import (
    dark_rows,
    LIGHTS,
    narrow_rows,
    VIEWS,
    worse_table,
)
from echo_depth_ros.learning.avs.study.kept import Kept
from echo_depth_ros.learning.avs.study.panes import pane_rows, with_panes
from echo_depth_ros.learning.avs.study.pictures import draw_dark
from echo_depth_ros.learning.data import DatasetError

from .made import made, model, rooms

GLASS = 4


def _with_glass():
    """Four images: a pane on the left half, none, a small one, one on the right quarter."""
    material = torch.ones(4, 16, 16, dtype=torch.uint8)
    material[0, :, :8] = material[3, :, 12:] = GLASS
    material[2, 0, :8] = GLASS
    return made(rooms(), 'mirrors', material=material)


def test_panes_are_judged_alone_and_with_the_rest_of_their_image(tmp_path):
    test = _with_glass()
    shown, pane = with_panes(test, GLASS)
    np.testing.assert_array_equal(shown.truth, test.truth[[0, 3]])
    assert pane.sum() == 16 * 12

    def fooled(depth):
        """Sees twice as far on glass."""
        found = depth.copy()
        for image, true in zip(found, depth):
            at = next(i for i, each in enumerate(shown.truth) if np.array_equal(each, true))
            image[pane[at]] *= 2
        return found
    rows = {(row.where, row.method): row for row in pane_rows(
        Kept(tmp_path), [model('fooled', fooled)], test, GLASS)}
    on_pane = rows['mirrors: pane', 'fooled']
    assert on_pane.figures.abs_rel == pytest.approx(1) and on_pane.images == 2
    assert rows['mirrors: whole image', 'fooled'].figures.abs_rel == pytest.approx(3 / 8)


def test_a_relative_model_is_scaled_by_each_source(tmp_path):
    right = model('right', lambda depth: depth)
    relative = model('relative', lambda depth: depth / 5, metric=False)
    rows = pane_rows(Kept(tmp_path), [right], _with_glass(), GLASS, relative, {'it': right})
    assert [row.method for row in rows] == ['right', 'relative, scaled by it'] * 2
    assert max(row.figures.abs_rel for row in rows) < 1e-5


def test_no_panes_is_an_error():
    test = made(rooms(), 'plain', material=torch.ones(4, 16, 16, dtype=torch.uint8))
    with pytest.raises(DatasetError, match='plain: no image shows a pane'):
        with_panes(test, GLASS)


def test_every_light_has_a_row_for_every_model(tmp_path):
    models = [model('right', lambda depth: depth), model('double', lambda depth: 2 * depth)]
    rows = dark_rows(Kept(tmp_path), models, made(rooms()))
    assert [row.where for row in rows] == [f'{light:g}' for light in LIGHTS for _ in models]
    head, rule, *lines = worse_table(rows, 'light').splitlines()
    assert len(lines) == len(LIGHTS) and head.count('|') == rule.count('|') == lines[0].count('|')
    assert lines[-1].startswith('| 0 | 0.000 |')
    assert draw_dark(rows, tmp_path / 'dark.png').exists()


def test_narrow_cameras_show_a_part_of_the_same_images(tmp_path):
    test = made(rooms())
    seen = test.through(69.0, 42.0)
    shown = seen.split.rgb.sum(3) > 0
    assert torch.equal(test.through(90.0, 90.0).split.rgb, test.split.rgb)
    assert shown.float().mean() == pytest.approx(0.687 * 0.384, abs=0.1)
    assert torch.equal(seen.split.rgb[shown], test.split.rgb[shown])
    np.testing.assert_array_equal(seen.truth, test.truth)
    rows = narrow_rows(Kept(tmp_path), [model('right', lambda depth: depth)], test)
    assert [row.where for row in rows] == list(VIEWS)
    assert worse_table(rows, 'camera').startswith('| camera | right: Abs Rel')
