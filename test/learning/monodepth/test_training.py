# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A run, from its configuration to a model that is judged."""

import csv

import numpy as np
import pytest
import torch

from echo_depth_ros.cli import main
from echo_depth_ros.learning.data import EchoSplit
from echo_depth_ros.learning.evaluation.predictors import PredictorError
from echo_depth_ros.learning.monodepth.checkpoint import load_monodepth
from echo_depth_ros.learning.monodepth.config import load_monodepth_config
from echo_depth_ros.learning.monodepth.drives import open_drive
from echo_depth_ros.learning.monodepth.motion import inverse_motion
from echo_depth_ros.learning.monodepth.network import Monodepth
from echo_depth_ros.learning.monodepth.predictor import open_monodepth
from echo_depth_ros.learning.monodepth.run import median_scaled, MonodepthModule, MonodepthRun
from echo_depth_ros.learning.monodepth.sizes import MonodepthSizes
from echo_depth_ros.learning.training.engine import Machine
from echo_depth_ros.learning.training.errors import CheckpointError, ConfigError, TrainingError

SHORT = ['steps=4', 'val_every=2', 'batch=2', 'val_images=4', 'precision=32-true',
         'loss.full_size=false', 'network.image=[64, 64]']


def _run(films, out, *overrides, **others):
    splits = (open_drive(films, split) for split in ('train', 'val'))
    run = MonodepthRun(load_monodepth_config('tiny', [*SHORT, *overrides]), *splits, out,
                       machine=Machine('cpu'), **others)
    run.run()
    return run


def _rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def _same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope='module')
def learnt(films, tmp_path_factory):
    out = tmp_path_factory.mktemp('learnt')
    return out, _run(films, out, 'steps=40', 'val_every=20', 'batch=4', 'triples.gap=2',
                     'loss.scales=2', 'augmentation.enabled=false', 'optimizer.lr=0.01')


def test_depth_is_learnt_from_a_film_alone(learnt, films):
    out, run = learnt
    losses = [float(row['loss']) for row in _rows(out / 'log' / 'train.csv')]
    assert losses[-1] < 0.8 * losses[0]
    split = open_drive(films, 'test')
    some = torch.arange(len(split))
    truth = split.truth(some).log().flatten()

    def likeness(network):
        with torch.no_grad():
            depth = network.eval().relative(split.frames(some)[:, 1])
        return float(torch.corrcoef(torch.stack([depth.log().flatten(), truth]))[0, 1])

    torch.manual_seed(0)
    assert likeness(load_monodepth(out / 'model.pt')[0]) > max(
        0.7, likeness(Monodepth(run.config.network)) + 0.1)


def test_the_best_model_is_chosen_without_truth(learnt):
    out, run = learnt
    rows = _rows(out / 'log' / 'val.csv')
    assert len(rows) == 2 and {'rel', 'delta1', 'loss'} <= set(rows[0])
    assert run.module.best == pytest.approx(min(float(row['loss']) for row in rows), rel=1e-4)
    about = load_monodepth(out / 'best.pt')[1]
    assert about['kind'] == 'monodepth' and about['best'] == run.module.best


def test_truth_changes_nothing_but_the_figures(films, tmp_path):
    splits = [open_drive(films, split) for split in ('train', 'val')]
    models = []
    for name in ('right', 'wrong'):
        run = MonodepthRun(load_monodepth_config('tiny', SHORT), *splits, tmp_path / name,
                           machine=Machine('cpu'))
        models.append(run.run())
        for split in splits:
            split.depth = torch.ones_like(split.depth)
    assert _same(*(module.average.state_dict() for module in models))
    assert models[0].best == models[1].best
    assert models[0].figures['rel'] != models[1].figures['rel']


def test_a_killed_run_goes_on_to_the_same_weights(films, tmp_path, monkeypatch):
    _run(films, tmp_path / 'whole')
    losses = MonodepthModule.losses

    def killed(self, batch):
        if self.step == 3:
            raise KeyError('killed')
        return losses(self, batch)

    monkeypatch.setattr(MonodepthModule, 'losses', killed)
    with pytest.raises(KeyError):
        _run(films, tmp_path / 'parts')
    monkeypatch.undo()
    assert not (tmp_path / 'parts' / 'model.pt').exists()
    assert _run(films, tmp_path / 'parts').done_steps == 2
    whole, parts = (load_monodepth(tmp_path / name / 'model.pt')[0].state_dict()
                    for name in ('whole', 'parts'))
    assert _same(whole, parts)
    with pytest.raises(CheckpointError, match='another run'):
        _run(films, tmp_path / 'parts', 'loss.auto_mask=false')


