# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import csv

from PIL import Image
import pytest
import torch

from echo_depth_ros.learning.augment import Augmentation
from echo_depth_ros.learning.avs.batches import AvsBatches
from echo_depth_ros.learning.avs.checkpoint import load_avs
from echo_depth_ros.learning.avs.config import load_avs_config
from echo_depth_ros.learning.avs.run import AvsModule, AvsRun
from echo_depth_ros.learning.data import DatasetError, EchoSplit, open_split
from echo_depth_ros.learning.training.engine import Machine
from echo_depth_ros.learning.training.errors import CheckpointError, TrainingError

from ..data.small import colour, write_batvision2, write_list

SHORT = ['steps=4', 'val_every=2', 'batch=8', 'val_images=16', 'precision=32-true',
         'network.image=[32, 64]']


def _run(splits, out, *overrides, config='tiny', **others):
    run = AvsRun(load_avs_config(config, [*SHORT, *overrides]), *splits, out,
                 machine=Machine('cpu'), **others)
    run.run()
    return run


def _weights(path):
    return load_avs(path)[0].state_dict()


def _same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_a_short_run_learns_and_leaves_a_model_and_a_log(splits, tmp_path):
    run = _run(splits, tmp_path, 'steps=24', 'val_every=12', 'batch=8',
               'augmentation.enabled=false', 'optimizer.lr=0.01')
    with (tmp_path / 'log' / 'train.csv').open() as file:
        losses = [float(row['loss']) for row in csv.DictReader(file)]
    assert losses[-1] < 0.7 * losses[0]
    with (tmp_path / 'log' / 'val.csv').open() as file:
        rels = [float(row['rel']) for row in csv.DictReader(file)]
    assert rels[1] < rels[0]
    network, about = load_avs(tmp_path / 'model.pt')
    assert about['kind'] == 'avs' and about['step'] == 24
    assert about['figures']['rel'] == pytest.approx(rels[1], rel=1e-4)
    assert load_avs(tmp_path / 'best.pt')[1]['best'] == run.module.best
    assert _same(_weights(tmp_path / 'last.ckpt'), network.state_dict())


def test_a_killed_run_goes_on_to_the_same_weights(splits, tmp_path, monkeypatch):
    _run(splits, tmp_path / 'whole')
    losses = AvsModule.losses

    def killed(self, batch):
        if self.step == 3:
            raise KeyError('killed')
        return losses(self, batch)

    monkeypatch.setattr(AvsModule, 'losses', killed)
    with pytest.raises(KeyError):
        _run(splits, tmp_path / 'parts')
    monkeypatch.undo()
    assert not (tmp_path / 'parts' / 'model.pt').exists()
    assert _run(splits, tmp_path / 'parts').done_steps == 2
    whole, parts = (_weights(tmp_path / name / 'model.pt') for name in ('whole', 'parts'))
    assert _same(whole, parts)
    _run(splits, tmp_path / 'other', seed=1)
    assert not _same(whole, _weights(tmp_path / 'other' / 'model.pt'))


def test_only_rgb_trains_and_starts_from_an_earlier_model(splits, tmp_path):
    _run(splits, tmp_path / 'first', 'network.echo_branch=false')
    earlier = tmp_path / 'first' / 'model.pt'
    assert not any(name.startswith(('echo', 'fusion')) for name in _weights(earlier))
    run = AvsRun(load_avs_config('tiny', [*SHORT, 'network.echo_branch=false']), *splits,
                 tmp_path / 'next', machine=Machine('cpu'), init=earlier)
    assert _same(_weights(earlier), run.module.network.state_dict())
    with pytest.raises(CheckpointError, match='expected the same: set the sizes'):
        _run(splits, tmp_path / 'next', init=earlier)


def test_going_on_refuses_another_run(splits, tmp_path):
    _run(splits, tmp_path)
    with pytest.raises(CheckpointError, match='network.bins was 16, now 8'):
        _run(splits, tmp_path, 'network.bins=8')
    with pytest.raises(CheckpointError, match='train_samples was 192, now 64'):
        _run((splits[1], splits[1]), tmp_path)
    fresh = AvsRun(load_avs_config('tiny', [*SHORT, 'network.bins=8']), *splits, tmp_path,
                   machine=Machine('cpu'), fresh=True)
    assert fresh.done_steps == 0 and not (tmp_path / 'last.ckpt').exists()


def test_what_it_cannot_do_is_named(splits, tmp_path):
    train, val = splits
    with pytest.raises(DatasetError, match='colour'):
        _run((EchoSplit(train.waveform, train.depth), val), tmp_path)
    with pytest.raises(TrainingError, match='trains on 1'):
        AvsRun(load_avs_config('tiny', SHORT), train, val, tmp_path, machine=Machine(devices=2))


def test_what_is_mirrored_is_mirrored_in_eye_and_ear(splits):
    train, _ = splits
    indices = torch.arange(32)
    mirror = Augmentation.neutral(mirror_share=1.0)
    plain, turned = (AvsBatches(train, True, augmentation)(indices, torch.Generator())
                     for augmentation in (None, mirror))
    assert torch.equal(turned['rgb'], plain['rgb'].flip(3))
    assert torch.equal(turned['depth'], plain['depth'].flip(2))
    assert torch.equal(turned['waveform'], plain['waveform'].flip(1))
    half = Augmentation.neutral(mirror_share=0.5)
    deaf = AvsBatches(train, False, half)(indices, torch.Generator().manual_seed(0))
    assert deaf.keys() == {'rgb', 'depth'}
    flipped = [torch.equal(a, b.flip(2)) for a, b in zip(deaf['rgb'], plain['rgb'])]
    assert 4 < sum(flipped) < 28
    for index, mirrored in enumerate(flipped):
        expected = plain['depth'][index]
        assert torch.equal(deaf['depth'][index], expected.flip(1) if mirrored else expected)


def test_brightness_stays_within_its_range(splits):
    rgb = splits[0].rgb_batch(torch.arange(8))
    changed = AvsBatches(splits[0], False, Augmentation.neutral(), 0.2)(
        torch.arange(8), torch.Generator().manual_seed(0))['rgb']
    assert not torch.equal(changed, rgb) and 0 <= changed.min() and changed.max() <= 1
    assert ((changed - rgb).abs() <= 0.2 * rgb + 0.1 + 1e-6).all()


def test_batvision_trains_through_the_same_interface(tmp_path):
    root = tmp_path / 'bv2'
    (root / 'Salle' / 'camera').mkdir(parents=True)
    for split in ('train', 'val'):
        rows = write_batvision2(root, split=split, count=4)
        for number, row in enumerate(rows):
            row |= {'camera path': 'Salle/camera', 'camera file name': f'c_{number}.png'}
            Image.fromarray(colour()).save(root / 'Salle' / 'camera' / f'c_{number}.png')
        write_list(root / 'Salle' / f'{split}.csv', rows)
    opened = [open_split(root, split, progress=False) for split in ('train', 'val')]
    assert opened[0].rgb is not None
    _run(opened, tmp_path / 'run', 'steps=2', 'batch=4')
    assert load_avs(tmp_path / 'run' / 'model.pt')[1]['step'] == 2
