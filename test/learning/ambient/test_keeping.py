# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A run that was killed goes on as if nothing had happened."""

import csv
from dataclasses import replace

import pytest
import torch

from echo_depth_ros.learning.ambient.config import AmbientConfig
from echo_depth_ros.learning.ambient.keeping import LAST
from echo_depth_ros.learning.ambient.run import AmbientRun, load_network, MODEL
from echo_depth_ros.learning.training.errors import CheckpointError

from .small import clips

CONFIG = AmbientConfig(hear='ears', epochs=4, batch=16)
TRAIN, VAL = clips(36), clips(18, seed=1)


class Killed(Exception):
    """Stands for a kill in the middle of an epoch."""


def _refuse(*_):
    raise AssertionError('trained again')


def _run(out, config=CONFIG, seed=2, **how):
    run = AmbientRun(config, TRAIN, VAL, seed)
    run.run(out, **how)
    return run


def _weights(out):
    state = torch.load(out / LAST, weights_only=True)
    return state['state_dict'], torch.load(out / MODEL, weights_only=True)


def test_a_killed_run_ends_with_the_same_weights(tmp_path, monkeypatch):
    whole = _run(tmp_path / 'whole')
    step, steps = AmbientRun.training_step, []

    def until(self, index, number):
        steps.append(number)
        if len(steps) > 12:  # of 5 steps an epoch
            raise Killed
        return step(self, index, number)

    monkeypatch.setattr(AmbientRun, 'training_step', until)
    with pytest.raises(Killed):
        _run(tmp_path / 'killed')
    assert not (tmp_path / 'killed' / MODEL).exists()
    steps.clear()
    resumed = _run(tmp_path / 'killed')
    assert len(steps) == 10  # two epochs were done
    assert resumed.best == whole.best
    (last, model), (last_, model_) = (_weights(tmp_path / name) for name in ('whole', 'killed'))
    assert all(torch.equal(last[name], last_[name]) for name in last)
    assert all(torch.equal(model['state'][name], model_['state'][name])
               for name in model['state'])
    rows = [list(csv.reader((tmp_path / name / 'log' / 'val.csv').open()))
            for name in ('whole', 'killed')]
    assert rows[0] == rows[1] and len(rows[0]) == 5


def test_a_finished_run_is_not_done_again(tmp_path, monkeypatch):
    first = _run(tmp_path)
    monkeypatch.setattr(AmbientRun, 'training_step', _refuse)
    again = _run(tmp_path)
    assert again.best == first.best
    assert all(torch.equal(a, b) for a, b in zip(first.network.state_dict().values(),
                                                 again.network.state_dict().values()))


def test_the_best_so_far_can_be_used_before_a_run_ends(tmp_path):
    run = _run(tmp_path)
    (ended, about), (going, about_) = (load_network(tmp_path / name) for name in (MODEL, LAST))
    assert about == about_ and about['figures'] == run.best and about['samples'] == len(TRAIN)
    assert all(torch.equal(a, b) for a, b in zip(ended.state_dict().values(),
                                                 going.state_dict().values()))


def test_another_run_is_refused_unless_it_is_to_be_forgotten(tmp_path):
    quick = replace(CONFIG, epochs=1)
    _run(tmp_path, quick)
    with pytest.raises(CheckpointError, match='epochs was 1, now 4'):
        _run(tmp_path)
    with pytest.raises(CheckpointError, match='seed was 2, now 3'):
        _run(tmp_path, quick, seed=3)
    assert _run(tmp_path, quick, seed=3, fresh=True).best
    torch.save({'kind': 'student'}, tmp_path / LAST)
    with pytest.raises(CheckpointError, match='train-ambient'):
        _run(tmp_path, quick)


def test_bfloat16_trains(tmp_path):
    config = AmbientConfig(hear='ears', epochs=8, batch=32, precision='bf16-mixed')
    run = AmbientRun(config, clips(120), clips(48, seed=1), seed=0)
    run.run()
    assert run.best['ap'] > 90
    assert all(value.dtype in (torch.float32, torch.int64)
               for value in run.network.state_dict().values())
