# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
from onnx import helper, numpy_helper, TensorProto
import pytest


@pytest.fixture
def inference(script):
    return script('inference')


def test_parameters_are_weights_not_shapes_nor_scales(inference):
    arrays = {'a': np.zeros((3, 4), np.float32), 'b': np.zeros(5, np.float16),
              'c': np.zeros((2, 2), np.int8), 'shape': np.zeros(7, np.int64),
              'c_scale': np.zeros(2, np.float32), 'c_zero_point': np.zeros(2, np.int8)}
    weights = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    value = helper.make_tensor_value_info('x', TensorProto.FLOAT, [1])
    model = helper.make_model(helper.make_graph([], 'g', [value], [value], weights))
    assert inference.count_parameters(model) == 12 + 5 + 4


def test_peers_are_exported_and_timed(inference, tmp_path):
    path = tmp_path / 'peer.onnx'
    inference.write(inference.PEERS['EchoNet'](), path)
    session = inference.open_session(path, threads=1)
    times = inference.time_in_turn({'peer': session}, rounds=3)
    assert times['peer'].shape == (3,)
    assert (times['peer'] > 0).all()
    assert session.get_outputs()[0].shape == [1, 128, 128]
