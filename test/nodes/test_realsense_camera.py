# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The RealSense node on librealsense's real pipeline, playing a software device."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image

from echo_depth_ros.nodes.conversions import (
    depth_from_msg,
    image_from_msg,
    intrinsics_from_msg,
    stamp_from_msg,
)
from echo_depth_ros.nodes.health import Level
from echo_depth_ros.nodes.realsense_camera import RealSenseCamera

HELPER = Path(__file__).parents[1] / 'vision' / 'camera_file.py'


@pytest.fixture(scope='module')
def recording(tmp_path_factory):
    """Return the parameters that play a recording."""
    spec = importlib.util.spec_from_file_location('camera_file', HELPER)
    helper = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(helper)
    helper.library()
    path = tmp_path_factory.mktemp('camera') / 'camera.db3'
    helper.record(path, 40)
    return {'playback': str(path), 'image_width': 64, 'image_height': 48}


def test_colour_depth_and_camera_info_come_with_one_frame_and_their_own_stamps(bench, recording):
    kinds = {'color/image_raw': Image, 'depth/image_raw': Image, 'color/camera_info': CameraInfo,
             'depth/camera_info': CameraInfo}
    heard = {name: bench.collect(kind, f'camera/{name}') for name, kind in kinds.items()}
    node = bench.start(RealSenseCamera, **recording)
    assert bench.until(lambda: all(len(messages) >= 5 for messages in heard.values()))
    for name, messages in heard.items():
        stamps = [stamp_from_msg(m.header.stamp) for m in messages]
        assert all(m.header.frame_id == 'echo_depth_optical_frame' for m in messages), name
        assert stamps == sorted(set(stamps))
        # On this computer's clock, whenever the recording was made.
        assert abs(stamps[-1] - node.now()) < 20e9
    colour, depth = heard['color/image_raw'][-1], heard['depth/image_raw'][-1]
    assert colour.encoding == 'rgb8' and depth.encoding == '16UC1'
    assert image_from_msg(colour).shape == (48, 64, 3)
    metres = depth_from_msg(depth)
    assert np.isnan(metres[24, 0]) and metres[24, 30] == pytest.approx(2.0, abs=0.05)
    np.testing.assert_allclose(
        intrinsics_from_msg(heard['depth/camera_info'][0]),
        [[60, 0, 31.5], [0, 60, 23.5], [0, 0, 1]])
    values = node.diagnose().values
    assert values['images'] >= 5 and '123456' in values['camera']
    assert values['time base'] in ('global', 'hardware')


def test_nothing_is_unpacked_for_nobody(bench, recording):
    node = bench.start(RealSenseCamera, **recording)
    assert bench.until(lambda: node.diagnose().message != 'the camera is being opened')
    bench.spin(0.4)
    assert node.diagnose().values['images'] <= 3


def test_who_subscribes_is_seen_while_the_clock_stands_still(bench, recording):
    node = bench.start(RealSenseCamera, use_sim_time=True, **recording)
    images = bench.collect(Image, 'camera/color/image_raw')
    assert bench.until(lambda: images)
    assert node.now() == 0


def test_a_camera_that_is_lost_is_told_and_comes_back(bench, recording):
    images = bench.collect(Image, 'camera/color/image_raw')
    node = bench.start(RealSenseCamera, **recording)
    assert bench.until(lambda: node.diagnose().values['times lost'] == 1)
    assert node.diagnose().level is Level.WARN and 'has ended' in node.diagnose().message
    count = len(images)
    assert bench.until(lambda: len(images) > count, 5.0)


def test_an_absent_camera_is_waited_for(bench, recording):
    node = bench.start(RealSenseCamera, serial_number='000')
    assert bench.until(lambda: 'RealSense camera 000 is not connected' in node.diagnose().message)
    assert node.diagnose().values['camera'] == 'none'


def test_it_can_be_stopped_and_started_again(bench, recording):
    images = bench.collect(Image, 'camera/color/image_raw')
    node = bench.start(RealSenseCamera, **recording)
    assert bench.until(lambda: images)
    node.trigger_deactivate()
    bench.spin(0.1)
    images.clear()
    bench.spin(0.2)
    assert not images
    node.trigger_activate()
    assert bench.until(lambda: images)


@pytest.mark.parametrize(('parameters', 'words'), [
    ({'playback': '/nowhere/x.db3'}, 'playback is /nowhere/x.db3, which is no file')])
def test_what_cannot_be_played_is_refused(bench, recording, parameters, words):
    node = bench.make(RealSenseCamera, **parameters)
    node.trigger_configure()
    assert words in node.problem
