# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from argparse import ArgumentParser
import json

import numpy as np
import pytest
import torch

from echo_depth_ros.learning import evaluate, train
from echo_depth_ros.learning import export as export_module
from echo_depth_ros.learning.export import export
from echo_depth_ros.learning.networks import EchoUNet
from echo_depth_ros.learning.sheet import choose
from echo_depth_ros.perception.echo_depth import Perception

from .test_networks import TINY


def _run(module, *words):
    parser = ArgumentParser()
    module.add_arguments(parser)
    return module.main(parser.parse_args([str(word) for word in words]))


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('model') / 'm.onnx'
    export(EchoUNet(TINY), path, 'nothing')
    return path


def test_evaluates_student_and_baselines(model, toy_data, tmp_path, capsys):
    json_file, picture = tmp_path / 'figures.json', tmp_path / 'sheet.png'
    assert _run(evaluate, model, toy_data, '--json', json_file, '--picture', picture) == 0
    printed = capsys.readouterr().out
    for words in ('student', 'best constant image', 'best scaled mean image', 'box (48)'):
        assert words in printed
    result = json.loads(json_file.read_text())
    assert result['images'] == 48
    assert result['best_constant']['rel'] == min(
        figures['rel'] for name, figures in result['methods'].items() if 'constant' in name)
    assert result['best_constant']['delta1'] == max(
        figures['delta1'] for name, figures in result['methods'].items() if 'constant' in name)
    assert picture.read_bytes().startswith(b'\x89PNG')


def test_sheet_shows_the_best_the_middle_and_the_worst():
    rel = np.array([0.5, np.nan, 0.1, 0.4, 0.2, 0.3, 0.9])
    assert choose(rel, 1) == [('best', 2), ('median', 5), ('worst', 6)]


def test_bad_input_is_explained(model, tmp_path, capsys):
    assert _run(evaluate, tmp_path / 'none.onnx', tmp_path) == 2
    assert 'none.onnx' in capsys.readouterr().err
    assert _run(evaluate, model, tmp_path) == 2
    assert 'echo-depth simulate' in capsys.readouterr().err
    assert _run(train, tmp_path, '--out', tmp_path / 'run') == 2
    assert 'echo-depth simulate' in capsys.readouterr().err
    assert _run(train, tmp_path, '--out', tmp_path / 'run', '--resume') == 2
    assert 'there is no' in capsys.readouterr().err
    assert _run(export_module, tmp_path / 'none.pt', tmp_path / 'm.onnx') == 2
    assert 'none.pt' in capsys.readouterr().err


def test_a_split_that_is_refused_whole_has_no_figures(model, toy_data, monkeypatch, capsys):
    monkeypatch.setattr(evaluate.EchoDepth, 'perceive', lambda self, window: Perception())
    assert _run(evaluate, model, toy_data) == 2
    assert 'refused all 48 windows' in capsys.readouterr().err
