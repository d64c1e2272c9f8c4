# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import math
from threading import Event

import numpy as np
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import HistoryPolicy, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image, Range

from echo_depth_ros.nodes.conversions import (
    depth_from_msg,
    image_from_msg,
    image_to_msg,
    intrinsics_from_msg,
    recording_to_msg,
    stamp_to_msg,
)
from echo_depth_ros.nodes.depth_inference import DepthInference
from echo_depth_ros.nodes.health import Level
from echo_depth_ros.perception.contract import ModelContract
from echo_depth_ros.perception.model import Prediction
from echo_depth_ros.vision.camera import CameraModel

STAMP = 1_700_000_000_000_000_123


@pytest.fixture
def seeing(bench, student):
    """Start the node, with somebody who wants depth; return node, depths and the input."""
    depths = bench.collect(Image, 'depth/image')
    node = bench.start(DepthInference, model=student())
    assert bench.matched(node, 'depth/image')
    return node, depths, bench.publisher(Image, 'binaural')


def test_depth_info_and_range_carry_the_windows_stamp(bench, student, ping):
    depths = bench.collect(Image, 'depth/image')
    infos = bench.collect(CameraInfo, 'depth/camera_info')
    ranges = bench.collect(Range, 'range')
    node = bench.start(DepthInference, model=student())
    windows = bench.publisher(Image, 'binaural')
    assert bench.matched(node, 'depth/image', 'depth/camera_info', 'range')
    windows.publish(recording_to_msg(ping(), STAMP, 'ears'))
    assert bench.until(lambda: depths and infos and ranges)
    for msg in (depths[0], infos[0], ranges[0]):
        assert msg.header.stamp == stamp_to_msg(STAMP)
    assert depths[0].header.frame_id == infos[0].header.frame_id == 'echo_depth_optical_frame'
    assert ranges[0].header.frame_id == 'echo_depth_link'
    np.testing.assert_array_equal(depth_from_msg(depths[0]), np.full((128, 128), 3.0))
    np.testing.assert_allclose(intrinsics_from_msg(infos[0]), CameraModel().k)
    assert ranges[0].range == pytest.approx(2.0, abs=0.02)
    assert ranges[0].radiation_type == Range.ULTRASOUND
    values = node.diagnose().values
    assert values['depth images and ranges'] == 1 and values['provider'] == 'CPUExecutionProvider'


def hear_two(bench, node, windows, window):
    """Publish two windows, one after the other is done with; it takes two to have a rate."""
    for number in (1, 2):
        windows.publish(recording_to_msg(window, STAMP + number, 'ears'))
        assert bench.until(
            lambda number=number: node.diagnose().values['depth images and ranges'] >= number)
    return node.diagnose()


COLUMNS = np.tile(np.linspace(0, 1, 128, dtype=np.float32), (128, 1))


def test_confidence_carries_stamp_frame_and_size_of_its_depth(bench, student, ping):
    depths = bench.collect(Image, 'depth/image')
    confidences = bench.collect(Image, 'depth/confidence')
    node = bench.start(DepthInference, model=student(confidence=COLUMNS))
    windows = bench.publisher(Image, 'binaural')
    assert bench.matched(node, 'depth/image', 'depth/confidence')
    windows.publish(recording_to_msg(ping(), STAMP, 'ears'))
    assert bench.until(lambda: depths and confidences)
    depth, confidence = depths[0], confidences[0]
    status = hear_two(bench, node, windows, ping())
    assert confidence.header == depth.header and confidence.encoding == '32FC1'
    assert (confidence.height, confidence.width) == (depth.height, depth.width)
    np.testing.assert_array_equal(image_from_msg(confidence), COLUMNS)
    np.testing.assert_array_equal(depth_from_msg(depth), np.full((128, 128), 3.0))
    assert status.message == 'running'
    assert status.values['confidence'] == 'predicted, not calibrated'
    assert status.values['depth without confidence'] == 0


def test_confidence_is_offered_reliably_as_depth_is(bench, student):
    node = bench.make(DepthInference, model=student(confidence=COLUMNS))
    info, = node.get_publishers_info_by_topic(f'{bench.namespace}/depth/confidence')
    assert info.topic_type == 'sensor_msgs/msg/Image'
    assert info.qos_profile.reliability == ReliabilityPolicy.RELIABLE
    publisher, = (p for p in node.publishers if p.topic_name.endswith('depth/confidence'))
    assert publisher.qos_profile.history == HistoryPolicy.KEEP_LAST
    assert publisher.qos_profile.depth == 5


def test_confidence_alone_is_enough_to_look_and_depth_is_then_not_published(
        bench, student, ping):
    confidences = bench.collect(Image, 'depth/confidence')
    node = bench.start(DepthInference, model=student(confidence=COLUMNS))
    published = []
    node._depth_publisher.publish = published.append
    windows = bench.publisher(Image, 'binaural')
    assert bench.matched(node, 'depth/confidence')
    windows.publish(recording_to_msg(ping(), STAMP, 'ears'))
    assert bench.until(lambda: confidences)
    assert not published


