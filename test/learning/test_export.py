# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import onnx
import pytest
import torch
from torch import nn

from echo_depth_ros.cli import main
from echo_depth_ros.learning import export as export_module
from echo_depth_ros.learning.data.recordings import write_recordings
from echo_depth_ros.learning.export import export, ExportError
from echo_depth_ros.learning.networks.batvision_unet import BatVisionUNet
from echo_depth_ros.learning.networks.echonet import EchoNet
from echo_depth_ros.learning.networks.student import EchoStudent, StudentConfig
from echo_depth_ros.learning.networks.teacher import RgbTeacher
from echo_depth_ros.learning.training.checkpoint import save_model
from echo_depth_ros.perception.model import StudentModel

from .toy import make_room

TINY = StudentConfig(encoder=(4, 6, 8, 8), decoder=(16, 8, 6, 4), links=(4, 4, 0), squeeze=4,
                     code=16)


@pytest.fixture
def student():
    """Student whose heads say something, as trained ones do."""
    torch.manual_seed(1)
    student = EchoStudent(TINY).eval()
    for head in (student.head, student.scale):
        nn.init.normal_(head.weight, std=5.0)
    return student


@pytest.fixture(scope='module')
def windows():
    return make_room(2, 3)['waveform'] / np.float32(32767)


def test_file_runs_and_answers_as_torch_does(student, windows, tmp_path):
    done = export(student, tmp_path / 'm.onnx', 'toy rooms', 'abc', windows,
                  calibration='toy windows')
    assert done.depth < 1e-4 and done.confidence < 1e-4
    assert done.megabytes == pytest.approx((tmp_path / 'm.onnx').stat().st_size / 1e6)
    model = StudentModel(tmp_path / 'm.onnx', providers=('cpu',))
    assert model.predicts_confidence
    with torch.no_grad():
        depth, confidence = (image.numpy() for image in student(torch.from_numpy(windows)))
    assert np.ptp(confidence) > 0.01
    for window, *expected in zip(windows, depth, confidence):
        said = model.infer(window)
        np.testing.assert_allclose(said.depth, expected[0], rtol=1e-3)
        np.testing.assert_allclose(said.confidence, expected[1], atol=1e-3)
    np.testing.assert_allclose(model.infer_batch(windows).depth, depth, rtol=1e-3)
    contract = model.contract
    assert (contract.training_data, contract.commit) == ('toy rooms', 'abc')
    assert (contract.confidence, contract.calibration) == ('confidence', 'toy windows')
    assert (contract.depth_min, contract.depth_max) == (TINY.depth_min, TINY.depth_max)


def test_calibration_is_inside_the_file(student, windows, tmp_path):
    export(student, tmp_path / 'raw.onnx', 'toy rooms')
    student.set_calibration(0.5, 1.0)
    export(student, tmp_path / 'bent.onnx', 'toy rooms')
    raw, bent = (StudentModel(tmp_path / f'{name}.onnx', providers=('cpu',)).infer(windows[0])
                 for name in ('raw', 'bent'))
    np.testing.assert_array_equal(raw.depth, bent.depth)
    log_scale = np.log(-np.log(1.25) / np.log1p(-raw.confidence.astype(float)))
    expected = 1 - np.exp(-np.log(1.25) / np.exp(0.5 * log_scale + 1.0))
    np.testing.assert_allclose(bent.confidence, expected, atol=1e-4)


def test_file_is_plain_opset_17_with_the_spectrogram_as_a_convolution(student, tmp_path):
    export(student, tmp_path / 'm.onnx', 'toy rooms')
    model = onnx.load(tmp_path / 'm.onnx')
    assert [entry.version for entry in model.opset_import] == [17]
    assert [output.name for output in model.graph.output] == ['depth', 'confidence']
    batch = [port.type.tensor_type.shape.dim[0].dim_param
             for port in (*model.graph.input, *model.graph.output)]
    assert batch == ['N', 'N', 'N']
    operators = {node.op_type for node in model.graph.node}
    assert 'Conv' in operators
    assert not operators & {'STFT', 'DFT', 'Loop', 'If'}
    assert {node.domain for node in model.graph.node} == {''}


