# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image

from echo_depth_ros.nodes.conversions import (
    camera_to_msg,
    depth_from_msg,
    image_to_msg,
    intrinsics_from_msg,
    stamp_from_msg,
)
from echo_depth_ros.nodes.depth_scale import DepthScale
from echo_depth_ros.vision.camera import CameraModel

STAMP = 1_700_000_000_000_000_000
ECHO = np.full((128, 128), 4.0, np.float32)
RELATIVE = np.full((48, 64), 0.5, np.float32)


@pytest.fixture
def scaling(bench):
    """Start the node; return functions that send an echo depth and a relative depth."""
    def start(**parameters):
        metric = bench.collect(Image, 'metric_depth')
        node = bench.start(DepthScale, **parameters)
        assert bench.matched(node, 'metric_depth')
        echoes = bench.publisher(Image, 'depth/image')
        relatives = bench.publisher(Image, 'relative_depth')

        def echo(image=ECHO, at=0.0):
            before = len(node._echoes), node._refused
            echoes.publish(image_to_msg(image, STAMP + round(at * 1e9), 'echo'))
            assert bench.until(lambda: (len(node._echoes), node._refused) != before)

        def relative(image=RELATIVE, at=0.0):
            """Send one and return the metric image that comes back."""
            before = len(metric)
            relatives.publish(image_to_msg(image, STAMP + round(at * 1e9), 'camera'))
            assert bench.until(lambda: len(metric) > before)
            assert stamp_from_msg(metric[-1].header.stamp) == STAMP + round(at * 1e9)
            assert metric[-1].header.frame_id == 'camera'
            return depth_from_msg(metric[-1])
        return node, echo, relative
    return start


def test_relative_depth_becomes_metres(scaling):
    node, echo, relative = scaling()
    image = RELATIVE.copy()
    image[:10] = 1.0
    image[-1] = np.nan
    echo()
    metric = relative(image)
    assert metric[0, 0] == pytest.approx(8.0) and metric[20, 0] == pytest.approx(4.0)
    assert np.isnan(metric[-1]).all()


def test_whole_numbers_and_disparity(scaling):
    node, echo, relative = scaling(relative_kind='disparity')
    image = np.full((48, 64), 100, np.uint16)
    image[:10] = 200
    echo()
    metric = relative(image)
    assert metric[20, 0] == pytest.approx(4.0) and metric[0, 0] == pytest.approx(2.0)


def test_pixels_without_echo_depth_do_not_count(scaling):
    node, echo, relative = scaling()
    image = ECHO.copy()
    image[:50] = np.inf
    image[50:60] = np.nan
    echo(image)
    assert relative()[0, 0] == pytest.approx(4.0)


def test_the_last_scale_is_held_and_then_forgotten(scaling):
    node, echo, relative = scaling(max_scale_age=0.5)
    echo()
    assert relative(at=0.01)[0, 0] == pytest.approx(4.0)
    assert relative(at=0.4)[0, 0] == pytest.approx(4.0)
    assert np.isnan(relative(at=0.6)).all()
    echo(ECHO * 2, at=0.7)
    assert relative(at=0.7)[0, 0] == pytest.approx(8.0)


def test_an_echo_depth_that_comes_late_still_gives_a_scale(scaling):
    node, echo, relative = scaling()
    assert np.isnan(relative()).all()
    echo()
    assert relative(at=0.2)[0, 0] == pytest.approx(4.0)


@pytest.mark.parametrize('image', [
    np.full((48, 64), np.nan, np.float32), np.zeros((48, 64), np.float32)])
def test_all_invalid_relative_depth_stays_invalid_and_keeps_the_scale(scaling, image):
    node, echo, relative = scaling()
    echo()
    assert relative()[0, 0] == pytest.approx(4.0)
    echo(ECHO, at=0.05)
    assert np.isnan(relative(image, at=0.05)).all()
    assert 'are valid in both images' in node.diagnose().values['last refusal']
    assert relative(at=0.2)[0, 0] == pytest.approx(4.0)


