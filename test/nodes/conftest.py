# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Real nodes over real DDS, all spun by one executor, in a domain of their own."""

from itertools import count
import os
import random
import time

import numpy as np
import pytest

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat

FMT = PingFormat()
_NAMES = count()

try:
    import rclpy
except ModuleNotFoundError:
    rclpy = None
    # Everything here needs messages; what it would have tested is said once.
    collect_ignore_glob = ['test_*.py']
    print('test/nodes is left out: rclpy cannot be imported; source ROS 2, or run make')


class Bench:
    """A place to put nodes, publish to them, and see what they publish."""

    def __init__(self):
        """Make the executor and a node for the test's own topics."""
        from rclpy.executors import SingleThreadedExecutor
        # Of two runs on one machine the domain may be the same.
        self.namespace = f'/bench_{os.getpid()}_{next(_NAMES)}'
        self.executor = SingleThreadedExecutor()
        self._nodes = []
        self.node = rclpy.create_node('tester', namespace=self.namespace)
        self.executor.add_node(self.node)

    def make(self, node_class, **parameters):
        """Make a node that does not start by itself."""
        from rclpy.parameter import Parameter
        values = {'autostart': False, **parameters}
        node = node_class(
            namespace=self.namespace,
            parameter_overrides=[Parameter(k, value=v) for k, v in values.items()])
        self.executor.add_node(node)
        self._nodes.append(node)
        return node

    def start(self, node_class, **parameters):
        """Make a node and activate it."""
        from rclpy.lifecycle import TransitionCallbackReturn
        node = self.make(node_class, **parameters)
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS, node.problem
        assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS, node.problem
        return node

    def collect(self, message_type, topic):
        """Subscribe, and return the list that messages will be put into."""
        messages = []
        self.node.create_subscription(message_type, topic, messages.append, 50)
        return messages

    def publisher(self, message_type, topic):
        """Return a publisher that somebody listens to."""
        publisher = self.node.create_publisher(message_type, topic, 50)
        assert self.until(lambda: publisher.get_subscription_count() > 0), f'{topic}: nobody'
        return publisher

    def call(self, service_type, name, request):
        """Call a service and return its response."""
        client = self.node.create_client(service_type, name)
        assert self.until(client.service_is_ready)
        future = client.call_async(request)
        assert self.until(future.done)
        return future.result()

    def until(self, condition, timeout=15.0):
        """Spin until a condition holds; return whether it does."""
        end = time.monotonic() + timeout
        while not condition() and time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.02)
        return bool(condition())

    def spin(self, seconds):
        """Spin for a while."""
        self.until(lambda: False, seconds)

    def matched(self, node, *topics):
        """Wait until the test's subscriptions are known to the node's publishers."""
        wanted = {f'{self.namespace}/{topic}' for topic in topics}
        return self.until(lambda: all(
            p.get_subscription_count() for p in node.publishers if p.topic_name in wanted))

    def close(self):
        """Take everything down."""
        for node in self._nodes:
            node.release()
        self.executor.shutdown()
        for node in (*self._nodes, self.node):
            node.destroy_node()


@pytest.fixture(scope='session')
def ros(tmp_path_factory):
    """Initialise rclpy in a domain that nobody else is in."""
    os.environ['ROS_LOG_DIR'] = str(tmp_path_factory.mktemp('ros_log'))
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    os.environ['ROS_DOMAIN_ID'] = str(random.SystemRandom().randint(1, 100))
    rclpy.init()
    yield
    rclpy.shutdown()


@pytest.fixture
def bench(ros):
    """Make a bench, and take it down."""
    bench = Bench()
    yield bench
    bench.close()


