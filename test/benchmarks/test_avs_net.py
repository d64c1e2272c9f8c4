# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.avs.config import load_avs_config
from echo_depth_ros.learning.avs.network import AvsNet
from echo_depth_ros.learning.networks.teacher import RgbTeacher, TeacherConfig
from echo_depth_ros.learning.training.checkpoint import save_model
from echo_depth_ros.sim.room_files import write_room

FMT = PingFormat()


@pytest.fixture(scope='module')
def avs_net(script):
    return script('avs_net')


@pytest.fixture(scope='module')
def approach(script):
    return script('avs_parts.approach')


@pytest.fixture(scope='module')
def data(approach, tmp_path_factory):
    """Simulate two short drives at a wall, as the test split of a data set."""
    root = tmp_path_factory.mktemp('data')
    (root / 'test').mkdir()
    for seed in (0, 1):
        write_room(root / 'test' / f'room_{seed:06d}.npz',
                   lambda room: approach.approach_room(room, (4.0, 2.0)), seed)
    return root


@pytest.fixture(scope='module')
def models(tmp_path_factory):
    """Files of models with fresh weights, by what the command calls them."""
    folder = tmp_path_factory.mktemp('models')
    torch.manual_seed(0)
    for name, overrides in (('avs', []), ('only_rgb', ['network.echo_branch=false'])):
        save_model(folder / f'{name}.pt', 'avs',
                   AvsNet(load_avs_config('tiny', overrides).network), {})
    teacher = RgbTeacher('depth', TeacherConfig(encoder=(4, 4, 4, 6), decoder=(4, 4, 4)))
    save_model(folder / 'teacher.pt', 'teacher_depth', teacher, {})
    return folder


@pytest.fixture
def command(data, models, tmp_path):
    """Words that every run of the command needs."""
    return ['--avs', str(models / 'avs.pt'), '--only-rgb', str(models / 'only_rgb.pt'), '--data',
            str(data), '--out', str(tmp_path / 'out'), '--rooms', '1', '--poses', '2',
            '--approaches', '1', '--rounds', '1', '--json', str(tmp_path / 'figures.json')]


def test_a_robot_drives_straight_at_a_wall(approach):
    room = approach.approach_room(5, (4.0, 2.0))
    middle = room['depth'][:, 63:65, 63:65]
    np.testing.assert_allclose(middle, np.array([4000, 2000])[:, None, None] * np.ones((2, 2, 2)))
    moved = np.diff(room['pose'], axis=0)[0]
    assert moved == pytest.approx([2, 0, 0], abs=1e-5)
    assert room['waveform'].shape == (2, 2, FMT.window) and str(room['shape']) == 'box'


def test_the_wall_is_heard_where_it_is(approach):
    room = approach.approach_room(5, (4.0, 2.0))
    for window, distance in zip(room['waveform'], (4.0, 2.0)):
        start = FMT.direct_index + int(FMT.range_to_samples(distance))
        power = np.square(window.astype(float)).sum(0)
        there = power[start:start + FMT.chirp_samples].mean()
        before = power[start - 100:start - 10].mean()
        assert there > 2 * before


def test_parts_are_printed_and_written_and_go_on_later(avs_net, command, tmp_path, capsys):
    pictures = tmp_path / 'pictures'
    assert avs_net.main([*command, '--parts', 'dark', 'files', '--pictures', str(pictures)]) == 0
    text = capsys.readouterr().out
    assert '### Darkness' in text and '### Files' in text and (pictures / 'avs_dark.png').exists()
    first = json.loads((tmp_path / 'figures.json').read_text())
    assert first['simulation'] and len(first['dark']) == 18 and len(first['files']) == 3
    assert first['files'][0]['images'] == 4
    assert avs_net.main([*command, '--parts', 'dark']) == 0
    again = json.loads((tmp_path / 'figures.json').read_text())
    assert again == first  # those of other parts as well


def test_tables_on_rooms_that_are_simulated(avs_net, command, models, tmp_path, capsys):
    assert avs_net.main([*command, '--parts', 'table_1', 'table_2', '--relative',
                         f'teacher={models / "teacher.pt"}']) == 0
    text = capsys.readouterr().out
    assert 'paper, real rooms' in text and '| simulation |' in text
    values = json.loads((tmp_path / 'figures.json').read_text())
    tables = {name: [row for row in rows if row['source'] == 'simulation']
              for name, rows in values['table_2'].items()}
    assert set(tables) == {'both elsewhere', 'both, other heads', 'small_elsewhere',
                           'large_elsewhere', 'home'}
    assert {row['method'] for row in tables['home']} == {
        'No (zero-shot)', 'RGB', 'RGB-Echoes', 'echo student', 'truth'}
    assert {row['scaling'] for row in tables['home']} == {'', 'median', 'mean_std'}
    for name in ('both elsewhere', 'both, other heads'):
        assert {row['images'] for row in tables[name]} == {4}
    assert {row['where'] for row in values['table_1']} >= {'in domain', 'home', 'BV2', 'BV1*'}


@pytest.mark.parametrize(('words', 'reason'), [
    (['--avs', 'nothing.pt'], 'nothing.pt does not exist'),
    (['--limit', '0'], '--limit is 0'),
    (['--student', 'nothing.onnx'], 'student nothing.onnx'),
    (['--relative', 'nameless'], 'expected NAME=VALUE'),
    (['--relative-kind', 'who=depth'], 'names who; expected names')])
def test_what_is_wrong_is_said(avs_net, command, words, reason, capsys):
    assert avs_net.main([*command, *words]) == 2
    assert reason in capsys.readouterr().err


def test_another_set_is_not_taken_for_ours(script, tmp_path):
    sets = script('avs_parts.sets').Sets(tmp_path, 1, 1, 600, 1)
    sets.away('closets')
    other = script('avs_parts.sets').Sets(tmp_path, 1, 2, 600, 1)
    with pytest.raises(EchoDepthError, match='cannot make'):
        other.away('closets')


def test_a_set_that_is_there_is_not_packed_again(script, tmp_path):
    sets = script('avs_parts.sets').Sets(tmp_path, 1, 1, 600, 1)
    mark = sets.away('closets').mark
    assert sets.away('closets').mark == mark
    packs = [path for path in (tmp_path / 'closets' / '.cache').iterdir() if path.is_dir()]
    assert len(packs) == 1


def test_a_limit_is_spread_over_the_rooms(script, data):
    some = script('avs_parts.sets').Sets(Path('nowhere'), 1, 1, 2, 1).opened(data, 'some')
    assert len(some) == 2 and len({path for path, _ in some.split.sources}) == 2
