# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A scale node over real DDS, and what is sent to it."""

import time

import numpy as np
from sensor_msgs.msg import CameraInfo, Image

from echo_depth_ros.nodes.conversions import (
    camera_to_msg,
    depth_from_msg,
    image_to_msg,
    recording_to_msg,
    stamp_from_msg,
)
from echo_depth_ros.nodes.depth_scale import DepthScale

STAMP = 1_700_000_000_000_000_000
ECHO = np.full((128, 128), 4.0, np.float32)
RELATIVE = np.full((48, 64), 0.5, np.float32)
RELATIVE[-5:] = 0.6  # one depth everywhere is of a network that sees nothing


class Scale:
    """
    A scale node that is listened to.

    :ivar metric: the metric images that have come.
    """

    def __init__(self, bench, **parameters):
        """Start the node; without an AVS-Net unless told otherwise."""
        self.bench = bench
        self.metric = bench.collect(Image, 'metric_depth')
        self.node = bench.start(DepthScale, **{'metric_source': 'echo', **parameters})
        assert bench.matched(self.node, 'metric_depth')
        self._publishers = {}

    def values(self):
        """Return the node's diagnostic values."""
        return self.node.diagnose().values

    @property
    def refusal(self):
        """Why the node refused what it refused last."""
        return self.values()['last refusal']

    def told(self, at=0.0):
        """Return what the node's diagnostics are at a time of the test."""
        self.node.now = lambda: STAMP + round(at * 1e9)
        return self.node.diagnose()

    def run_clock(self):
        """Let the node's clock run from the beginning of the test's time."""
        began = time.monotonic_ns()
        self.node.now = lambda: STAMP + time.monotonic_ns() - began

    def echo(self, image=ECHO, at=0.0):
        """Send an echo depth, and wait until it is taken."""
        before = self._taken()
        self.send('depth/image', image, at)
        assert self.bench.until(lambda: self._taken() != before)

    def relative(self, image=RELATIVE, at=0.0):
        """Send a relative image and return the metric image that comes back."""
        before = len(self.metric)
        self.send('relative_depth', image, at, 'camera')
        assert self.bench.until(lambda: len(self.metric) > before)
        newest = self.metric[-1].header
        assert (stamp_from_msg(newest.stamp), newest.frame_id) == (
            STAMP + round(at * 1e9), 'camera')
        return depth_from_msg(self.metric[-1])

    def send(self, topic, image, at=0.0, frame='echo'):
        """Publish an image."""
        self._publisher(Image, topic).publish(
            image_to_msg(image, STAMP + round(at * 1e9), frame))

    def hear(self, window, at=0.0):
        """Publish a window."""
        self._publisher(Image, 'binaural').publish(
            recording_to_msg(window, STAMP + round(at * 1e9), 'ears'))

    def look(self, topic, camera):
        """Publish a camera_info, and give the node time to take it."""
        self._publisher(CameraInfo, topic).publish(camera_to_msg(camera, STAMP, 'camera'))
        self.bench.spin(0.15)

    def until(self, condition):
        """Spin until a condition holds."""
        assert self.bench.until(condition), self.values()

    def _taken(self):
        values = self.values()
        return values['echo depths'], values['refused images']

    def _publisher(self, kind, topic):
        if topic not in self._publishers:
            self._publishers[topic] = self.bench.publisher(kind, topic)
        return self._publishers[topic]


def a_scene():
    """Return an echo depth and the relative depth of the same scene, a third of it."""
    rows, cols = np.meshgrid(np.linspace(2, 6, 128), np.linspace(1, 2, 128), indexing='ij')
    metric = (rows * cols).astype(np.float32)
    return metric, metric[::2, ::2] / 3


def write_avs_net(path, contract):
    """
    Write an AVS-Net that needs no training; return its path.

    It says 10 times the mean of red plus, with an echo branch, 100 times the window's mean power.
    """
    import onnx
    from onnx import helper, numpy_helper, TensorProto
    kind, shape = TensorProto.FLOAT, (contract.height, contract.width)
    nodes = [helper.make_node('Slice', ['rgb', 'zero', 'one', 'one'], ['red']),
             helper.make_node('ReduceMean', ['red'], ['redness'], axes=[2, 3], keepdims=1),
             helper.make_node('Squeeze', ['redness', 'one'], ['seen']),
             helper.make_node('Mul', ['seen', 'ten'], ['metres'])]
    inputs = [helper.make_tensor_value_info('rgb', kind, ['N', 3, *shape])]
    if contract.echo_branch:
        nodes += [helper.make_node('Mul', ['waveform', 'waveform'], ['power']),
                  helper.make_node('ReduceMean', ['power'], ['loudness'], axes=[1, 2], keepdims=1),
                  helper.make_node('Mul', ['loudness', 'hundred'], ['heard']),
                  helper.make_node('Add', ['metres', 'heard'], ['both'])]
        inputs.append(helper.make_tensor_value_info('waveform', kind, ['N', 2, contract.window]))
    nodes.append(helper.make_node('Mul', [nodes[-1].output[0], 'image'], ['depth']))
    constants = {'zero': np.array([0]), 'one': np.array([1]), 'ten': np.array([10], np.float32),
                 'hundred': np.array([100], np.float32),
                 'image': np.ones((1, *shape), np.float32)}
    graph = helper.make_graph(
        nodes, 'avs', inputs, [helper.make_tensor_value_info('depth', kind, ['N', None, None])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    helper.set_model_props(model, contract.to_metadata())
    onnx.save(model, path)
    return str(path)