def test_confidence_is_computed_for_those_who_want_it_only(bench, student, ping):
    depths = bench.collect(Image, 'depth/image')
    node = bench.start(DepthInference, model=student(confidence=COLUMNS))
    asked, infer = [], node._model.infer
    node._model.infer = lambda window, want: asked.append(want) or infer(window, want)
    windows = bench.publisher(Image, 'binaural')
    assert bench.matched(node, 'depth/image')
    windows.publish(recording_to_msg(ping(), STAMP, 'ears'))
    assert bench.until(lambda: depths)
    assert asked == [False]


def test_model_without_confidence_says_so_and_stays_silent(bench, student, ping):
    depths = bench.collect(Image, 'depth/image')
    confidences = bench.collect(Image, 'depth/confidence')
    node = bench.start(DepthInference, model=student())
    windows = bench.publisher(Image, 'binaural')
    assert bench.matched(node, 'depth/image', 'depth/confidence')
    status = hear_two(bench, node, windows, ping())
    assert bench.until(lambda: len(depths) == 2)
    assert not confidences
    assert status.values['confidence'] == 'none: the model predicts none'
    assert status.level == Level.WARN and 'predicts none' in status.message


def test_unsure_pixels_become_unknown(bench, student, ping):
    depths = bench.collect(Image, 'depth/image')
    node = bench.start(DepthInference, model=student(confidence=COLUMNS), min_confidence=0.6)
    windows = bench.publisher(Image, 'binaural')
    assert bench.matched(node, 'depth/image')
    windows.publish(recording_to_msg(ping(), STAMP, 'ears'))
    assert bench.until(lambda: depths)
    np.testing.assert_array_equal(
        depth_from_msg(depths[0]), np.where(COLUMNS >= 0.6, np.float32(3), np.nan))


def test_least_confidence_for_a_model_without_any_keeps_the_node_unconfigured(bench, student):
    node = bench.make(DepthInference, model=student(), min_confidence=0.6)
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert 'predicts no confidence; set it to 0' in node.problem


def test_least_confidence_has_a_range(bench, student):
    node = bench.make(DepthInference, model=student())
    assert not node.set_parameters([Parameter('min_confidence', value=1.5)])[0].successful
    assert node.set_parameters([Parameter('min_confidence', value=1.0)])[0].successful
    assert node.describe_parameter('min_confidence').description


def test_impossible_confidence_costs_itself_only_and_is_named(bench, student, ping):
    depths = bench.collect(Image, 'depth/image')
    confidences = bench.collect(Image, 'depth/confidence')
    node = bench.start(DepthInference, model=student(confidence=COLUMNS))
    windows = bench.publisher(Image, 'binaural')
    assert bench.matched(node, 'depth/image', 'depth/confidence')
    infer = node._model.infer
    node._model.infer = lambda *_: Prediction(
        np.full((128, 128), 3.0, np.float32), np.full((128, 128), 7.0, np.float32))
    status = hear_two(bench, node, windows, ping())
    assert status.values['depth without confidence'] == 2
    assert bench.until(lambda: len(depths) == 2)
    assert status.level == Level.WARN and 'confidence of 7 in 16384 pixels' in status.message
    assert not confidences
    node._model.infer = infer
    windows.publish(recording_to_msg(ping(), STAMP, 'ears'))
    assert bench.until(lambda: confidences)
    assert node.diagnose().message == 'running'


def test_confidence_that_nobody_wants_any_more_is_no_reason_to_warn(bench, student, ping):
    bench.collect(Image, 'depth/image')
    listener = bench.node.create_subscription(Image, 'depth/confidence', print, 5)
    node = bench.start(DepthInference, model=student(confidence=COLUMNS))
    windows = bench.publisher(Image, 'binaural')
    assert bench.matched(node, 'depth/image', 'depth/confidence')
    node._model.infer = lambda *_: Prediction(
        np.full((128, 128), 3.0, np.float32), np.full((128, 128), 7.0, np.float32))
    assert hear_two(bench, node, windows, ping()).level == Level.WARN
    bench.node.destroy_subscription(listener)
    assert bench.until(lambda: not node._confidence_publisher.get_subscription_count())
    status = node.diagnose()
    assert status.level == Level.OK and status.message == 'running'


@pytest.mark.parametrize('contract, warns', [
    (ModelContract(confidence='confidence'), True),
    (ModelContract(confidence='confidence', calibration='rooms'), False), (None, False)])
def test_confidence_that_was_not_calibrated_is_warned_of_once(
        bench, student, capfd, contract, warns):
    model = student(contract, confidence=COLUMNS if contract else None)
    bench.start(DepthInference, model=model)
    assert capfd.readouterr().err.count('was not calibrated') == warns


