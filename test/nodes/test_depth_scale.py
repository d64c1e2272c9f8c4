# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Scales: how they are found, by what, and for how long they hold."""

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo

from echo_depth_ros.nodes.conversions import intrinsics_from_msg, stamp_from_msg
from echo_depth_ros.vision.camera import CameraModel

from .scale_bench import a_scene, ECHO, RELATIVE, Scale, STAMP


@pytest.fixture
def scaling(bench):
    """Return a function that starts the node."""
    return lambda **parameters: Scale(bench, **parameters)


def test_relative_depth_becomes_metres(scaling):
    scale = scaling()
    image = RELATIVE.copy()
    image[:10] = 1.0
    image[-1] = np.nan
    scale.echo()
    metric = scale.relative(image)
    assert metric[0, 0] == pytest.approx(8.0) and metric[20, 0] == pytest.approx(4.0)
    assert np.isnan(metric[-1]).all()


@pytest.mark.parametrize('kind', [np.uint16, np.uint8])
def test_whole_numbers_and_disparity(scaling, kind):
    scale = scaling(relative_kind='disparity')
    image = np.full((48, 64), 100, kind)
    image[:10] = 200
    scale.echo()
    metric = scale.relative(image)
    assert metric[20, 0] == pytest.approx(4.0) and metric[0, 0] == pytest.approx(2.0)


def test_pixels_without_echo_depth_do_not_count(scaling):
    scale = scaling()
    image = ECHO.copy()
    image[:50] = np.inf
    image[50:60] = np.nan
    scale.echo(image)
    assert scale.relative()[0, 0] == pytest.approx(4.0)


def test_the_last_scale_is_held_and_then_forgotten(scaling):
    scale = scaling(max_scale_age=0.5)
    scale.echo()
    assert scale.relative(at=0.01)[0, 0] == pytest.approx(4.0)
    assert scale.relative(at=0.4)[0, 0] == pytest.approx(4.0)
    assert np.isnan(scale.relative(at=0.6)).all()
    scale.echo(ECHO * 2, at=0.7)
    assert scale.relative(at=0.7)[0, 0] == pytest.approx(8.0)


def test_an_echo_depth_that_comes_late_still_gives_a_scale(scaling):
    scale = scaling()
    assert np.isnan(scale.relative()).all()
    scale.echo()
    assert scale.relative(at=0.2)[0, 0] == pytest.approx(4.0)


@pytest.mark.parametrize('image', [
    np.full((48, 64), np.nan, np.float32), np.zeros((48, 64), np.float32)])
def test_all_invalid_relative_depth_stays_invalid_and_keeps_the_scale(scaling, image):
    scale = scaling()
    scale.echo()
    assert scale.relative()[0, 0] == pytest.approx(4.0)
    scale.echo(ECHO, at=0.05)
    assert np.isnan(scale.relative(image, at=0.05)).all()
    assert 'are valid in both images' in scale.refusal
    assert scale.relative(at=0.2)[0, 0] == pytest.approx(4.0)


def test_a_coloured_picture_is_refused_and_life_goes_on(scaling):
    scale = scaling()
    scale.send('relative_depth', np.zeros((4, 4, 3), np.uint8))
    scale.until(lambda: scale.values()['refused images'] == 1)
    assert "came as 'rgb8'; expected 32FC1" in scale.refusal
    assert 'a picture in false colours' in scale.refusal
    scale.echo()
    assert scale.relative()[0, 0] == pytest.approx(4.0)


def test_camera_info_is_the_cameras_own_or_that_of_the_parameters(bench, scaling):
    infos = bench.collect(CameraInfo, 'metric_depth/camera_info')
    scale = scaling(relative_hfov=60.0)
    assert bench.matched(scale.node, 'metric_depth/camera_info')
    scale.relative()
    assert bench.until(lambda: len(infos) == 1)
    np.testing.assert_allclose(intrinsics_from_msg(infos[0]), CameraModel(64, 48, 60.0, 90.0).k)
    own = CameraModel(64, 48, 75.0, 55.0)
    scale.look('relative_depth/camera_info', own)
    scale.relative(at=0.1)
    assert bench.until(lambda: len(infos) == 2)
    np.testing.assert_allclose(intrinsics_from_msg(infos[1]), own.k)
    assert stamp_from_msg(infos[1].header.stamp) == STAMP + 100_000_000


