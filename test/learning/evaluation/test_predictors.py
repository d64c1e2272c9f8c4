# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch
from torch import nn

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.learning.data import open_split
from echo_depth_ros.learning.evaluation.predictors import (
    NetworkPredictor,
    open_predictor,
    PredictorError,
)


@pytest.fixture(scope='module')
def split(toy_data):
    return open_split(toy_data, 'test', progress=False)


def test_onnx_and_checkpoint_agree(onnx_file, checkpoint, split):
    indices = torch.tensor([5, 0, 31])
    live, batched = (open_predictor(path).predict(split, indices)
                     for path in (onnx_file, checkpoint))
    assert live.depth.shape == batched.depth.shape == (3, 128, 128)
    np.testing.assert_allclose(live.depth, batched.depth, rtol=2e-3)
    np.testing.assert_allclose(live.confidence, batched.confidence, atol=5e-3)
    assert not live.refused.any() and not batched.refused.any()


def test_the_chain_refuses_what_the_node_would(onnx_file, split):
    waveform, depth = split.waveform.clone(), split.depth
    waveform[1] = 0
    answer = open_predictor(onnx_file).predict(type(split)(waveform, depth), torch.arange(3))
    assert answer.refused.tolist() == [False, True, False]
    assert np.isnan(answer.depth[1]).all() and np.isfinite(answer.depth[0]).all()


def test_networks_without_confidence(split):
    class Flat(nn.Module):
        def forward(self, waveform):
            return torch.full((len(waveform), 128, 128), 2.5)
    answer = NetworkPredictor(Flat()).predict(split, torch.arange(4))
    assert (answer.depth == 2.5).all() and answer.confidence is None


def test_a_depth_teacher_sees_colour(teachers, split):
    answer = open_predictor(teachers['depth']).predict(split, torch.arange(2))
    assert answer.depth.shape == (2, 128, 128) and (answer.depth > 0).all()
    with pytest.raises(EchoDepthError, match='no colour'):
        open_predictor(teachers['depth']).predict(
            type(split)(split.waveform, split.depth), torch.arange(2))


def test_what_cannot_be_judged_is_explained(teachers, tmp_path):
    with pytest.raises(PredictorError, match='tells material, not depth'):
        open_predictor(teachers['material'])
    with pytest.raises(PredictorError, match='none.pt does not exist'):
        open_predictor(tmp_path / 'none.pt')
    (tmp_path / 'x.pt').write_bytes(b'hello')
    with pytest.raises(EchoDepthError, match='x.pt is no checkpoint'):
        open_predictor(tmp_path / 'x.pt')
    (tmp_path / 'x.onnx').write_bytes(b'hello')
    with pytest.raises(EchoDepthError, match='cannot be loaded'):
        open_predictor(tmp_path / 'x.onnx')