def test_a_run_starts_from_an_earlier_model_of_the_same_sizes(learnt, films, tmp_path):
    out, _ = learnt
    _run(films, tmp_path / 'on', 'steps=1', init=out / 'model.pt')
    with pytest.raises(CheckpointError, match='encoder is.*expected the same'):
        _run(films, tmp_path / 'other', 'network.encoder=[8, 8, 8, 8]', init=out / 'model.pt')


def test_frames_of_another_size_are_refused(films, tmp_path):
    with pytest.raises(TrainingError, match='network.image'):
        _run(films, tmp_path, 'network.image=[128, 128]')


def test_the_predictor_tells_relative_depth_of_any_split_with_colour(learnt, films):
    out, _ = learnt
    drive = open_drive(films, 'test')
    split = EchoSplit(torch.zeros(len(drive.rgb), 2, 3197, dtype=torch.int16), drive.depth,
                      rgb=drive.rgb)
    predicted = open_monodepth(out / 'model.pt').predict(split, torch.tensor([1, 3]))
    assert predicted.depth.shape == (2, 64, 64) and predicted.depth.dtype == np.float32
    assert predicted.confidence is None and not predicted.refused.any()
    assert (predicted.depth > 0).all()
    with pytest.raises(PredictorError, match='trained on'):
        open_monodepth(out / 'best.pt').predict(
            EchoSplit(split.waveform, split.depth, rgb=split.rgb[:, ::2]), torch.tensor([0]))
    with pytest.raises(PredictorError, match='does not exist'):
        open_monodepth(out / 'nothing.pt')


def test_other_files_are_no_models(tmp_path):
    torch.save({'kind': 'student', 'config': {}, 'about': {}, 'state': {}}, tmp_path / 'a.pt')
    with pytest.raises(CheckpointError, match="kind 'student'"):
        load_monodepth(tmp_path / 'a.pt')


def test_the_command_trains(films, tmp_path, capsys):
    out = tmp_path / 'run'
    assert main(['train-monodepth', str(films), '--out', str(out), '--config', 'tiny',
                 '--accelerator', 'cpu', *(part for each in SHORT for part in ('--set', each))]
                ) == 0
    shown = capsys.readouterr().out
    assert 'no truth' in shown and (out / 'best.pt').is_file()
    assert main(['train-monodepth', str(films), '--out', str(out), '--threads', '0']) == 1


@pytest.mark.parametrize('override', [
    'steps=0', 'loss.scales=5', 'network.image=[100, 100]', 'network.depth_min=4.0',
    'network.pose=[]', 'triples.gap=0', 'augmentation.colour=1.5', 'loss.alpha=1'])
def test_settings_that_make_no_sense_are_refused(override):
    with pytest.raises(ConfigError):
        load_monodepth_config('tiny', [override])


def test_unknown_configurations_name_those_that_there_are():
    with pytest.raises(ConfigError, match='small, tiny'):
        load_monodepth_config('large')


def test_median_scaling_leaves_holes_out():
    relative = torch.tensor([[[1.0, 2.0, 3.0, 900.0]]])
    truth = torch.tensor([[[2.0, 4.0, 6.0, 0.0]]])
    assert median_scaled(relative, truth)[0, 0, :3].tolist() == [2, 4, 6]
    assert torch.equal(median_scaled(relative, 0 * truth), relative)


def test_depth_net_tells_four_scales_within_its_range():
    sizes = MonodepthSizes(image=(32, 64))
    network = Monodepth(sizes).eval()
    with torch.no_grad():
        estimated = network(torch.rand(2, 3, 3, 32, 64))
    assert [tuple(d.shape) for d in estimated.disparities] == [
        (2, 1, 32 >> i, 64 >> i) for i in range(4)]
    for disparity in estimated.disparities:
        assert (1 / sizes.depth_max <= disparity).all()
        assert (disparity <= 1 / sizes.depth_min).all()
    assert estimated.motions.shape == (2, 2, 6) and estimated.motions.abs().max() < 0.05


def test_motions_are_told_in_the_order_of_time():
    network = Monodepth(MonodepthSizes(image=(32, 32))).eval()
    frames = torch.rand(2, 3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    before, target, after = frames.unbind(1)
    with torch.no_grad():
        motions = network(frames).motions
        assert torch.allclose(motions[:, 1], network.pose(target, after), atol=1e-6)
        assert torch.allclose(inverse_motion(motions[:, 0]), network.pose(before, target),
                              atol=1e-6)
