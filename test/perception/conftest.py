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


def write_model(path, image, contract=None, metadata=None, output='depth', confidence=None):
    """
    Write a model that answers with ``image`` plus the mean of the waveform, always near 0.

    With ``confidence`` it also answers with that image, exactly.
    """
    contract = contract or ModelContract(confidence='' if confidence is None else 'confidence')
    images = {output: (image, 'mean')}
    if confidence is not None:
        images['confidence'] = (confidence, 'nothing')
    nodes = [helper.make_node('ReduceMean', ['waveform'], ['mean'], axes=[1, 2], keepdims=1),
             helper.make_node('Mul', ['mean', 'zero'], ['nothing'])]
    nodes += [helper.make_node('Add', [plus, f'{name} image'], [name])
              for name, (_, plus) in images.items()]
    graph = helper.make_graph(
        nodes, 'student',
        [helper.make_tensor_value_info('waveform', TensorProto.FLOAT, ['N', 2, FMT.window])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ['N', None, None])
         for name in images],
        [numpy_helper.from_array(np.zeros(1, np.float32), 'zero'),
         *(numpy_helper.from_array(np.asarray(values, np.float32)[np.newaxis], f'{name} image')
           for name, (values, _) in images.items())])
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
