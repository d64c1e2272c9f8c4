# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The study of wall following: its cases, trials, the folder that keeps them, and its tables."""

from dataclasses import replace
import json

import matplotlib.image
import numpy as np
import pytest

from echo_depth_ros.trials import track_picture, wall_study, wall_table
from echo_depth_ros.trials.wall_study import Case, CONDITIONS, load, Record, run_all, run_case

STRAIGHT = Case('straight', 'straight_1', 4, 0)
QUICK = [replace(STRAIGHT, room=room, start=start) for room in ('straight_1', 'corner')
         for start in (1, 2)]


@pytest.fixture(scope='module')
def record():
    """Drive straight along a straight wall."""
    return run_case(STRAIGHT)


def test_the_whole_study_has_36_trials_a_seed_and_condition():
    listed = wall_study.cases(['echo'], [100, 101, 102])
    assert len(listed) == len(set(listed)) == 36 * 3 * len(CONDITIONS)
    assert {case.condition for case in wall_study.cases(['straight'], [1])} == {
        'clean', 'furniture'}


@pytest.mark.parametrize(('wrong', 'word'), [
    ({'policy': 'magic'}, 'policy'), ({'room': 'attic'}, 'room'), ({'start': 9}, 'start'),
    ({'condition': 'fog'}, 'condition'), ({'seed': -1}, 'seed')])
def test_a_case_that_is_not_known_is_refused(wrong, word):
    with pytest.raises(ValueError, match=word):
        replace(STRAIGHT, **wrong)


def test_a_record_says_what_came_of_the_trial(record):
    assert record.case == STRAIGHT
    assert (record.start_distance, record.start_angle) == (0.8, 0.0)
    assert record.share == 1.0 and record.complete and not record.collided
    assert record.metres == pytest.approx(6.0)
    assert record.seconds == pytest.approx(6.0 / 0.25, rel=0.15)
    places = np.array(record.poses)
    assert places[0] == pytest.approx((1.5, 4.7, 0.0)) and places[-1, 0] > 7.45
    steps = np.hypot(*np.diff(places[:-1, :2], axis=0).T)
    assert 13.7 / wall_study.POSES_APART * np.median(steps) == pytest.approx(0.25, rel=0.2)


def test_a_record_is_one_json_line_there_and_back(record):
    line = record.to_json()
    assert '\n' not in line and Record.from_json(line) == record
    unknown = replace(record, error=None)
    assert Record.from_json(unknown.to_json()) == unknown


@pytest.mark.parametrize('line', ['', '{', '[]', '{}', '{"policy": "echo"}'])
def test_a_line_that_is_no_record_is_refused(line):
    with pytest.raises(ValueError, match='not the record'):
        Record.from_json(line)


def test_seeds_are_robots_and_the_same_seed_is_the_same_trial():
    case = replace(STRAIGHT, start=1, room='corner')
    first, again, other = (run_case(replace(case, seed=seed)) for seed in (1, 1, 2))
    assert first.poses == again.poses != other.poses


def test_trials_are_kept_and_not_run_again(tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(wall_study, 'run_case', lambda case: ran.append(case) or run_case(case))
    assert len(list(run_all(QUICK[:2], tmp_path))) == 2
    kept = (tmp_path / wall_study.FILE).read_text()
    assert [r.case for r in run_all(QUICK, tmp_path)] == QUICK[2:]
    assert ran == QUICK and (tmp_path / wall_study.FILE).read_text().startswith(kept)
    assert [r.case for r in load(tmp_path)] == QUICK


def test_a_broken_last_line_is_run_again_and_nothing_else(tmp_path, record):
    path = tmp_path / wall_study.FILE
    path.write_text(record.to_json() + '\n' + record.to_json()[:50])
    assert load(tmp_path) == [record]
    other = replace(STRAIGHT, start=1)
    assert [r.case for r in run_all([STRAIGHT, other], tmp_path)] == [other]
    assert [r.case for r in load(tmp_path)] == [STRAIGHT, other]


def test_a_broken_line_in_the_middle_is_named(tmp_path, record):
    path = tmp_path / wall_study.FILE
    path.write_text(f'{record.to_json()}\nnonsense\n{record.to_json()}\n')
    with pytest.raises(ValueError, match='line 2'):
        load(tmp_path)


def test_no_processes_are_refused(tmp_path):
    with pytest.raises(ValueError, match='jobs is 0'):
        list(run_all([STRAIGHT], tmp_path, jobs=0))


def made(record, **changes):
    return replace(record, **changes)


def test_the_table_tells_means_and_their_spread_over_the_seeds(record):
    records = [made(record, policy='echo', seed=seed, share=share, complete=share == 1.0,
                    collided=share < 1, error=error)
               for seed, share, error in ((1, 1.0, 0.1), (1, 0.5, 0.2), (2, 1.0, None))]
    shares = wall_table.over_seeds(records, lambda r: 100 * r.share)
    assert shares == f'{250 / 3:.1f} +-{np.std([75, 100], ddof=1):.1f}'
    assert wall_table.rms_over_seeds(records) == f'{np.sqrt(0.025):.3f}'
    row = wall_table.by_condition(records).splitlines()[1].split()
    assert row[:3] == ['echo', 'clean', '3'] and '1' in row
    assert '83.3 (67)' in wall_table.by_room(records)
    assert '83.3 (67)' in wall_table.by_angle(records)


def test_the_report_names_the_paper_s_figures_and_that_ours_is_simulation(record):
    text = wall_table.report([record])
    assert '51.5' in text and 'simulation' in text and 'NOTE' not in text
    assert 'NOTE' in wall_table.report([record, made(record, seed=3, code='0' * 12)])
    assert wall_table.report([]) == 'no trials'


def test_the_paper_s_averages_are_those_of_its_orientations():
    """Fig. 10's numbers, shared out between its bars; two decimals were rounded off."""
    for name, thirds in (('ambient', (82.0, 60.4, 55.4)), ('straight', (82.0, 40.5, 32.2))):
        assert 100 * wall_table.PAPER[name] == pytest.approx(np.mean(thirds), abs=0.1)


def test_a_picture_is_drawn_with_a_row_for_each_policy_and_condition(tmp_path, record):
    one = matplotlib.image.imread(track_picture.draw([record], tmp_path / 'one.png'))
    two = matplotlib.image.imread(track_picture.draw(
        [record, made(record, policy='echo', collided=True, complete=False)],
        tmp_path / 'two.png'))
    assert two.shape[0] > 1.5 * one.shape[0] and one.shape[1] == two.shape[1]
    assert one[..., :3].std() > 0.02
    with pytest.raises(ValueError, match='no trials'):
        track_picture.draw([], tmp_path / 'none.png')


def test_a_dead_ear_leaves_the_echo_robot_standing_safely(monkeypatch):
    settings = wall_study.TrialSettings
    monkeypatch.setattr(wall_study, 'TrialSettings',
                        lambda **given: settings(**{**given, 'longest': 2.0}))
    record = run_case(Case('echo', 'straight_2', 1, 0, 'dead_ear'))
    assert not record.collided and record.share == 0.0
    assert np.ptp(np.array(record.poses), axis=0) == pytest.approx(0.0, abs=1e-6)


def test_records_hold_no_numbers_that_json_has_not(record):
    assert json.loads(record.to_json())['error'] is not None
    with pytest.raises(ValueError, match='JSON'):
        made(record, nearest=float('inf')).to_json()
