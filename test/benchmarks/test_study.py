# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope='module')
def study(script):
    return script('study')


def results_of(study, better=0.0, seeds=3):
    """Make results that are so much better in every figure, a little apart by seed."""
    values = {}
    for name in study.FIGURES:
        sign = 1 if name in study.HIGHER_IS_BETTER else -1
        values[name] = [0.5 + 0.01 * seed + sign * better for seed in range(seeds)]
    return study.Results(values, windows=38400, minutes=[12.0] * seeds)


def cells(line):
    return [cell.strip() for cell in line.split('|')[1:-1]]


def test_spread_is_mean_and_sample_deviation(study):
    assert study.spread([0.1, 0.2, 0.3]) == '0.200 ± 0.100'
    assert study.spread([1.0, 1.0], digits=1) == '1.0 ± 0.0'


def test_one_value_has_no_spread(study):
    assert study.spread([0.12345]) == '0.123'


def test_a_gain_is_positive_where_a_figure_is_better(study):
    better = study.gains(results_of(study, better=0.1), results_of(study))
    worse = study.gains(results_of(study, better=-0.1), results_of(study))
    for name in study.FIGURES:
        assert better[name] == pytest.approx((0.1, 0.0, 3), abs=1e-9)
        assert worse[name] == pytest.approx((-0.1, 0.0, 0), abs=1e-9)


def test_gains_go_seed_by_seed(study):
    row, reference = results_of(study), results_of(study)
    row.figures['rel'] = [0.3, 0.6, 0.4]
    reference.figures['rel'] = [0.4, 0.5, 0.6]
    mean, deviation, count = study.gains(row, reference)['rel']
    assert mean == pytest.approx(0.2 / 3)
    assert deviation == pytest.approx(np.std([0.1, -0.1, 0.2], ddof=1))
    assert count == 2


def test_gains_compare_the_seeds_that_both_have(study):
    mean, deviation, count = study.gains(results_of(study, 0.1, seeds=1),
                                         results_of(study, seeds=3))['delta1']
    assert (mean, count) == (pytest.approx(0.1), 1)
    assert math.isnan(deviation)


def test_the_table_has_a_cell_for_everything(study):
    results = {'v2e_ccl': results_of(study), 'echonet': results_of(study, seeds=1)}
    costs = {'v2e_ccl': (1.414, 5.8, 2.93), 'echonet': (8.98, 36.0, 4.1)}
    head, rule, first, second = study.table(results, costs).splitlines()
    assert len(cells(head)) == len(cells(rule)) == len(cells(first)) == len(cells(second))
    row = dict(zip(cells(head), cells(first)))
    assert row['row'] == 'v2e_ccl' and row['seeds'] == '3' and row['windows seen'] == '38400'
    assert row['REL'] == '0.510 ± 0.010'
    assert (row['M'], row['MB'], row['ms']) == ('1.41', '5.8', '2.9')
    assert dict(zip(cells(head), cells(second)))['δ1'] == '0.500'


def test_gains_are_told_of_taught_rows_only(study):
    results = {name: results_of(study, better) for name, better in
               (('no_distillation', 0.0), ('v2e_ccl', 0.1), ('ce', -0.1), ('echonet', 0.2))}
    lines = study.gains_table(results).splitlines()
    assert [cells(line)[0] for line in lines[2:]] == ['ce', 'v2e_ccl']
    assert set(cells(lines[2])[1:]) == {'-0.1000 ± 0.0000 (0/3)'}
    assert set(cells(lines[3])[1:]) == {'+0.1000 ± 0.0000 (3/3)'}


def test_gains_of_one_seed_have_no_deviation(study):
    results = {'no_distillation': results_of(study, seeds=1),
               'ccl': results_of(study, 0.1, seeds=1)}
    assert set(cells(study.gains_table(results).splitlines()[2])[1:]) == {'+0.1000'}


@pytest.mark.parametrize('names', [('ce', 'v2e_ccl'), ('no_distillation', 'echonet'), ()])
def test_no_gains_without_two_sides(study, names):
    assert study.gains_table({name: results_of(study) for name in names}) == ''


def test_rows_are_the_ablation_and_the_baselines(study):
    rows = {row.name: row for row in study.rows(study.arguments(['data', '--steps', '500']))}
    assert {*study.STUDENTS, 'echonet', 'batvision_unet'} <= set(rows)
    assert [name for name, row in rows.items() if row.taught and row.name == row.config] == \
        ['ce', 'ccl', 'v2e_ccl']
    for name in (*study.STUDENTS, 'echonet'):
        assert 'steps=500' in rows[name].settings and rows[name].seeds == (0, 1, 2)
    assert len({row.folder(Path('out'), seed) for row in rows.values() for seed in row.seeds}) == \
        sum(len(row.seeds) for row in rows.values())


def test_as_few_windows_means_as_few(study):
    def windows(row):
        settings = dict(setting.split('=') for setting in row.settings)
        return int(settings['steps']) * int(settings.get('batch', 64))

    rows = study.rows(study.arguments(['data', '--unet-steps', '400']))
    few = [row for row in rows if 'as few' in row.name]
    unet, = [row for row in rows if row.config == 'batvision_unet']
    assert few and {windows(row) for row in few} == {windows(unet)}
    assert len(few) == 4 and len(unet.seeds) == 1


def test_without_steps_there_is_no_unet(study):
    rows = study.rows(study.arguments(['data', '--unet-steps', '0']))
    assert [row.name for row in rows] == [*study.STUDENTS, 'echonet']


def test_only_some_rows(study):
    rows = study.rows(study.arguments(
        ['data', '--only', 'ccl', 'no_distillation', '--seeds', '4', '7']))
    assert [(row.name, row.seeds) for row in rows] == [
        ('no_distillation', (4, 7)), ('ccl', (4, 7))]
