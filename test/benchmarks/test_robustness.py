# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest
import torch

from echo_depth_ros.learning.export import export
from echo_depth_ros.learning.networks.student import EchoStudent, StudentConfig

TINY = StudentConfig(encoder=(4, 6, 8, 8), decoder=(16, 8, 6, 4), links=(4, 4, 0), squeeze=4,
                     code=16)


@pytest.fixture(scope='module')
def robustness(script):
    return script('robustness')


def test_a_model_is_judged_away_from_home(robustness, tmp_path, capsys):
    torch.manual_seed(1)
    export(EchoStudent(TINY).eval(), tmp_path / 'tiny.onnx', 'nothing')
    words = [str(tmp_path / 'tiny.onnx'), '--home', str(tmp_path / 'none'), '--away',
             str(tmp_path / 'away'), '--rooms', '1', '--poses', '2', '--threads', '1',
             '--conditions', 'home', 'wide_ears', '--json', str(tmp_path / 'figures.json')]
    assert robustness.main(words) == 0
    rows = [line.split('|')[1:-1] for line in capsys.readouterr().out.splitlines()]
    assert [row[0].strip() for row in rows[2:]] == ['home', 'wide_ears']
    assert len({len(row) for row in rows}) == 1 and 'confidence' in ''.join(rows[0])
    for result in json.loads((tmp_path / 'figures.json').read_text()):
        assert result['windows'] == 2 and 0 <= result['confidence'] <= 1
        assert np.isfinite(result['rel']) and 0 <= result['surer_half'] <= 1


def test_sets_of_other_sizes_are_not_mixed(robustness, tmp_path, capsys):
    make = ['--away', str(tmp_path), '--rooms', '1', '--conditions', 'low_robot', '--only-make']
    assert robustness.main([*make, '--poses', '1']) == 0
    assert robustness.main([*make, '--poses', '2']) == 2
    assert 'poses' in capsys.readouterr().err


def test_options_that_make_no_sense_are_named(robustness, tmp_path, capsys):
    words = ['--home', str(tmp_path / 'none'), '--away', str(tmp_path), '--rooms', '1',
             '--conditions', 'low_robot']
    assert robustness.main([*words, '--poses', '0']) == 2
    assert 'must be positive' in capsys.readouterr().err
    assert robustness.main([*words, '--poses', '1', '--threads', '0']) == 2
    assert 'threads is 0; expected 1 or more' in capsys.readouterr().err