def test_another_encoding_is_refused_and_life_goes_on(bench, scaling):
    node, echo, relative = scaling()
    wrong = bench.publisher(Image, 'relative_depth')
    wrong.publish(image_to_msg(np.zeros((4, 4, 3), np.uint8), STAMP, 'camera'))
    assert bench.until(lambda: node.diagnose().values['refused images'] == 1)
    assert "came as 'rgb8'; expected 32FC1" in node.diagnose().values['last refusal']
    echo()
    assert relative()[0, 0] == pytest.approx(4.0)


def test_camera_info_is_the_cameras_own_or_that_of_the_parameters(bench, scaling):
    infos = bench.collect(CameraInfo, 'metric_depth/camera_info')
    node, echo, relative = scaling(relative_hfov=60.0)
    assert bench.matched(node, 'metric_depth/camera_info')
    relative()
    assert bench.until(lambda: len(infos) == 1)
    np.testing.assert_allclose(intrinsics_from_msg(infos[0]), CameraModel(64, 48, 60.0, 90.0).k)
    own = CameraModel(64, 48, 75.0, 55.0)
    cameras = bench.publisher(CameraInfo, 'relative_depth/camera_info')
    cameras.publish(camera_to_msg(own, STAMP, 'camera'))
    assert bench.until(lambda: node._relative_info is not None)
    relative(at=0.1)
    assert bench.until(lambda: len(infos) == 2)
    np.testing.assert_allclose(intrinsics_from_msg(infos[1]), own.k)
    assert stamp_from_msg(infos[1].header.stamp) == STAMP + 100_000_000


def test_a_narrow_camera_is_scaled_by_what_it_sees(bench, scaling):
    node, echo, relative = scaling()
    echo_cameras = bench.publisher(CameraInfo, 'depth/camera_info')
    cameras = bench.publisher(CameraInfo, 'relative_depth/camera_info')
    echo_cameras.publish(camera_to_msg(CameraModel(), STAMP, 'echo'))
    cameras.publish(camera_to_msg(CameraModel(64, 48, 40.0, 30.0), STAMP, 'camera'))
    assert bench.until(lambda: node._relative_info and node._echo_info)
    image = np.full((128, 128), 9.0, np.float32)
    image[40:88, 40:88] = 2.0
    echo(image)
    assert relative()[24, 32] == pytest.approx(2.0)


@pytest.fixture
def scene():
    """Return an echo depth and the relative depth of the same scene, a third of it."""
    rows, cols = np.meshgrid(np.linspace(2, 6, 128), np.linspace(1, 2, 128), indexing='ij')
    metric = (rows * cols).astype(np.float32)
    return metric, metric[::2, ::2] / 3


@pytest.fixture
def send(bench):
    """Return a function that publishes an image and waits until something holds."""
    publishers = {}

    def publish(topic, image, at, until):
        if topic not in publishers:
            publishers[topic] = bench.publisher(Image, topic)
        publishers[topic].publish(image_to_msg(image, STAMP + round(at * 1e9), 'echo'))
        assert bench.until(until)
    return publish


def told(node, at=0.0):
    """Return what the node's diagnostics are at a time of the test."""
    node.now = lambda: STAMP + round(at * 1e9)
    return node.diagnose()


@pytest.mark.parametrize(('name', 'kind'), [
    ('median', 'depth'), ('mean_std', 'depth'), ('mean_std', 'disparity'),
    ('least_squares', 'disparity'), ('least_squares', 'depth')])
def test_scalings_by_name(scaling, scene, name, kind):
    node, echo, relative = scaling(scaling=name, relative_kind=kind)
    metric, image = scene
    echo(metric)
    image = image if kind == 'depth' else 1 / image + 1
    np.testing.assert_allclose(relative(image), metric[::2, ::2], rtol=0.02)
    values = told(node).values
    if kind == 'depth' and name != 'least_squares':
        assert values['scale'] == pytest.approx(3, rel=0.01)
    assert abs(values['shift']) < 0.1 if kind == 'depth' else values['shift'] < -0.2
    assert values['agreement'] == 1 and 0 <= values['scale uncertainty'] < 0.01


