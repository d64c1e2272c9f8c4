# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest

from echo_depth_ros.learning.avs.figures import mean_figures
from echo_depth_ros.learning.avs.study.kept import Kept
from echo_depth_ros.learning.avs.study.published import TABLE_1, TABLE_2
from echo_depth_ros.learning.avs.study.tables import (
    figures_of,
    markdown,
    PAPER,
    Row,
    scaled_figures,
    SIMULATION,
    table_1,
    table_2,
)

from .made import made, model, rooms


def cells(line):
    return [cell.strip() for cell in line.split('|')[1:-1]]


@pytest.fixture
def kept(tmp_path):
    return Kept(tmp_path)


def test_models_are_judged_on_every_set_and_on_several_as_one(kept):
    near, far = made(rooms(2), 'near'), made(rooms(4, 1), 'far')
    models = [model('right', lambda depth: depth), model('double', lambda depth: 2 * depth)]
    rows = table_1(kept, models, {'near': [near], 'both': [near, far]})
    assert [(row.where, row.method, row.images) for row in rows] == [
        ('near', 'right', 2), ('near', 'double', 2), ('both', 'right', 6), ('both', 'double', 6)]
    assert rows[0].figures.abs_rel == 0 and rows[3].figures.abs_rel == pytest.approx(1, abs=0.01)
    assert {row.source for row in rows} == {SIMULATION}


def test_disparity_is_judged_by_its_reciprocal(kept):
    inverse = model('inverse', lambda depth: 1 / depth, kind='disparity', metric=False)
    assert mean_figures(figures_of(kept, inverse, made(rooms())))[0].abs_rel < 1e-6


@pytest.mark.parametrize('scaling', ['median', 'mean_std'])
def test_a_relative_model_takes_over_the_scale_of_its_source(kept, scaling):
    test = made(rooms())
    relative = model('relative', lambda depth: 0.07 * depth, metric=False)
    sources = {'half': model('half', lambda depth: depth / 2), 'truth': None}
    rows = {row.method: row for row in table_2(kept, [relative], sources, [scaling], [test])}
    assert list(rows) == ['No', 'half', 'truth']
    assert rows['No'].figures.abs_rel == pytest.approx(0.93)
    assert rows['half'].figures.abs_rel == pytest.approx(0.5)
    assert rows['truth'].figures.abs_rel < 1e-5
    assert (rows['No'].scaling, rows['half'].scaling) == ('', scaling)


def test_a_metric_model_without_scaling_is_zero_shot_and_least_squares_is_for_disparity(kept):
    test = made(rooms())
    depth = model('depth', lambda depth: depth)
    affine = model('affine', lambda depth: 3 / depth + 0.5, kind='disparity', metric=False)
    rows = table_2(kept, [depth, affine], {'truth': None}, ['median', 'least_squares'], [test])
    assert [(row.where, row.method, row.scaling) for row in rows] == [
        ('depth', 'No (zero-shot)', ''), ('depth', 'truth', 'median'),
        ('affine', 'No', ''), ('affine', 'truth', 'median'), ('affine', 'truth', 'least_squares')]
    assert rows[4].figures.abs_rel < 1e-3 < rows[3].figures.abs_rel


def test_a_source_is_weighted_by_its_confidence(kept):
    def answer(depth):
        wrong = depth.copy()
        wrong[:, :9] *= 3
        return wrong

    class Sure(type(model('x', answer).predictor)):
        def predict(self, split, indices):
            said = super().predict(split, indices)
            said.confidence[:, :9] = 1e-6
            return said

    test, relative = made(rooms()), model('relative', lambda depth: depth / 9)
    plain = model('plain', answer)
    sure = type(plain)('sure', Sure(answer, 0.9), 'sure')
    worse, better = (mean_figures(scaled_figures(kept, relative, source, 'median', test))[0]
                     for source in (plain, sure))
    assert better.abs_rel < 0.2 < worse.abs_rel


def test_tables_have_a_cell_for_everything_and_name_their_source(kept):
    rows = table_1(kept, [model('right', lambda depth: depth)], {'set': [made(rooms())]})
    paper = [Row.from_paper(row) for row in TABLE_1]
    head, rule, *lines = markdown(rows + paper, 'set', 'model').splitlines()
    assert {len(cells(line)) for line in (head, rule, *lines)} == {len(cells(head))}
    assert cells(lines[0])[-1] == SIMULATION and cells(lines[0])[-3:-1] == ['1.000', '4']
    assert cells(lines[1])[-1] == PAPER and cells(lines[1])[-3:-1] == ['–', '–']
    assert json.loads(json.dumps(paper[0].to_dict(), allow_nan=False))['coverage'] is None


def test_no_figure_is_no_number(kept):
    nothing = model('nothing', lambda depth: np.full_like(depth, np.nan))
    row, = table_1(kept, [nothing], {'set': [made(rooms())]})
    assert '| – |' in markdown([row], 'set', 'model') and row.images == 0


def test_what_is_published_is_as_the_paper_says():
    """Its text: echoes add about 23 % to δ1 on BV1; each scaling by them beats that by RGB."""
    assert TABLE_1[3].values[4] / TABLE_1[2].values[4] == pytest.approx(1.297, abs=1e-3)
    assert len(TABLE_2) == 18
    for none, rgb, echoes in zip(TABLE_2[::3], TABLE_2[1::3], TABLE_2[2::3]):
        assert len({none.where, rgb.where, echoes.where}) == 1
        assert echoes.values[0] < rgb.values[0] < none.values[0]
        assert echoes.values[4] > rgb.values[4] > none.values[4]