def test_material_decoder_stays_at_home(student, tmp_path):
    """It is for training only; no weight of it may weigh the file down."""
    export(student, tmp_path / 'm.onnx', 'toy rooms')
    names = {tensor.name for tensor in onnx.load(tmp_path / 'm.onnx').graph.initializer}
    assert names and not any('material' in name for name in names)


def test_default_student_is_small_enough(tmp_path):
    done = export(EchoStudent(), tmp_path / 'm.onnx', 'nothing')
    assert done.megabytes <= 12


def test_too_large_or_wrong_files_are_not_written(student, tmp_path, monkeypatch):
    monkeypatch.setattr(export_module, 'MAX_MEGABYTES', 0.01)
    with pytest.raises(ExportError, match='at most 0.01 MB'):
        export(student, tmp_path / 'm.onnx', 'toy rooms')
    monkeypatch.undo()
    monkeypatch.setattr(export_module, 'TOLERANCE', -1.0)
    with pytest.raises(ExportError, match='differ in depth'):
        export(student, tmp_path / 'm.onnx', 'toy rooms')
    assert not (tmp_path / 'm.onnx').exists()


def test_confidence_that_onnx_computes_otherwise_is_named(student, tmp_path, monkeypatch):
    outputs = export_module._outputs
    monkeypatch.setattr(export_module, '_outputs', lambda *a: [
        image + 0.01 * (index == 1) for index, image in enumerate(outputs(*a))])
    with pytest.raises(ExportError, match='differ in confidence by 1.0% of full scale'):
        export(student, tmp_path / 'm.onnx', 'toy rooms')


class Overflows(nn.Module):
    """Answers loud windows with NaN."""

    def forward(self, waveform):
        far = (100 * waveform.abs().amax((1, 2), keepdim=True)).exp().expand(-1, 8, 8)
        return far / far * 2


def test_network_that_answers_real_windows_with_nan_is_refused(tmp_path):
    with pytest.raises(ExportError, match='differ in depth by nan'):
        export(Overflows(), tmp_path / 'm.onnx', 'nothing', windows=np.ones((1, 2, 3197)))
    assert not (tmp_path / 'm.onnx').exists()


class Odd(nn.Module):
    def forward(self, waveform):
        return waveform.mean((1, 2))


