# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import argparse

import pytest
import torch

from echo_depth_ros.learning.ambient import probe as command
from echo_depth_ros.learning.ambient.networks import AmbientSizes
from echo_depth_ros.learning.ambient.selfsupervised import (
    AudioVisual,
    judge,
    pretrain,
    probe,
    SelfSupervision,
)
from echo_depth_ros.learning.data.errors import DatasetError
from echo_depth_ros.learning.training.errors import TrainingError

from .small import clips, write_simulated

SIZES = AmbientSizes(hidden=32, embedding=32, dropout=0.0)


@pytest.mark.parametrize('task', ['order', 'sync'])
def test_sound_and_sight_are_matched(task):
    train, test = (clips(count, 'mono', seed, images=True) for count, seed in ((150, 0), (60, 1)))
    network = pretrain(task, train, SIZES, how=SelfSupervision(epochs=8, batch=32, lr=3e-3))
    assert judge(network, test)['ap'] > 60
    found = probe(network.ear, train, test)
    assert found['ap'] > 80 and found['order_acc'] > 55


def test_order_answers_swap_with_its_pairs():
    network = AudioVisual('order', SIZES).eval()
    sounds = torch.randn(2, 3, 1, 96, 64).unbind()
    images = torch.rand(2, 3, 3, 32, 32).unbind()
    with torch.no_grad():
        answer = network(sounds, images)
        swapped = network(sounds[::-1], images)
    assert answer.shape == (3, 4)
    assert torch.allclose(answer, swapped[:, [1, 0, 3, 2]], atol=1e-5)


def test_probes_are_the_same_for_the_same_features():
    data = clips(36, 'mono', images=True)
    ear = AudioVisual('sync', SIZES).ear
    assert probe(ear, data, data) == probe(ear, data, data)


def test_without_images_or_with_another_task_it_says_so():
    with pytest.raises(DatasetError, match='--images'):
        pretrain('order', clips(12, 'mono'), SIZES)
    with pytest.raises(TrainingError, match='sync'):
        AudioVisual('smell', SIZES)


def test_the_command_prints_both_probes(tmp_path, capsys):
    write_simulated(tmp_path)
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert command.main(parser.parse_args(
        [str(tmp_path), '--epochs', '1', '--out', str(tmp_path / 'out')])) == 0
    said = capsys.readouterr().out
    assert 'fresh weights' in said and (tmp_path / 'out' / 'model.pt').is_file()
