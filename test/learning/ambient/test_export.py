# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import argparse

import numpy as np
import onnx
import pytest
import torch

from echo_depth_ros.acoustics.ambient import log_mel
from echo_depth_ros.acoustics.errors import WindowError
from echo_depth_ros.learning.ambient import export
from echo_depth_ros.learning.ambient.networks import AmbientNetwork, AmbientSizes
from echo_depth_ros.learning.ambient.run import load_network, save_network
from echo_depth_ros.learning.export import ExportError
from echo_depth_ros.perception.ambient import AMBIENT_KEY, AmbientContract, AmbientModel
from echo_depth_ros.perception.contract import ContractError
from echo_depth_ros.perception.model import ModelError

EARS = np.random.default_rng(0).normal(0, 0.02, (2, 40000)).astype(np.float32)
EARS[0] = np.cumsum(EARS[0]) / 50


def _export(folder, hear):
    path = folder / 'model.pt'
    network = AmbientNetwork(AmbientSizes(channels=1 + (hear == 'ears')))
    save_network(path, network, {'hear': hear, 'data': 'rooms', 'run': {'near': 0.5}})
    parser = argparse.ArgumentParser()
    export.add_arguments(parser)
    assert export.main(parser.parse_args([str(path), str(folder / 'model.onnx')])) == 0
    return load_network(path)[0], folder / 'model.onnx'


@pytest.mark.parametrize('hear', ['ears', 'ear', 'mono'])
def test_a_robot_hears_what_torch_does(tmp_path, hear):
    network, path = _export(tmp_path, hear)
    model = AmbientModel(path)
    assert model.contract.hear == hear and model.contract.training_data == 'rooms'
    walls = model.listen(EARS)
    left = {'ears': EARS, 'ear': EARS[:1], 'mono': EARS.mean(axis=0, keepdims=True)}[hear]
    with torch.no_grad():
        near, distance = network(torch.from_numpy(log_mel(left))[None])
    assert walls.left == pytest.approx(near.item(), abs=1e-4)
    assert walls.left_distance == pytest.approx(distance.item(), abs=1e-3)
    swapped = model.listen(np.ascontiguousarray(EARS[::-1]))
    if hear == 'mono':
        assert walls.left == walls.right
    else:
        assert swapped.left == pytest.approx(walls.right, abs=1e-6) != walls.left


def test_networks_of_one_length_hear_several_clips(tmp_path):
    path = tmp_path / 'model.onnx'
    export.export(AmbientNetwork(), path, AmbientContract(hear='ear', any_length=False))
    model = AmbientModel(path)
    assert not model.contract.any_length
    clip = model.contract.clip
    one, two = (model.listen(EARS[:, clip * i:clip * (i + 1)]).left for i in (0, 1))
    assert model.listen(EARS[:, :2 * clip]).left == pytest.approx((one + two) / 2, abs=1e-5)


def test_too_short_or_broken_sound_is_refused(tmp_path):
    model = AmbientModel(_export(tmp_path, 'ears')[1])
    for ears in (EARS[:, :1000], EARS[0], np.full_like(EARS, np.nan)):
        with pytest.raises(WindowError):
            model.listen(ears)


@pytest.mark.parametrize(('metadata', 'word'), [
    ({}, 'export-ambient'), ({AMBIENT_KEY: 'no json'}, 'broken'),
    ({AMBIENT_KEY: '{"version": 99}'}, 'version 99'),
    ({AMBIENT_KEY: '{"version": 1}'}, 'broken'),
    (AmbientContract(hear='nose').to_metadata(), 'nose')])
def test_contracts_that_cannot_be_kept_are_refused(tmp_path, metadata, word):
    with pytest.raises(ContractError, match=word):
        AmbientContract.from_metadata(metadata)


def test_contracts_come_back_the_same():
    contract = AmbientContract(hear='ear', training_data='x', near=0.4)
    assert AmbientContract.from_metadata(contract.to_metadata()) == contract


def test_files_that_are_no_models_are_named(tmp_path):
    with pytest.raises(ModelError, match='does not exist'):
        AmbientModel(tmp_path / 'none.onnx')
    (tmp_path / 'text.onnx').write_text('no model')
    with pytest.raises(ModelError, match='cannot be loaded'):
        AmbientModel(tmp_path / 'text.onnx')


def test_a_network_without_sense_is_found_at_once(tmp_path):
    _, path = _export(tmp_path, 'ears')
    model = onnx.load(path)
    weight = model.graph.initializer[0]
    for each in model.graph.initializer:
        if len(each.dims) == 2:
            weight = each
    weight.raw_data = np.full(weight.dims, np.nan, np.float32).tobytes()
    onnx.save(model, path)
    with pytest.raises(ModelError, match='weights are broken'):
        AmbientModel(path)


def test_contract_and_network_must_agree(tmp_path):
    with pytest.raises(ExportError, match='channels'):
        export.export(AmbientNetwork(AmbientSizes(channels=2)), tmp_path / 'x.onnx',
                      AmbientContract(hear='mono'))
    assert not (tmp_path / 'x.onnx').exists()
