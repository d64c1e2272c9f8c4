# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from echo_depth_ros.learning.ambient.config import AmbientConfig
from echo_depth_ros.learning.ambient.export import contract_of, export
from echo_depth_ros.learning.ambient.layouts import open_clips
from echo_depth_ros.learning.ambient.run import AmbientRun, load_network, MODEL

from ..learning.ambient.small import write_simulated


@pytest.fixture(scope='module')
def ambient(script):
    return script('ambient')


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('runs')
    write_simulated(folder / 'data', rooms=6, poses=8)
    for name, hear, order, seed in (('a', 'ears', 0.5, 0), ('b', 'ears', 0.5, 1),
                                    ('mono', 'mono', 0, 0)):
        train, val = (open_clips(folder / 'data', split, hear) for split in ('train', 'val'))
        config = AmbientConfig(hear=hear, epochs=2, batch=16, order=order, distance=order)
        AmbientRun(config, train, val, seed).run(folder / name)
    export(*_exported(folder / 'a' / MODEL, folder / 'a.onnx'))
    return folder


def _exported(model, path):
    network, about = load_network(model)
    return network, path, contract_of(network, about)


def _rows(text, first):
    lines = [[cell.strip() for cell in line.split('|')[1:-1]]
             for line in text.splitlines() if line.startswith('|')]
    start = next(i for i, cells in enumerate(lines) if cells[0] == first)
    return lines[start], lines[start + 2:]


def test_networks_stand_side_by_side(ambient, runs, capsys):
    seeds = ','.join(str(runs / name / MODEL) for name in 'ab')
    ambient.main([str(runs / 'data'), f'ours={seeds}', f'file={runs / "a.onnx"}',
                  f'mono={runs / "mono" / MODEL}', '--rounds', '2'])
    said = capsys.readouterr().out
    head, rows = _rows(said, 'network')
    ours, file, mono = (dict(zip(head, row)) for row in rows[:3])
    assert ours['network'] == 'ours (2 seeds)' and float(ours['ms']) > 0
    assert file['order AP %'] == '–' and ours['order AP %'] != '–'
    assert mono['order acc. %'] == mono['MAE m'] == mono['by distance acc. %'] == '–'
    assert 0 <= float(file['AP %'].split()[0]) <= 100
    assert float(file['M']) == float(ours['M']) > float(mono['M'])
    assert 'The paper, real rooms' in said and 'simulation' in said


def test_it_hears_for_longer(ambient, runs, capsys):
    ambient.main([str(runs / 'data'), f'file={runs / "a.onnx"}', '--rounds', '1', '--listen', '1',
                  '--poses', '2', '--seconds', '1', '6', '--louder', '0', '20'])
    said = capsys.readouterr().out
    head, rows = _rows(said[said.index('Standing'):], 'network')
    assert [row[1:3] for row in rows] == [
        ['1 s', 'at once'], ['6 s', 'at once'], ['6 s', 'mean of 2 clips of 3 s']]
    assert len({row[3] for row in rows}) == 1
    _, rows = _rows(said[said.index('do not match'):said.index('Standing')], 'network')
    assert [row[1] for row in rows] == ['0 dB', '20 dB'] and rows[0][2:] != rows[1][2:]


def test_a_file_without_a_name_is_refused(ambient, runs):
    with pytest.raises(SystemExit):
        ambient.main([str(runs / 'data'), str(runs / 'a.onnx')])
