# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import argparse
import json

import numpy as np
import pytest
import torch

from echo_depth_ros.learning.ambient import evaluate, train
from echo_depth_ros.learning.ambient.config import AmbientConfig, FOLDER, load_ambient_config
from echo_depth_ros.learning.ambient.networks import AmbientNetwork, AmbientSizes
from echo_depth_ros.learning.ambient.objective import figures, Heard, intervals, listen
from echo_depth_ros.learning.ambient.run import AmbientRun, load_network, save_network
from echo_depth_ros.learning.training.errors import CheckpointError, ConfigError, TrainingError
from echo_depth_ros.learning.training.yaml_files import config_places

from .small import clips, write_simulated

QUICK = AmbientConfig(hear='ears', epochs=6, batch=32)


def _call(module, *arguments):
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return module.main(parser.parse_args([str(a) for a in arguments]))


@pytest.mark.parametrize(('trunk', 'channels', 'frames'), [
    ('small', 1, 96), ('small', 2, 300), ('vggish', 1, 96), ('vggish', 2, 96)])
def test_networks_answer_with_chance_and_metres(trunk, channels, frames):
    network = AmbientNetwork(AmbientSizes(trunk=trunk, channels=channels)).eval()
    with torch.no_grad():
        near, distance = network(torch.randn(2, channels, frames, 64))
    assert near.shape == distance.shape == (2,)
    assert ((near > 0) & (near < 1)).all()
    assert ((distance >= 0) & (distance <= network.config.farthest)).all()


def test_vggish_is_the_authors_and_the_small_one_is_small():
    sizes = [sum(p.numel() for p in AmbientNetwork(AmbientSizes(trunk=trunk)).trunk.parameters())
             for trunk in ('vggish', 'small')]
    assert sizes[0] == pytest.approx(72.1e6, rel=0.01) and sizes[1] < 1.5e5


def test_the_small_trunk_does_not_mind_gain():
    network = AmbientNetwork(AmbientSizes(channels=2)).eval()
    pictures = torch.randn(3, 2, 96, 64)
    with torch.no_grad():
        assert torch.allclose(network(pictures)[0], network(pictures + 1.7)[0], atol=1e-4)


@pytest.mark.parametrize('hear', ['ears', 'mono'])
def test_a_short_run_learns_what_is_there(hear):
    config = AmbientConfig(hear=hear, epochs=8, batch=32)
    run = AmbientRun(config, clips(120, hear), clips(48, hear, seed=1), seed=0)
    run.run()
    assert run.best['ap'] > 90 > run.best['chance'] + 10
    assert run.best['order_acc'] > 60


def test_the_same_seed_gives_the_same_network():
    first, second = (AmbientRun(QUICK, clips(24), clips(12, seed=1), seed=3).run()
                     for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(),
                                                 second.state_dict().values()))


def test_sgd_and_single_tasks_train():
    config = AmbientConfig(obstacle=0, order=0, distance=1, epochs=1, batch=16)
    assert 'mae' in _best(config)
    config = load_ambient_config('small', ['optimizer.name=sgd', 'epochs=1', 'order=0'])
    assert 'ap' in _best(config)


def _best(config):
    run = AmbientRun(config, clips(24), clips(12, seed=1))
    run.run()
    return run.best


def test_data_without_obstacles_is_refused():
    far = clips(12)
    far.near[:] = False
    with pytest.raises(TrainingError, match='obstacles'):
        AmbientRun(QUICK, far, far)


def test_figures_of_a_perfect_and_of_a_blind_network():
    data = clips(30)
    pairs = torch.tensor([[0, 1], [1, 0], [2, 3]])
    truth = data.distance[pairs[:, 0]] < data.distance[pairs[:, 1]]
    perfect = Heard(data.near * 2.0 - 1, data.distance, pairs, truth * 2.0 - 1)
    found = figures(perfect, data, 3.0)
    assert found['ap'] == found['acc'] == found['order_acc'] == 100
    assert found['mae'] == 0 and found['r2'] == 1
    blind = Heard(torch.zeros(60), torch.full((60,), 3.0), pairs[:0], truth[:0].float())
    found = figures(blind, data, 3.0)
    assert found['ap'] == pytest.approx(found['chance']) and found['balanced'] == 50
    assert 'order_ap' not in found


def test_intervals_are_wider_for_fewer_rooms():
    network = AmbientNetwork(AmbientSizes(channels=2)).eval()
    widths = []
    for count in (24, 240):
        data = clips(count)
        widths.append(intervals(listen(network, data), data, 3.0, draws=60)['acc'])
    assert widths[0] > widths[1] > 0


def test_models_come_back_the_same(tmp_path):
    network = AmbientNetwork(AmbientSizes(channels=2)).eval()
    save_network(tmp_path / 'model.pt', network, {'hear': 'ears'})
    again, about = load_network(tmp_path / 'model.pt')
    pictures = torch.randn(2, 2, 96, 64)
    assert about == {'hear': 'ears'}
    assert torch.equal(again(pictures)[0], network(pictures)[0])
    torch.save({'kind': 'student'}, tmp_path / 'other.pt')
    with pytest.raises(CheckpointError, match='train-ambient'):
        load_network(tmp_path / 'other.pt')


def test_commands_train_and_evaluate(tmp_path, capsys):
    write_simulated(tmp_path / 'data', rooms=4)
    out = tmp_path / 'run'
    assert _call(train, tmp_path / 'data', '--out', out, '--set', 'epochs=2', '--set', 'batch=16',
                 '--accelerator', 'cpu') == 0
    assert (out / 'log' / 'val.csv').is_file()
    said = tmp_path / 'figures.json'
    assert _call(evaluate, out / 'model.pt', tmp_path / 'data', '--json', said, '--gap', 1) == 0
    assert 'AP %' in capsys.readouterr().out
    figures_ = json.loads(said.read_text())[str(out / 'model.pt')]
    assert np.isfinite(figures_['ap']) and figures_['weights'] < 2e5


@pytest.mark.parametrize('name', sorted(p.stem for p in config_places(FOLDER)[0].glob('*.yaml')))
def test_shipped_configurations_read(name):
    assert load_ambient_config(name).to_dict()['epochs'] > 0


def test_the_papers_row_is_as_the_paper_says():
    config = load_ambient_config('vggish')
    assert (config.optimizer.name, config.optimizer.lr, config.optimizer.weight_decay) == (
        'sgd', 1e-3, 5e-4)
    assert (config.epochs, config.batch, config.gain, config.hear) == (
        100, 256, (0.5, 1.5), 'mono')


@pytest.mark.parametrize(('override', 'word'), [
    ('epochs=0', 'at least 1'), ('hear=nose', 'mono'), ('sizes.trunk=resnet', 'vggish'),
    ('epoch=3', 'epochs'), ('gain=[2, 1]', 'gain'), ('epochs', 'key=value')])
def test_wrong_values_are_named(override, word):
    with pytest.raises(ConfigError, match=word):
        load_ambient_config('small', [override])


def test_an_unknown_configuration_lists_those_there_are():
    with pytest.raises(ConfigError, match='vggish'):
        load_ambient_config('nothing')