class RoundsUp(nn.Module):
    """Divides a negative size, which ONNX rounds the other way: 199 columns, not 200."""

    def forward(self, waveform):
        columns = -(-waveform.shape[2] // 16)
        padded = nn.functional.pad(waveform, (0, 16 * columns - waveform.shape[2]))
        return padded.mean(1).reshape(-1, 16, columns)


def test_file_that_answers_in_another_shape_is_named(tmp_path):
    with pytest.raises(ExportError, match=r'\(3, 16, 199\)\].*expected \[\(3, 16, 200\)'):
        export(RoundsUp(), tmp_path / 'm.onnx', 'nothing')


def test_network_that_draws_no_image_is_named(tmp_path):
    with pytest.raises(ExportError, match=r'answers with \[\(1,\)\].*expected depth'):
        export(Odd(), tmp_path / 'm.onnx', 'nothing')


@pytest.fixture
def small_baseline(monkeypatch):
    """Return a function that makes a baseline with few channels."""
    def make(kind):
        monkeypatch.setattr(EchoNet, 'CODE', 16)
        monkeypatch.setattr(EchoNet, 'ENCODER', ((4, 8, 4), (4, 4, 2), (2, 3, 1)))
        monkeypatch.setattr(EchoNet, 'DECODER', (8, 8, 8, 4, 4, 4))
        monkeypatch.setattr(BatVisionUNet, 'WIDTHS', (4,) * 8)
        torch.manual_seed(2)
        return {'batvision_unet': BatVisionUNet, 'echonet': EchoNet}[kind]().eval()
    return make


@pytest.mark.parametrize('kind', ['batvision_unet', 'echonet'])
def test_baselines_go_through_the_same_chain(small_baseline, kind, toy_data, tmp_path, monkeypatch,
                                             capsys):
    network = small_baseline(kind)
    monkeypatch.setattr(export_module, 'MAX_MEGABYTES', 0.0)  # the limit is for students
    save_model(tmp_path / 'model.pt', kind, network, {'step': 1})
    path = tmp_path / 'm.onnx'
    assert main(['export', str(tmp_path / 'model.pt'), str(path), '--data', str(toy_data)]) == 0
    assert 'confidence' not in capsys.readouterr().out
    model = StudentModel(path, providers=('cpu',))
    assert not model.predicts_confidence
    window = make_room(4, 1)['waveform'] / np.float32(32767)
    with torch.no_grad():
        expected = network(torch.from_numpy(window)).numpy()
    said = model.infer_batch(window)
    np.testing.assert_allclose(said.depth, expected, rtol=1e-3)
    assert said.confidence is None


def test_command_calibrates_on_validation_windows_and_says_so(student, toy_data, tmp_path, capsys):
    save_model(tmp_path / 'model.pt', 'student', student, {'step': 7})
    path = tmp_path / 'm.onnx'
    assert main(['export', str(tmp_path / 'model.pt'), str(path), '--data', str(toy_data),
                 '--training-data', 'toys']) == 0
    said = capsys.readouterr().out
    assert 'MB (at most 12)' in said and 'in confidence' in said
    assert f'calibrated on validation windows of {toy_data.name} (slope' in said
    contract = StudentModel(path, providers=('cpu',)).contract
    assert contract.calibration.startswith(f'validation windows of {toy_data.name} (slope')
    assert contract.training_data == 'toys'


def test_command_without_data_says_that_confidence_is_not_calibrated(student, tmp_path, capsys):
    save_model(tmp_path / 'model.pt', 'student', student, {'step': 7})
    path = tmp_path / 'm.onnx'
    assert main(['export', str(tmp_path / 'model.pt'), str(path)]) == 0
    assert 'not calibrated' in capsys.readouterr().out
    assert StudentModel(path, providers=('cpu',)).contract.calibration == ''


def test_command_names_what_it_cannot_export(tmp_path, capsys):
    save_model(tmp_path / 'teacher.pt', 'teacher_depth', RgbTeacher('depth'), {'step': 7})
    for name, says in (('teacher.pt', 'vision teacher'), ('gone.pt', 'gone.pt')):
        assert main(['export', str(tmp_path / name), str(tmp_path / 'm.onnx')]) != 0
        assert says in capsys.readouterr().err
    assert not (tmp_path / 'm.onnx').exists()


def exported(checkpoint, path, *words):
    assert main(['export', str(checkpoint), str(path), *map(str, words)]) == 0
    contract = StudentModel(path, providers=('cpu',)).contract
    return contract.training_data, contract.hfov_deg, contract.vfov_deg


def test_contract_tells_what_the_data_say_of_themselves(student, tmp_path):
    save_model(tmp_path / 'model.pt', 'student', student, {'step': 7})
    room = make_room(3, 4)
    depth = room['depth'] / np.float32(1000)
    write_recordings(tmp_path / 'attic' / 'val' / 'one.npz', room['waveform'], depth,
                     aligned=True, camera={'hfov_deg': 87.0, 'vfov_deg': 58.0})
    model, path = tmp_path / 'model.pt', tmp_path / 'm.onnx'
    assert exported(model, path) == ('not stated', 90, 90)
    assert exported(model, path, '--hfov', 70) == ('not stated', 70, 90)
    data = ('--data', tmp_path / 'attic')
    assert exported(model, path, *data) == ('recordings: attic', 87, 58)
    assert exported(model, path, *data, '--vfov', '60', '--training-data', 'my attic') == (
        'my attic', 87, 60)


def test_a_field_of_view_that_no_camera_has_is_refused(student, tmp_path, capsys):
    save_model(tmp_path / 'model.pt', 'student', student, {'step': 7})
    assert main(['export', str(tmp_path / 'model.pt'), str(tmp_path / 'm.onnx'), '--vfov', '180'])
    assert 'vfov_deg is 180.0; expected degrees between 0 and 180' in capsys.readouterr().err
    assert not (tmp_path / 'm.onnx').exists()