def test_a_field_of_view_that_is_a_guess_is_said_once(capfd, scaling):
    scale = scaling(relative_hfov=60.0)
    for at in range(25):
        scale.relative(at=at / 15)
    assert scale.values()['field of view'] == '60 x 90 degrees, by parameters'
    assert capfd.readouterr().err.count('no camera_info comes on') == 1
    scale.look('relative_depth/camera_info', CameraModel(64, 48, 75.0, 55.0))
    assert scale.values()['field of view'] == '75 x 55 degrees, by camera_info'


def test_camera_info_of_another_size_is_that_of_the_whole_image(bench, scaling):
    infos = bench.collect(CameraInfo, 'metric_depth/camera_info')
    scale = scaling()
    assert bench.matched(scale.node, 'metric_depth/camera_info')
    scale.look('relative_depth/camera_info', CameraModel(640, 480, 75.0, 55.0))
    scale.relative()
    assert bench.until(lambda: len(infos) == 1)
    assert (infos[0].width, infos[0].height, infos[0].header.frame_id) == (64, 48, 'camera')
    np.testing.assert_allclose(intrinsics_from_msg(infos[0]), CameraModel(64, 48, 75.0, 55.0).k)


def test_a_narrow_camera_is_scaled_by_what_it_sees(scaling):
    scale = scaling()
    scale.look('depth/camera_info', CameraModel())
    scale.look('relative_depth/camera_info', CameraModel(64, 48, 40.0, 30.0))
    image = np.full((128, 128), 9.0, np.float32)
    image[40:88, 40:88] = 2.0
    scale.echo(image)
    assert scale.relative()[24, 32] == pytest.approx(2.0)


@pytest.mark.parametrize(('name', 'kind'), [
    ('median', 'depth'), ('mean_std', 'depth'), ('mean_std', 'disparity'),
    ('least_squares', 'disparity'), ('least_squares', 'depth')])
def test_scalings_by_name(scaling, name, kind):
    scale = scaling(scaling=name, relative_kind=kind)
    metric, image = a_scene()
    scale.echo(metric)
    image = image if kind == 'depth' else 1 / image + 1
    np.testing.assert_allclose(scale.relative(image), metric[::2, ::2], rtol=0.02)
    values = scale.told().values
    if kind == 'depth' and name != 'least_squares':
        assert values['scale'] == pytest.approx(3, rel=0.01)
    assert abs(values['shift']) < 0.1 if kind == 'depth' else values['shift'] < -0.2
    assert values['agreement'] == 1 and 0 <= values['scale uncertainty'] < 0.01


def test_a_line_that_leaves_what_is_positive_leaves_a_hole(scaling):
    scale = scaling(scaling='least_squares', relative_kind='disparity')
    metric, image = a_scene()
    disparity = 1 / image + 1
    disparity[0, :5] = 0.5
    scale.echo(metric)
    result = scale.relative(disparity)
    assert np.isnan(result[0, :5]).all() and np.nanmin(result) > 0


@pytest.mark.parametrize('confidence_first', [True, False])
def test_sure_pixels_decide(bench, scaling, confidence_first):
    scale = scaling()
    metric, image = a_scene()
    confidence = np.full(metric.shape, 0.9, np.float32)
    wrong = metric.copy()
    wrong[:, 40:] *= 2
    confidence[:, 40:] = 0.0

    def sure():
        scale.send('depth/confidence', confidence)
        bench.spin(0.15)
    if confidence_first:
        sure()
    scale.echo(wrong)
    scale.relative(image)
    if not confidence_first:
        assert scale.told().values['scale'] > 4
        assert scale.told().values['pairs without confidence'] == 1
        sure()
    assert scale.relative(image, at=0.01)[0, 0] == pytest.approx(metric[0, 0], rel=0.02)
    values = scale.told().values
    assert values['scale'] == pytest.approx(3, rel=0.02)
    # ln 1.25 / z(0.95)
    assert values['scale uncertainty'] == pytest.approx(0.136, abs=0.02)


def test_confidence_of_another_size_or_kind_is_refused(bench, scaling):
    scale = scaling()
    scale.send('depth/confidence', np.zeros((4, 4), np.uint8))
    scale.until(lambda: "depth/confidence came as 'mono8'" in scale.refusal)
    scale.send('depth/confidence', np.ones((4, 4), np.float32))
    bench.spin(0.15)
    scale.echo()
    assert np.isnan(scale.relative()).all()
    assert 'confidence has shape (4, 4)' in scale.refusal


def test_confidence_is_not_asked_for_where_it_is_not_to_count(scaling):
    scale = scaling(use_confidence=False)
    assert not any('confidence' in s.topic_name for s in scale.node.subscriptions)
    scale.echo()
    assert scale.relative()[0, 0] == pytest.approx(4.0)
