# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import onnx
import pytest
import torch

from echo_depth_ros.learning import export as export_module
from echo_depth_ros.learning.export import export, ExportError
from echo_depth_ros.learning.networks import EchoUNet
from echo_depth_ros.perception.model import StudentModel

from .test_networks import TINY
from .toy import make_room


@pytest.fixture
def network():
    torch.manual_seed(1)
    return EchoUNet(TINY).eval()


def test_file_runs_and_answers_as_torch_does(network, tmp_path):
    windows = make_room(2, 3)['waveform'] / np.float32(32767)
    difference = export(network, tmp_path / 'm.onnx', 'toy rooms', 'abc', windows)
    assert difference < 1e-4
    model = StudentModel(tmp_path / 'm.onnx')
    with torch.no_grad():
        expected = network(torch.from_numpy(windows)).numpy()
    for window, depth in zip(windows, expected):
        np.testing.assert_allclose(model.infer(window), depth, rtol=1e-3)
    assert model.contract.training_data == 'toy rooms'
    assert model.contract.commit == 'abc'
    assert model.contract.depth_max == 12


def test_file_is_plain_opset_17_with_the_spectrogram_as_a_convolution(network, tmp_path):
    export(network, tmp_path / 'm.onnx', 'toy rooms')
    model = onnx.load(tmp_path / 'm.onnx')
    assert [entry.version for entry in model.opset_import] == [17]
    operators = {node.op_type for node in model.graph.node}
    assert 'Conv' in operators
    assert not operators & {'STFT', 'DFT', 'Loop', 'If'}
    assert {node.domain for node in model.graph.node} == {''}


def test_too_large_or_wrong_files_are_not_written(network, tmp_path, monkeypatch):
    monkeypatch.setattr(export_module, 'MAX_MEGABYTES', 0.01)
    with pytest.raises(ExportError, match='at most 0.01 MB'):
        export(network, tmp_path / 'm.onnx', 'toy rooms')
    monkeypatch.undo()
    monkeypatch.setattr(export_module, 'TOLERANCE', -1.0)
    with pytest.raises(ExportError, match='differ'):
        export(network, tmp_path / 'm.onnx', 'toy rooms')
    assert not (tmp_path / 'm.onnx').exists()
