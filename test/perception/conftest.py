# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Students that were never trained: tiny ONNX graphs with known answers."""

import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto
import pytest

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.perception.contract import ModelContract

FMT = PingFormat()


def write_model(path, image, contract=ModelContract(), metadata=None, output='depth'):
    """Write a model that answers with ``image`` plus the mean of the waveform, always near 0."""
    image = np.asarray(image, np.float32)[np.newaxis]
    graph = helper.make_graph(
        [helper.make_node('ReduceMean', ['waveform'], ['mean'], axes=[1, 2], keepdims=1),
         helper.make_node('Add', ['mean', 'image'], [output])],
        'student',
        [helper.make_tensor_value_info('waveform', TensorProto.FLOAT, ['N', 2, FMT.window])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ['N', None, None])],
        [numpy_helper.from_array(image, 'image')])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    helper.set_model_props(model, contract.to_metadata() if metadata is None else metadata)
    onnx.save(model, path)
    return path


@pytest.fixture
def make_model(tmp_path):
    """Return a function that writes a tiny student and returns its path."""
    def make(image=None, name='tiny.onnx', **others):
        image = ramp() if image is None else image
        return write_model(tmp_path / name, image, **others)
    return make


@pytest.fixture(scope='session')
def make_recording():
    """Return a function that makes a recording: a direct sound, echoes of it, faint noise."""
    return ping


def ramp():
    """Depth from 1 m at the top to 13 m at the bottom: the lowest rows lie beyond 12 m."""
    return np.repeat(np.linspace(1, 13, 128)[:, None], 128, axis=1)


def ping(direct=64, samples=FMT.window, gain=0.3, echoes=((2.0, 0.4),), noise=1e-3, seed=0):
    """Make a (2, samples) recording: a chirp at ``direct``, echoes (range in m, gain) after it."""
    recording = np.random.default_rng(seed).normal(0, noise, (2, samples)).astype(np.float32)
    chirp = linear_chirp(FMT)
    arrivals = [(direct, gain)]
    arrivals += [(direct + round(FMT.range_to_samples(r)), g) for r, g in echoes]
    for at, strength in arrivals:
        recording[:, at:at + chirp.size] += strength * chirp[:samples - at]
    return recording