def test_a_line_that_leaves_what_is_positive_leaves_a_hole(scaling, scene):
    node, echo, relative = scaling(scaling='least_squares', relative_kind='disparity')
    metric, image = scene
    disparity = 1 / image + 1
    disparity[0, :5] = 0.5
    echo(metric)
    result = relative(disparity)
    assert np.isnan(result[0, :5]).all() and np.nanmin(result) > 0


@pytest.mark.parametrize('confidence_first', [True, False])
def test_sure_pixels_decide(scaling, send, scene, confidence_first):
    node, echo, relative = scaling()
    metric, image = scene
    confidence = np.full(metric.shape, 0.9, np.float32)
    wrong = metric.copy()
    wrong[:, 40:] *= 2
    confidence[:, 40:] = 0.0

    def sure():
        send('depth/confidence', confidence, 0, lambda: len(node._confidences) == 1)
    if confidence_first:
        sure()
    echo(wrong)
    relative(image)
    if not confidence_first:
        assert told(node).values['scale'] > 4
        assert told(node).values['pairs without confidence'] == 1
        sure()
    assert relative(image, at=0.01)[0, 0] == pytest.approx(metric[0, 0], rel=0.02)
    values = told(node).values
    assert values['scale'] == pytest.approx(3, rel=0.02)
    # ln 1.25 / z(0.95)
    assert values['scale uncertainty'] == pytest.approx(0.136, abs=0.02)


def test_confidence_of_another_size_or_kind_is_refused(scaling, send):
    node, echo, relative = scaling()
    send('depth/confidence', np.zeros((4, 4), np.uint8), 0,
         lambda: "depth/confidence came as 'mono8'" in node._last_refusal)
    send('depth/confidence', np.ones((4, 4), np.float32), 0, lambda: len(node._confidences) == 1)
    echo()
    assert np.isnan(relative()).all()
    assert 'confidence has shape (4, 4)' in node._last_refusal


def test_confidence_is_not_asked_for_where_it_is_not_to_count(scaling):
    node, echo, relative = scaling(use_confidence=False)
    assert not any('confidence' in s.topic_name for s in node.subscriptions)
    echo()
    assert relative()[0, 0] == pytest.approx(4.0)


def test_no_echoes_give_no_depth_and_say_so(bench, scaling):
    node, echo, relative = scaling()
    for at in range(3):
        assert np.isnan(relative(at=at * 0.1)).all()
        bench.spin(0.02)
    status = node.diagnose()
    assert status.level.name == 'WARN'
    assert status.message.startswith('no echo depth comes on depth/image')
    assert status.values['blank images'] == 3


def test_no_camera_publishes_nothing_and_says_so(bench, scaling):
    metric = bench.collect(Image, 'metric_depth')
    node, echo, relative = scaling()
    echo()
    echo(at=0.1)
    bench.spin(0.3)
    assert metric == []
    assert node.diagnose().message.startswith('no image comes on relative_depth')


@pytest.mark.parametrize('name', ['median', 'mean_std', 'least_squares'])
@pytest.mark.parametrize('dark', [np.nan, 0.0])
def test_darkness_is_unknown_and_leaves_the_scale(scaling, scene, name, dark):
    node, echo, relative = scaling(scaling=name, smooth=True)
    metric, image = scene
    echo(metric)
    relative(image)
    before = told(node).values['scale']
    echo(metric, at=0.1)
    assert np.isnan(relative(np.full_like(image, dark), at=0.1)).all()
    # A lamp in the dark is too little to scale by; it gets the scale that is held.
    lamp = np.full_like(image, dark)
    lamp[10, 10:12] = 50 * image[10, 10]  # pixels 650 and 651
    metres = relative(lamp, at=0.11)
    assert np.isnan(np.delete(metres.ravel(), [650, 651])).all()
    assert told(node).values['scale'] == before
    assert told(node).values['dark images'] == 1


