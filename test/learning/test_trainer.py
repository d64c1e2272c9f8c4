# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
import torch

from echo_depth_ros.learning.baselines import ConstantImages
from echo_depth_ros.learning.dataset import EchoSplit
from echo_depth_ros.learning.trainer import load_network, Trainer, TrainOptions
from echo_depth_ros.perception.metrics import FigureMean

from .test_networks import TINY

SHORT = TrainOptions(epochs=1, batch=32, network=TINY, lr=4e-3)


@pytest.fixture(scope='module')
def splits(toy_data):
    return (EchoSplit.load(toy_data, 'train', progress=False),
            EchoSplit.load(toy_data, 'val', progress=False))


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _weights(trainer):
    return torch.cat([p.flatten() for p in trainer.average.parameters()])


def test_learns_more_than_a_constant_image(splits, tmp_path):
    train, val = splits
    constant = {name: FigureMean() for name in ConstantImages.fit(train).images()}
    for name, image in ConstantImages.fit(train).images().items():
        for index in range(len(val)):
            constant[name].add(image, val.depth_metres(index))
    best = min(figures.mean.rel for figures in constant.values())
    trainer = Trainer(replace(SHORT, epochs=20), train, val, tmp_path)
    figures = trainer.run()
    assert figures.rel < 0.75 * best


def test_same_seed_same_weights(splits, tmp_path):
    runs = []
    for name, seed in (('a', 1), ('b', 1), ('c', 2)):
        trainer = Trainer(replace(SHORT, seed=seed), *splits, tmp_path / name)
        trainer.run()
        runs.append(_weights(trainer))
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


def test_resuming_equals_never_having_stopped(splits, tmp_path):
    options = replace(SHORT, epochs=2)
    whole = Trainer(options, *splits, tmp_path / 'whole')
    whole.run()

    stopped = Trainer(options, *splits, tmp_path / 'stopped')
    for _, indices in zip(range(4), stopped._rest_of_epoch()):
        stopped._train_step(indices)
    stopped.out.mkdir()
    stopped.save(stopped.out / 'last.pt')
    resumed = Trainer(options, *splits, tmp_path / 'stopped')
    resumed.resume(stopped.out / 'last.pt')
    resumed.run()
    assert resumed.step == whole.step
    torch.testing.assert_close(_weights(resumed), _weights(whole))


def test_leaves_a_log_and_checkpoints_that_load(splits, tmp_path):
    trainer = Trainer(SHORT, *splits, tmp_path)
    trainer.run()
    lines = (tmp_path / 'log.csv').read_text().splitlines()
    assert lines[0].startswith('epoch,step') and len(lines) == 2
    network, about = load_network(tmp_path / 'best.pt')
    assert about['step'] == trainer.step
    waveform, _ = splits[1].batch(torch.arange(2))
    torch.testing.assert_close(network(waveform), trainer.average(waveform),
                               rtol=2e-2, atol=1e-2)


def test_time_budget_ends_the_run(splits, tmp_path):
    trainer = Trainer(replace(SHORT, epochs=10_000, max_minutes=1e-6), *splits, tmp_path)
    trainer.run()
    assert trainer.step == 1


def test_resume_refuses_another_network_and_other_data(splits, tmp_path):
    train, val = splits
    trainer = Trainer(SHORT, train, val, tmp_path)
    trainer.save(tmp_path / 'last.pt')
    other = replace(SHORT, network=replace(TINY, code=16))
    with pytest.raises(ValueError, match='code=16'):
        Trainer(other, train, val, tmp_path).resume(tmp_path / 'last.pt')
    with pytest.raises(ValueError, match='192 samples'):
        Trainer(SHORT, val, val, tmp_path).resume(tmp_path / 'last.pt')


def test_what_is_no_checkpoint_is_named(tmp_path):
    path = tmp_path / 'x.pt'
    path.write_bytes(b'hello')
    with pytest.raises(ValueError, match='x.pt is no checkpoint'):
        load_network(path)
