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