def broken(kind, window):
    """Break a good window in one way."""
    if kind == 'nan':
        window[0, 500] = math.nan
    elif kind == 'silent':
        window[:] = 0
    elif kind == 'clipped':
        window[:] = np.clip(window * 50, -1, 1)
    elif kind == 'noise':
        window[:] = np.random.default_rng(0).normal(0, 0.1, window.shape)
    elif kind == 'not aligned':
        window[:] = np.roll(window, 400, axis=1)
    elif kind == 'narrow':
        return recording_to_msg(window[:, :3000], STAMP, 'ears')
    elif kind == 'one ear':
        return recording_to_msg(window[:1], STAMP, 'ears')
    elif kind == 'encoding':
        return image_to_msg((window * 100).astype(np.uint8), STAMP, 'ears')
    msg = recording_to_msg(window, STAMP, 'ears')
    if kind == 'cut short':
        msg.data = msg.data[:100]
    return msg


@pytest.mark.parametrize('kind,words', [
    ('nan', 'NaN'), ('silent', 'silent: peak 0, expected'), ('clipped', 'clipped'),
    ('noise', 'not aligned'), ('not aligned', 'should begin on sample 64'),
    ('narrow', '3000 samples came; expected 3197'), ('one ear', "1 rows of '32FC1'; expected 2"),
    ('encoding', "'mono8'; expected 2 rows of 32FC1"), ('cut short', '100 bytes in all')])
def test_what_cannot_be_believed_gives_no_depth_and_the_next_window_does(
        bench, seeing, ping, kind, words):
    node, depths, windows = seeing
    windows.publish(broken(kind, ping()))
    assert bench.until(lambda: node.diagnose().values['refused windows'] == 1)
    assert words in node.diagnose().values['last refusal']
    assert not depths
    windows.publish(recording_to_msg(ping(), STAMP, 'ears'))
    assert bench.until(lambda: depths)
    assert node.active and len(depths) == 1


def test_the_other_byte_order_is_heard_too(bench, seeing, ping):
    node, depths, windows = seeing
    msg = recording_to_msg(ping(), STAMP, 'ears')
    msg.is_bigendian = not msg.is_bigendian
    msg.data = ping().byteswap().tobytes()
    windows.publish(msg)
    assert bench.until(lambda: depths)


def test_nothing_is_computed_for_nobody(bench, student, ping):
    node = bench.start(DepthInference, model=student())
    windows = bench.publisher(Image, 'binaural')
    windows.publish(recording_to_msg(ping(), STAMP, 'ears'))
    assert bench.until(lambda: node.diagnose().values['nobody subscribed'] == 1)
    assert node.diagnose().values['depth images and ranges'] == 0


def test_a_window_that_waits_too_long_is_dropped_for_a_newer_one(bench, seeing, ping):
    node, depths, windows = seeing
    started, go_on = Event(), Event()
    perceive = node._perceiver.perceive

    def slowly(*args, **kwargs):
        started.set()
        assert go_on.wait(10)
        return perceive(*args, **kwargs)

    node._perceiver.perceive = slowly
    windows.publish(recording_to_msg(ping(), STAMP, 'ears'))
    assert bench.until(started.is_set)
    for late in (1, 2, 3):
        windows.publish(recording_to_msg(ping(), STAMP + late, 'ears'))
        assert bench.until(lambda late=late: node.diagnose().values['windows'] == 1 + late)
    go_on.set()
    assert bench.until(lambda: len(depths) == 2)
    assert [d.header.stamp.nanosec for d in depths] == [123, 126]
    assert node.diagnose().values['dropped windows'] == 2


def test_a_network_that_fails_costs_one_window(bench, seeing, ping):
    node, depths, windows = seeing
    infer = node._model.infer
    node._model.infer = lambda *_: 1 / 0
    windows.publish(recording_to_msg(ping(), STAMP, 'ears'))
    assert bench.until(lambda: node.diagnose().values['refused windows'] == 1)
    node._model.infer = infer
    windows.publish(recording_to_msg(ping(), STAMP, 'ears'))
    assert bench.until(lambda: depths)


def corrupt(student, tmp_path):
    path = tmp_path / 'cut.onnx'
    whole = open(student(), 'rb').read()
    path.write_bytes(whole[:len(whole) // 2])
    return str(path)


@pytest.mark.parametrize('model,words', [
    (lambda student, tmp_path: str(tmp_path / 'none.onnx'), 'does not exist'),
    (corrupt, 'cannot be loaded as an ONNX model'),
    (lambda student, tmp_path: student(ModelContract(sample_rate=48000)),
     'sample_rate is 48000 in the model and 44100 here')])
def test_a_model_that_does_not_fit_keeps_the_node_unconfigured_and_alive(
        bench, student, tmp_path, model, words):
    node = bench.make(DepthInference, model=model(student, tmp_path))
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert words in node.problem and not node.active
    bench.spin(0.05)
