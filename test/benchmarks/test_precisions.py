# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import onnx
from onnx import helper, TensorProto
import pytest
import torch
from torch import nn

from echo_depth_ros.learning.export import export
from echo_depth_ros.learning.networks.student import EchoStudent, StudentConfig
from echo_depth_ros.perception.model import StudentModel

TINY = StudentConfig(encoder=(4, 6, 8, 8), decoder=(16, 8, 6, 4), links=(4, 4, 0), squeeze=4,
                     code=16)
WINDOWS = np.random.default_rng(0).normal(0, 0.05, (8, 2, 3197)).astype(np.float32)


@pytest.fixture(scope='module')
def precisions(script):
    return script('precisions')


@pytest.fixture(scope='module')
def files(precisions, tmp_path_factory):
    """Variants of a tiny student whose heads say something, as trained ones do."""
    torch.manual_seed(1)
    network = EchoStudent(TINY).eval()
    for head in (network.head, network.scale):
        nn.init.normal_(head.weight, std=5.0)
    folder = tmp_path_factory.mktemp('variants')
    export(network, folder / 'student.onnx', 'nothing')
    return precisions.make_variants(folder / 'student.onnx', folder, WINDOWS)


def test_every_variant_is_a_student_like_the_first(files):
    assert list(files) == ['float32', 'fp16', 'int8 static', 'int8 dynamic']
    models = {name: StudentModel(path) for name, path in files.items()}
    assert len({model.contract for model in models.values()}) == 1
    expected = models['float32'].infer_batch(WINDOWS)
    assert np.ptp(expected.depth) > 0.1
    assert np.ptp(expected.confidence) > 0.01
    for name, most in (('fp16', 0.01), ('int8 static', 0.2), ('int8 dynamic', 0.2)):
        said = models[name].infer_batch(WINDOWS)
        change = np.mean(np.abs(said.depth / expected.depth - 1))
        assert 0 < change < most, name
        assert np.mean(np.abs(said.confidence - expected.confidence)) < most, name


def test_float16_leaves_the_spectrogram_and_the_waveform_alone(files):
    path = files['fp16']
    model = onnx.load(path)
    half = {weight.name for weight in model.graph.initializer
            if weight.data_type == TensorProto.FLOAT16}
    first = next(node for node in model.graph.node if node.op_type == 'Conv')
    last = [node for node in model.graph.node if node.op_type == 'Conv'][-1]
    assert not half & set(first.input)
    assert half & set(last.input)
    casts = [node for node in model.graph.node
             if node.op_type == 'Cast' and node.attribute[0].i == TensorProto.FLOAT16]
    assert not [node for node in casts if 'waveform' in node.input]
    # Half precision would round this to silence.
    model = StudentModel(path)
    loud = model.infer_batch(WINDOWS).depth
    faint = model.infer_batch(WINDOWS * np.float32(1e-4)).depth
    np.testing.assert_allclose(faint, loud, rtol=1e-2)


def test_no_variant_of_a_variant(precisions, files, tmp_path):
    for name in ('fp16', 'int8 static'):
        with pytest.raises(ValueError, match='float32'):
            precisions.make_variants(files[name], tmp_path, WINDOWS)


def test_front_and_end_stay_in_float32(precisions):
    steps = [('Mul', 'x x', 'a'), ('Log', 'a', 'b'), ('Conv', 'b w', 'c'), ('Relu', 'c', 'd'),
             ('Gemm', 'd w', 'e'), ('Exp', 'e', 'y'), ('Neg', 'd', 'z')]
    nodes = [helper.make_node(kind, inputs.split(), [output], name=kind)
             for kind, inputs, output in steps]
    graph = helper.make_graph(nodes, 'g', [], [])
    assert precisions.float32_nodes(graph) == ['Mul', 'Log', 'Exp', 'Neg']


def test_a_graph_without_a_logarithm_is_refused(precisions):
    graph = helper.make_graph([helper.make_node('Relu', ['x'], ['y'], name='r')], 'g', [], [])
    with pytest.raises(ValueError, match='Log'):
        precisions.float32_nodes(graph)
