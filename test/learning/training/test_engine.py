# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import csv
import sys

import pytest
import torch

from echo_depth_ros.learning.data import DatasetError, EchoSplit
from echo_depth_ros.learning.networks.teacher import RgbTeacher
from echo_depth_ros.learning.training.checkpoint import load_model
from echo_depth_ros.learning.training.config import load_config
from echo_depth_ros.learning.training.engine import Machine, Run
from echo_depth_ros.learning.training.errors import CheckpointError, TrainingError
from echo_depth_ros.learning.training.module import DistillationModule

SHORT = ['steps=4', 'val_every=2', 'batch=8', 'val_images=16']
SMALL_TEACHER = ['teacher.encoder=[4, 4, 4, 6]', 'teacher.decoder=[4, 4, 4]']


def _run(splits, out, *overrides, config='tiny', **others):
    run = Run(load_config(config, [*SHORT, *overrides]), *splits, out, **others)
    run.run()
    return run


def _weights(path):
    return load_model(path)[0].state_dict()


def _same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def small_teacher():
    """Teacher by name, for ``open_teacher``."""
    torch.manual_seed(0)
    return RgbTeacher('depth')


def test_learns_and_leaves_a_model_and_a_log(splits, tmp_path):
    run = _run(splits, tmp_path, 'steps=30', 'val_every=15', 'batch=16',
               'augmentation.enabled=false', 'optimizer.lr=0.01')
    with (tmp_path / 'log' / 'val.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [row['step'] for row in rows] == ['15', '30']
    with (tmp_path / 'log' / 'train.csv').open() as file:
        terms = list(csv.DictReader(file))
    assert {'loss', 'depth', 'scale', 'material', 'lr', 'samples_s'} <= terms[0].keys()
    assert float(terms[-1]['loss']) < float(terms[0]['loss'])
    assert float(rows[1]['rel']) < float(rows[0]['rel'])
    model, about = load_model(tmp_path / 'model.pt')
    assert about['kind'] == 'student' and about['step'] == 30 and about['seed'] == 0
    assert about['figures']['rel'] == pytest.approx(float(rows[1]['rel']), rel=1e-4)
    assert load_model(tmp_path / 'best.pt')[1]['best'] == run.module.best
    # What the log says is what the model does.
    depth = model(splits[1].batch(torch.arange(8))[0])[0]
    assert depth.shape == (8, 128, 128) and torch.isfinite(depth).all()
    assert _same(_weights(tmp_path / 'last.ckpt'), model.state_dict())


def test_same_seed_same_weights(splits, tmp_path):
    for name, seed in (('a', 1), ('b', 1), ('c', 2)):
        _run(splits, tmp_path / name, seed=seed)
    one, same, other = (_weights(tmp_path / name / 'model.pt') for name in 'abc')
    assert _same(one, same) and not _same(one, other)


@pytest.mark.parametrize('config', ['ce', 'ccl', 'v2e_ccl'])
def test_students_learn_from_teachers(splits, tmp_path, config):
    names = dict.fromkeys(('depth', 'material'), f'{__name__}:small_teacher')
    sizes = [f'student.{key}={value}' for key, value in
             load_config('tiny').to_dict()['student'].items()]
    run = _run(splits, tmp_path, *sizes, config=config, teachers=names)
    with (tmp_path / 'log' / 'train.csv').open() as file:
        terms = next(csv.DictReader(file))
    assert ('comp' in terms) == (config != 'ccl') and ('ccl' in terms) == (config != 'ce')
    assert isinstance(run.module, DistillationModule)
    load_model(tmp_path / 'model.pt')


@pytest.mark.parametrize('kind', ['echonet', 'teacher_depth', 'teacher_material'])
def test_other_kinds_train_and_resume(splits, tmp_path, kind):
    overrides = SMALL_TEACHER if kind != 'echonet' else []
    _run(splits, tmp_path, *overrides, config=kind)
    network, about = load_model(tmp_path / 'model.pt')
    figure = 'material' if kind == 'teacher_material' else 'rel'
    assert about['kind'] == kind and 0 < about['figures'][figure]
    run = _run(splits, tmp_path, *overrides, config=kind)
    assert run.done_steps == 4
    assert _same(network.state_dict(), _weights(tmp_path / 'model.pt'))


def test_going_on_refuses_another_run(splits, tmp_path):
    _run(splits, tmp_path)
    for words, overrides, others in (
            ('student.code was 32, now 16', ['student.code=16'], {}),
            ('steps was 4, now 8', ['steps=8'], {}), ('seed was 0, now 1', [], {'seed': 1})):
        with pytest.raises(CheckpointError, match=words):
            _run(splits, tmp_path, *overrides, **others)
    with pytest.raises(CheckpointError, match='train_samples was 192, now 64'):
        _run((splits[1], splits[1]), tmp_path)
    assert _run(splits, tmp_path, seed=1, fresh=True).done_steps == 0


def test_a_loss_that_is_not_finite_stops_the_run(splits, tmp_path, monkeypatch):
    losses = DistillationModule.losses

    def broken(self, batch):
        terms = losses(self, batch)
        return terms | {'depth': terms['depth'] * torch.nan} if self.step == 3 else terms

    monkeypatch.setattr(DistillationModule, 'losses', broken)
    with pytest.raises(TrainingError, match='step 3: the loss is not finite.*depth nan'):
        _run(splits, tmp_path)
    monkeypatch.undo()
    assert _run(splits, tmp_path).done_steps == 2


def test_what_the_data_lacks_is_named(splits, tmp_path):
    train, val = splits
    bare = EchoSplit(train.waveform, train.depth)
    with pytest.raises(DatasetError, match='colour'):
        _run((bare, val), tmp_path, config='teacher_depth')
    with pytest.raises(DatasetError, match='colour'):
        _run((bare, val), tmp_path, config='v2e_ccl')
    with pytest.raises(DatasetError, match='material'):
        _run((EchoSplit(train.waveform, train.depth, rgb=train.rgb), val), tmp_path,
             config='teacher_material')
    with pytest.raises(TrainingError, match='--teacher-depth'):
        _run(splits, tmp_path, config='v2e_ccl')
    _run((bare, val), tmp_path)  # sound and depth are enough for a student


def test_tensorboard_is_asked_for_by_name(splits, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'tensorboard', None)
    monkeypatch.setattr('pytorch_lightning.loggers.tensorboard._TENSORBOARD_AVAILABLE', False)
    monkeypatch.setattr('lightning_fabric.loggers.tensorboard._TENSORBOARD_AVAILABLE', False)
    monkeypatch.setattr('lightning_fabric.loggers.tensorboard._TENSORBOARDX_AVAILABLE', False)
    with pytest.raises(TrainingError, match='pip install tensorboard'):
        _run(splits, tmp_path, machine=Machine(logger='tensorboard'))


def test_starts_from_an_earlier_model(splits, tmp_path):
    _run(splits, tmp_path / 'first')
    earlier = tmp_path / 'first' / 'model.pt'
    _run(splits, tmp_path / 'next', 'optimizer.lr=1e-9', 'optimizer.weight_decay=0', init=earlier,
         seed=5)
    there, here = _weights(earlier), _weights(tmp_path / 'next' / 'model.pt')
    learned = [name for name in there if 'running' not in name and 'tracked' not in name]
    assert all(torch.allclose(there[name], here[name], atol=1e-6) for name in learned)
    with pytest.raises(CheckpointError, match='init was'):
        _run(splits, tmp_path / 'next', 'optimizer.lr=1e-9', 'optimizer.weight_decay=0', seed=5)


def test_a_start_of_other_sizes_is_refused(splits, tmp_path):
    _run(splits, tmp_path / 'first')
    with pytest.raises(CheckpointError, match='code is .*expected the same'):
        _run(splits, tmp_path / 'next', 'student.code=16', init=tmp_path / 'first' / 'model.pt')
