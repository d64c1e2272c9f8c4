# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import logging

import numpy as np
import onnxruntime as ort
import pytest

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.perception.contract import ContractError, ModelContract
from echo_depth_ros.perception.model import ModelError, odd_confidence, StudentModel


def test_returns_what_the_network_says(make_model, make_recording):
    image = np.linspace(1, 5, 128 * 128).reshape(128, 128)
    model = StudentModel(make_model(image), providers=('cpu',))
    depth, confidence = model.infer(make_recording())
    assert depth.shape == model.shape == (128, 128)
    assert depth.dtype == np.float32
    np.testing.assert_allclose(depth, image, atol=1e-3)
    assert confidence is None
    assert not model.predicts_confidence


def sure():
    return np.linspace(0, 1, 128 * 128, dtype=np.float32).reshape(128, 128)


def test_returns_how_sure_the_network_is_when_asked(make_model, make_recording):
    model = StudentModel(make_model(confidence=sure()), providers=('cpu',))
    assert model.predicts_confidence
    said = model.infer(make_recording())
    assert said.confidence.dtype == np.float32
    np.testing.assert_array_equal(said.confidence, sure())
    quick = model.infer(make_recording(), want_confidence=False)
    assert quick.confidence is None
    np.testing.assert_array_equal(quick.depth, said.depth)


def test_wrong_confidence_shape_names_both(make_model):
    with pytest.raises(ModelError, match=r'confidence of shape \(1, 64, 64\).*\(1, 128, 128\)'):
        StudentModel(make_model(confidence=np.ones((64, 64))))


def test_confidence_that_is_promised_but_not_there(make_model):
    with pytest.raises(ModelError, match="promises the output 'confidence'"):
        StudentModel(make_model(contract=ModelContract(confidence='confidence')))


@pytest.mark.parametrize('value', [np.nan, np.inf, -0.2, 1.2])
def test_network_with_impossible_confidence_is_refused_at_once(make_model, value):
    broken = sure()
    broken[3, 4] = value
    with pytest.raises(ModelError, match=rf'confidence of {value:.4g} in 1 pixels; expected 0 to'):
        StudentModel(make_model(confidence=broken))


@pytest.mark.parametrize('value, believed', [
    (0, True), (1, True), (1.0005, True), (-0.0005, True), (1.01, False), (np.nan, False)])
def test_confidence_may_miss_its_limits_by_rounding_only(value, believed):
    confidence = np.full((2, 2), value, np.float32)
    assert (odd_confidence(confidence, np.ones((2, 2))) is None) == believed
    assert odd_confidence(confidence, np.full((2, 2), np.nan)) is None


def test_batch_equals_singles(make_model, make_recording):
    model = StudentModel(make_model(confidence=sure()), providers=('cpu',))
    windows = np.stack([make_recording(seed=seed) for seed in range(3)])
    batch = model.infer_batch(windows)
    singles = [model.infer(window) for window in windows]
    np.testing.assert_array_equal(batch.depth, [single.depth for single in singles])
    np.testing.assert_array_equal(batch.confidence, [single.confidence for single in singles])


def test_carries_its_contract(make_model):
    contract = ModelContract(training_data='none at all', commit='abc')
    assert StudentModel(make_model(contract=contract)).contract == contract


def test_missing_file_says_which(tmp_path):
    with pytest.raises(ModelError, match='nowhere.onnx does not exist'):
        StudentModel(tmp_path / 'nowhere.onnx')


@pytest.mark.parametrize('content', [b'', b'\x00garbage' * 99,
                                     b'version https://git-lfs.github.com/spec/v1\n'])
def test_corrupt_file(tmp_path, content):
    path = tmp_path / 'broken.onnx'
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r'broken.onnx \(\d+ bytes\) cannot be loaded'):
        StudentModel(path)


def test_truncated_file(make_model):
    path = make_model()
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ModelError, match='cannot be loaded'):
        StudentModel(path)


def test_foreign_model_has_no_contract(make_model):
    with pytest.raises(ContractError, match="tiny.onnx: the model has no 'echo_depth_contract'"):
        StudentModel(make_model(metadata={}))


def test_model_for_other_pings_names_both_values(make_model):
    path = make_model(contract=ModelContract(sample_rate=48000))
    with pytest.raises(ContractError, match='sample_rate is 48000 in the model and 44100 here'):
        StudentModel(path, PingFormat())


def test_network_that_returns_only_nan_is_refused_at_once(make_model):
    with pytest.raises(ModelError, match='no finite depth'):
        StudentModel(make_model(np.full((128, 128), np.nan)))


def test_wrong_output_shape_names_both(make_model):
    with pytest.raises(ModelError, match=r'\(1, 64, 64\).*\(1, 128, 128\)'):
        StudentModel(make_model(np.ones((64, 64))))


def test_wrong_output_name(make_model):
    with pytest.raises(ModelError, match="promises the output 'depth'"):
        StudentModel(make_model(output='disparity'))


def test_cpu_asked_for_is_cpu_without_a_note(make_model):
    model = StudentModel(make_model(), providers=('CPUExecutionProvider',))
    assert model.active_provider == 'CPUExecutionProvider'
    assert model.provider_note is None


needs_no_cuda = pytest.mark.skipif(
    'CUDAExecutionProvider' in ort.get_available_providers(), reason='this build has CUDA')


@needs_no_cuda
def test_cuda_that_fell_back_is_said(make_model, caplog):
    with caplog.at_level(logging.WARNING):
        model = StudentModel(make_model(), providers=('cuda',))
    assert model.active_provider == 'CPUExecutionProvider'
    assert 'CUDAExecutionProvider was asked for' in model.provider_note
    assert model.provider_note in caplog.text


@needs_no_cuda
def test_strict_refuses_to_fall_back(make_model):
    with pytest.raises(ModelError, match='CUDAExecutionProvider was asked for'):
        StudentModel(make_model(), providers=('cuda', 'cpu'), strict=True)


def test_unknown_provider_lists_those_there_are(make_model):
    with pytest.raises(ModelError, match="'abacus'; choose of auto, cpu, cuda"):
        StudentModel(make_model(), providers=('abacus',))


@pytest.mark.parametrize('threads', [0, -1])
def test_no_threads_are_refused(make_model, threads):
    with pytest.raises(ModelError, match=f'threads is {threads}; expected 1 or more'):
        StudentModel(make_model(), threads=threads)