@pytest.fixture
def ping():
    """Return a function that makes a recording: a direct sound, echoes of it, faint noise."""
    def make(direct=64, samples=FMT.window, gain=0.2, echoes=((2.0, 0.3),), seed=0):
        recording = np.random.default_rng(seed).normal(0, 1e-3, (2, samples)).astype(np.float32)
        chirp = linear_chirp(FMT)
        for at, strength in ((direct, gain), *(
                (direct + round(FMT.range_to_samples(r)), g) for r, g in echoes)):
            recording[:, at:at + chirp.size] += strength * chirp
        return recording
    return make


@pytest.fixture
def student(tmp_path):
    """
    Return a function that writes an ONNX student which sees 3 m everywhere.

    With ``confidence`` (height, width) it also says that.
    """
    onnx = pytest.importorskip('onnx')
    from onnx import helper, numpy_helper, TensorProto

    from echo_depth_ros.perception.contract import ModelContract

    def write(contract=None, name='student.onnx', confidence=None):
        contract = contract or ModelContract(
            confidence='' if confidence is None else 'confidence')
        images = {'depth': np.full((contract.height, contract.width), 3.0)}
        if confidence is not None:
            images['confidence'] = confidence
        graph = helper.make_graph(
            [helper.make_node('ReduceMean', ['waveform'], ['mean'], axes=[1, 2], keepdims=1),
             helper.make_node('Mul', ['mean', 'zero'], ['nothing']),
             *(helper.make_node('Add', ['nothing', f'{name} image'], [name])
               for name in images)], 'student',
            [helper.make_tensor_value_info(
                'waveform', TensorProto.FLOAT, ['N', 2, contract.window])],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, ['N', None, None])
             for name in images],
            [numpy_helper.from_array(np.zeros(1, np.float32), 'zero'),
             *(numpy_helper.from_array(np.asarray(image, np.float32)[None], f'{name} image')
               for name, image in images.items())])
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
        helper.set_model_props(model, contract.to_metadata())
        path = tmp_path / name
        onnx.save(model, path)
        return str(path)
    return write


@pytest.fixture
def listener(tmp_path):
    """
    Return a function that writes an ONNX network for ambient sound, which needs no training.

    Its chance is the logistic of the natural logarithm of a side's power over the other side's;
    its clips are 0.3 s, so that tests need not wait.
    """
    onnx = pytest.importorskip('onnx')
    from onnx import helper, numpy_helper, TensorProto

    from echo_depth_ros.perception.ambient import AmbientContract

    def write(**others):
        contract = AmbientContract(clip=4800, **others)
        sides = np.array([1.0, -1.0][:contract.channels], np.float32)
        graph = helper.make_graph(
            [helper.make_node('ReduceMean', ['mel'], ['level'], axes=[2, 3], keepdims=0),
             helper.make_node('Mul', ['level', 'sides'], ['weighed']),
             helper.make_node('ReduceSum', ['weighed', 'last'], ['louder'], keepdims=0),
             helper.make_node('Sigmoid', ['louder'], ['near']),
             helper.make_node('Exp', ['near'], ['distance'])], 'listener',
            [helper.make_tensor_value_info(
                'mel', TensorProto.FLOAT, ['N', contract.channels, None, contract.mels])],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, ['N'])
             for name in ('near', 'distance')],
            [numpy_helper.from_array(sides, 'sides'),
             numpy_helper.from_array(np.array([1], np.int64), 'last')])
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
        helper.set_model_props(model, contract.to_metadata())
        path = tmp_path / f'{contract.hear}.onnx'
        onnx.save(model, path)
        return str(path)
    return write


@pytest.fixture
def avs_net(tmp_path):
    """Return a function that writes an ONNX AVS-Net whose depth is known in closed form."""
    pytest.importorskip('onnx')
    from .scale_bench import write_avs_net
    from .seeing_bench import CONTRACT
    return lambda contract=CONTRACT: write_avs_net(tmp_path / 'avs.onnx', contract)


@pytest.fixture
def seeing(bench, avs_net, ping):
    """Return a function that starts a scale node with an AVS-Net, see :func:`seeing_with`."""
    from .seeing_bench import seeing_with
    return seeing_with(bench, avs_net, ping)
