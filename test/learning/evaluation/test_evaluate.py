# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from argparse import ArgumentParser
import json
import shutil

import pytest

from echo_depth_ros.learning import evaluate
from echo_depth_ros.learning.evaluate import name_models
from echo_depth_ros.learning.evaluation.predictors import PredictorError


def _run(*words):
    parser = ArgumentParser()
    evaluate.add_arguments(parser)
    return evaluate.main(parser.parse_args([str(word) for word in (*words, '--threads', 1)]))


def test_one_table_for_all_models_and_baselines(onnx_file, checkpoint, toy_data, tmp_path, capsys):
    files = {name: tmp_path / name for name in ('figures.json', 'sheet.png', 'rel.png')}
    assert _run(onnx_file, f'ours={checkpoint}', toy_data, '--breakdown', '--limit', 6,
                '--json', files['figures.json'], '--picture', files['sheet.png'],
                '--reliability', files['rel.png']) == 0
    printed = capsys.readouterr().out
    head = next(line for line in printed.splitlines() if line.startswith('| method'))
    assert [cell.strip() for cell in head.split('|')][2:9] == [
        'RMSE', 'REL', 'log10', 'δ1', 'δ2', 'δ3', 'RMSE m']
    for words in ('| tiny ', '| ours ', 'best constant image', 'best scaled mean image', 'ECE',
                  'ours, by true depth', 'box (6)', 'nearest surface in view', '0–1 m'):
        assert words in printed
    result = json.loads(files['figures.json'].read_text(encoding='utf-8'))
    assert result['images'] == 6 and list(result['models']) == ['tiny', 'ours']
    ours, tiny = (result['models'][name] for name in ('ours', 'tiny'))
    assert ours['rel'] == pytest.approx(tiny['rel'], rel=1e-2)
    assert ours['rmse_norm'] == pytest.approx(ours['rmse'] / 12)
    assert result['best_constant']['rel'] == min(
        figures['rel'] for name, figures in result['baselines'].items() if 'constant' in name)
    assert result['best_constant']['delta1'] == max(
        figures['delta1'] for name, figures in result['baselines'].items() if 'constant' in name)
    for name in ('sheet_tiny.png', 'sheet_ours.png', 'rel.png'):
        assert (tmp_path / name).read_bytes().startswith(b'\x89PNG')


def test_a_test_split_alone_is_enough(checkpoint, toy_data, tmp_path, capsys):
    shutil.copytree(toy_data / 'test', tmp_path / 'test')
    assert _run(checkpoint, tmp_path, '--limit', 8) == 0
    printed = capsys.readouterr()
    assert 'constant' not in printed.out and 'no training split' in printed.err


def test_samples_that_cannot_be_used_are_counted_every_time(checkpoint, toy_data, tmp_path,
                                                             capsys):
    shutil.copytree(toy_data / 'test', tmp_path / 'test')
    (tmp_path / 'test' / 'room_999999.npz').write_bytes(b'no archive')
    for _ in range(2):  # packed first, then opened
        assert _run(checkpoint, tmp_path, '--no-baselines', '--json', tmp_path / 'f.json') == 0
        assert ', 1 samples unusable (echo-depth inspect' in capsys.readouterr().out
    assert json.loads((tmp_path / 'f.json').read_text(encoding='utf-8'))['unusable'] == 1


def test_no_baselines(checkpoint, toy_data, capsys):
    assert _run(checkpoint, toy_data, '--limit', 8, '--no-baselines') == 0
    assert 'constant' not in capsys.readouterr().out


def test_names_tell_models_apart(tmp_path):
    assert list(name_models(['a/x.onnx', 'runs/ccl/model.pt', 'mine=runs/ce/model.pt'])) == [
        'x', 'ccl/model', 'mine']
    assert list(name_models(['a/x.onnx', 'b/x.onnx'])) == ['a/x', 'b/x']
    odd = tmp_path / 'x=1.pt'
    odd.touch()
    assert list(name_models([str(odd)]).values()) == [odd]
    with pytest.raises(PredictorError, match='two models are called a'):
        name_models(['a=1.pt', 'a=2.pt'])


def test_bad_input_is_explained(checkpoint, toy_data, tmp_path, capsys):
    assert _run(tmp_path / 'none.onnx', toy_data) == 2
    assert 'none.onnx' in capsys.readouterr().err
    assert _run(checkpoint, tmp_path / 'nowhere') == 2
    assert 'nowhere' in capsys.readouterr().err


def test_no_threads_are_refused(checkpoint, toy_data, capsys):
    parser = ArgumentParser()
    evaluate.add_arguments(parser)
    args = parser.parse_args([str(checkpoint), str(toy_data), '--threads', '0'])
    assert evaluate.main(args) == 2
    assert '--threads is 0; expected 1 or more' in capsys.readouterr().err
