# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import onnx
import pytest
import torch

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.avs import export as export_module
from echo_depth_ros.learning.avs.export import export
from echo_depth_ros.learning.data.view import FieldOfView
from echo_depth_ros.learning.export import ExportError
from echo_depth_ros.learning.half_weights import halve_weights
from echo_depth_ros.perception.avs_contract import AVS_KEY, AvsContract
from echo_depth_ros.perception.avs_model import AvsModel
from echo_depth_ros.perception.contract import ContractError
from echo_depth_ros.perception.model import ModelError, StudentModel

from .small import senses, tiny


@pytest.fixture(scope='module', params=[True, False])
def exported(request, tmp_path_factory):
    """Return a network and its file, with and without the echo branch."""
    network = tiny(echo_branch=request.param)
    path = tmp_path_factory.mktemp('avs') / 'm.onnx'
    done = export(network, path, 'toy rooms', 'abc', senses(2, (48, 96)), view=FieldOfView(80, 60))
    assert done.difference < 1e-3 and done.megabytes == path.stat().st_size / 1e6
    return network, path


def test_the_file_answers_as_torch_does(exported):
    network, path = exported
    model = AvsModel(path, threads=1)
    rgb, windows = senses(5, seed=3)
    with torch.no_grad():
        expected = network(rgb, windows).numpy()
    found = model.infer_batch(rgb.numpy(), windows.numpy())
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    assert np.ptp(expected) > 0.01


def test_images_of_another_size_are_resized(exported):
    _, path = exported
    model = AvsModel(path, threads=1)
    picture = np.random.default_rng(0).integers(0, 255, (4, 8, 3)).astype(np.uint8)
    window = senses()[1][0].numpy()
    large = model.infer(picture.repeat(16, 0).repeat(16, 1), window)
    small = model.infer(picture.repeat(8, 0).repeat(8, 1), window)
    assert large.shape == small.shape == (32, 64)
    np.testing.assert_allclose(large, small, rtol=0.2)


def test_the_contract_says_what_it_is(exported):
    network, path = exported
    contract = AvsModel(path, threads=1).contract
    assert contract.echo_branch == network.config.echo_branch
    assert contract.inputs == (('rgb', 'waveform') if contract.echo_branch else ('rgb',))
    assert (contract.height, contract.width) == (32, 64)
    assert (contract.hfov_deg, contract.vfov_deg) == (80, 60)
    assert (contract.training_data, contract.commit) == ('toy rooms', 'abc')
    assert contract.window == PingFormat().window and contract.visual == 'small'


def test_the_whole_network_is_plain_opset_17(exported):
    model = onnx.load(exported[1])
    assert [entry.version for entry in model.opset_import] == [17]
    assert not {node.op_type for node in model.graph.node} & {'STFT', 'DFT', 'Loop', 'If'}
    batch = [port.type.tensor_type.shape.dim[0].dim_param
             for port in (*model.graph.input, *model.graph.output)]
    assert set(batch) == {'N'}


def test_it_is_no_student_and_a_student_is_none(exported):
    with pytest.raises(ContractError, match='not one of'):
        StudentModel(exported[1], providers=('cpu',))
    with pytest.raises(ContractError, match='export-avs'):
        AvsContract.from_metadata({'echo_depth_contract': '{}'})


@pytest.mark.parametrize(('change', 'word'), [
    ({'version': 7}, 'version 7'), ({'echo_branch': 'yes'}, 'true or false'),
    ({'rgb': 'depth'}, 'names the waveform or the depth'), ({'height': -1}, 'height')])
def test_broken_contracts_are_named(change, word):
    values = json.loads(AvsContract().to_metadata()[AVS_KEY]) | change
    with pytest.raises(ContractError, match=word):
        AvsContract.from_metadata({AVS_KEY: json.dumps(values)})


def test_other_pings_are_refused_by_those_who_listen(exported):
    network, path = exported
    other = PingFormat(sample_rate=48000)
    if network.config.echo_branch:
        with pytest.raises(ContractError, match='sample_rate'):
            AvsModel(path, other, threads=1)
        with pytest.raises(ModelError, match='no window'):
            AvsModel(path, threads=1).infer(np.zeros((32, 64, 3), np.uint8))
    else:
        grey = np.zeros((32, 64, 3), np.uint8)
        assert AvsModel(path, other, threads=1).infer(grey).shape == (32, 64)


def test_files_that_are_missing_or_no_onnx_are_named(tmp_path):
    with pytest.raises(ModelError, match='does not exist'):
        AvsModel(tmp_path / 'm.onnx')
    (tmp_path / 'm.onnx').write_bytes(b'no')
    with pytest.raises(ModelError, match='cannot be loaded'):
        AvsModel(tmp_path / 'm.onnx')


def test_a_file_that_answers_otherwise_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(export_module, 'TOLERANCE', -1.0)
    with pytest.raises(ExportError, match='differ by'):
        export(tiny(), tmp_path / 'm.onnx', 'nothing')
    assert not (tmp_path / 'm.onnx').exists()


def test_a_network_that_answers_with_nan_is_not_written(tmp_path):
    network = tiny()
    with torch.no_grad():
        network.visual.bottleneck[1].weight.fill_(torch.nan)
    with pytest.raises(ExportError, match='differ by nan'):
        export(network, tmp_path / 'm.onnx', 'nothing')
    assert not (tmp_path / 'm.onnx').exists()


def test_weights_in_16_bits_take_half_the_room_and_hardly_change_the_depth(tmp_path):
    network = tiny(echo_widths=(32, 32, 64, 64))
    whole, half = (export(network, tmp_path / f'{name}.onnx', 'toy rooms', half=name == 'half')
                   for name in ('whole', 'half'))
    assert half.megabytes < 0.7 * whole.megabytes
    assert whole.difference < half.difference < 2e-3
    kept = onnx.load(tmp_path / 'half.onnx').graph.initializer
    assert all(tensor.data_type != onnx.TensorProto.FLOAT or np.prod(tensor.dims) < 1024
               for tensor in kept)


def test_weights_that_16_bits_cannot_hold_are_named():
    large = onnx.numpy_helper.from_array(np.full(2000, 1e6, np.float32), 'layer')
    graph = onnx.helper.make_graph([], 'g', [], [], [large])
    with pytest.raises(ValueError, match='layer holds 1e\\+06'):
        halve_weights(onnx.helper.make_model(graph))