def test_darkness_is_told(bench, scaling):
    node, echo, relative = scaling()
    for at in (0.0, 0.1):
        echo(at=at)
        relative(RELATIVE * 0, at=at)
        bench.spin(0.02)
    assert node.diagnose().message.startswith('relative_depth holds no depth at all')


def test_images_that_disagree_give_no_scale(bench, scaling):
    node, echo, relative = scaling()
    rng = np.random.default_rng(0)
    for at in (0.0, 0.1):
        echo(rng.lognormal(1, 0.8, (128, 128)).astype(np.float32), at=at)
        assert np.isnan(relative(rng.lognormal(0, 0.8, (48, 64)).astype(np.float32), at=at)).all()
        bench.spin(0.02)
    assert 'the images disagree: only' in node._last_refusal
    status = node.diagnose()
    assert status.message.startswith('no recent scale: metric_depth is all NaN; the images disag')
    assert status.values['rejected: disagreement'] == 2
    assert 0 < status.values['agreement'] < 0.2


def test_an_agreement_of_nothing_takes_all(scaling):
    node, echo, relative = scaling(min_agreement=0.0)
    rng = np.random.default_rng(0)
    echo(rng.lognormal(1, 0.8, (128, 128)).astype(np.float32))
    assert np.isfinite(relative(rng.lognormal(0, 0.8, (48, 64)).astype(np.float32))).all()


def test_stamps_that_never_meet_are_told(bench, scaling):
    node, echo, relative = scaling()
    for at in (0.0, 0.1):
        echo(at=at)
        assert np.isnan(relative(at=at + 40)).all()
        bench.spin(0.02)
    assert 'the newest ones are stamped 40000 ms apart' in node.diagnose().message


def test_smoothing_leaves_out_one_bad_ping_and_follows_a_step(scaling, scene):
    node, echo, relative = scaling(smooth=True, outlier_patience=3)
    metric, image = scene
    rng = np.random.default_rng(0)
    # An echo network errs by patches, or it would be sure beyond belief.
    patches = np.kron(rng.lognormal(0, 0.05, (8, 8)), np.ones((16, 16))).astype(np.float32)

    def ping(at, times=1.0):
        echo(metric * patches * np.float32(times), at=at)
        return np.median(relative(image, at=at) / metric[::2, ::2])
    for at in range(5):
        assert ping(at * 0.073) == pytest.approx(1, rel=0.1)
    assert ping(0.365, 10) == pytest.approx(1, rel=0.1)
    values = told(node, 0.365).values
    assert values['rejected: outlier'] == 1 and 'an outlier until' in values['last refusal']
    assert ping(0.438) == pytest.approx(1, rel=0.1)
    assert ping(0.511, 2) == pytest.approx(1, rel=0.1)
    assert ping(0.584, 2) == pytest.approx(1, rel=0.1)
    assert ping(0.657, 2) == pytest.approx(2, rel=0.1)
    values = told(node, 0.657).values
    assert (values['scale steps'], values['scale restarts']) == (1, 0)
    assert values['scale age s'] == pytest.approx(0, abs=1e-6)
    # A bag that is played again.
    assert ping(-20.0, 5) == pytest.approx(5, rel=0.1)
    assert told(node, -20).values['scale restarts'] == 1


def test_without_smoothing_each_pair_has_its_own_scale(scaling, scene):
    node, echo, relative = scaling()
    metric, image = scene
    for at, times in enumerate((1, 10, 1)):
        echo(metric * np.float32(times), at=at * 0.073)
        metres = relative(image, at=at * 0.073)
        assert metres[0, 0] == pytest.approx(times * metric[0, 0], rel=0.01)
    assert 'rejected: outlier' not in told(node, 0.146).values
