# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The scale that an AVS-Net gives, and what takes its place where it cannot."""

from dataclasses import replace

import numpy as np
import pytest
from rclpy.lifecycle import TransitionCallbackReturn

from echo_depth_ros.nodes.depth_scale import DepthScale
from echo_depth_ros.vision.camera import CameraModel

from .scale_bench import ECHO, RELATIVE, Scale
from .seeing_bench import BRIGHT, CAMERA, CONTRACT, expected, WHOLE


def test_colour_and_echoes_give_the_scale(seeing, ping):
    scale = seeing(clock=True, max_scale_age=60.0)
    scale.see()
    metres = expected(0.3, ping())
    assert scale.relative(at=0.01)[0, 0] == pytest.approx(metres, rel=0.01)
    values = scale.values()
    assert (values['source'], values['avs depths']) == ('avs_net', 1)
    louder = ping(gain=0.8)
    scale.see(window=louder, at=0.1)
    assert expected(0.3, louder) > 1.05 * metres
    assert scale.relative(at=0.11)[0, 0] == pytest.approx(expected(0.3, louder), rel=0.01)
    assert scale.node.diagnose().level.name == 'OK'


def test_the_image_is_paired_with_the_window_by_stamp(seeing, ping):
    scale = seeing()
    scale.send(WHOLE, BRIGHT // 2, -0.07)
    scale.see(at=0.0)
    assert scale.relative()[0, 0] == pytest.approx(expected(0.3, ping()), rel=0.02)


def test_the_colour_image_is_cut_to_what_the_network_was_trained_for(seeing, ping):
    wide = CameraModel(160, 120, 110.0, 100.0)
    scale = seeing(camera=wide)
    rays = wide.rays()
    inside = (abs(rays[..., 0]) < np.tan(np.radians(40))) & (
        abs(rays[..., 1]) < np.tan(np.radians(32.5)))
    image = np.full((120, 160, 3), 255, np.uint8)
    image[inside] = 102
    image[60:][inside[60:]] = 51
    scale.see(image)
    assert scale.relative(at=0.01)[0, 0] == pytest.approx(expected(0.3, ping()), rel=0.05)


def test_a_camera_that_sees_less_is_refused_and_the_echoes_count(seeing):
    scale = seeing(camera=CameraModel(80, 60, 60.0, 45.0))
    scale.echo()
    scale.see()
    assert scale.relative()[0, 0] == pytest.approx(4)
    values = scale.values()
    assert 'the colour camera sees 60 x 45 degrees' in values['avs last refusal']
    assert values['source'] == 'echo'


@pytest.mark.parametrize(('colour', 'words'), [
    (BRIGHT // 20, 'the colour image is dark'), (BRIGHT * 0, 'the colour image is dark'),
    (np.full_like(BRIGHT, 90), 'the colour image is blank')])
def test_in_the_dark_the_echoes_count(bench, seeing, colour, words):
    scale = seeing(clock=True, max_scale_age=60.0)
    for at in (0.0, 0.07):
        scale.see(colour, at=at)
        scale.echo(at=at)
        assert scale.relative(at=at)[0, 0] == pytest.approx(4)
        bench.spin(0.02)
    values = scale.values()
    assert (values['dark colour images'], values['avs depths']) == (2, 0)
    status = scale.node.diagnose()
    assert values['source'] == 'echo' and status.level.name == 'WARN'
    assert status.message.startswith(f'scaled by echoes alone: {words}')


def test_in_the_dark_avs_net_alone_gives_no_scale(seeing):
    scale = seeing(metric_source='avs_net')
    for at in (0.0, 0.07):
        scale.see(BRIGHT // 20, at=at)
        assert np.isnan(scale.relative(at=at)).all()
    assert scale.node.diagnose().message.startswith(
        'no depth by avs_net: the colour image is dark')
    assert not any(s.topic_name.endswith('depth/image') for s in scale.node.subscriptions)


def test_the_dark_is_what_the_parameters_say(seeing):
    scale = seeing(min_brightness=0.0, min_contrast=0.0)
    scale.see(BRIGHT // 20)
    assert scale.values()['avs depths'] == 1


@pytest.mark.parametrize(('spoil', 'words'), [
    (lambda window: window * 0, 'silent'),
    (lambda window: window * np.float32('nan'), 'NaN or infinite'),
    (lambda window: np.clip(window * 50, -1, 1), 'clipped'),
    (lambda window: np.roll(window, 700, axis=1), 'not aligned'),
    (lambda window: window * np.array([[1], [0]], np.float32), 'ear'),
    (lambda window: window[:, :3000].copy(), 'a window of 3000 samples came; expected 3197')])
def test_windows_are_judged_as_those_of_the_student_are(seeing, ping, spoil, words):
    scale = seeing(metric_source='avs_net')
    scale.see(window=spoil(ping()))
    assert np.isnan(scale.relative()).all()
    values = scale.values()
    assert words in values['avs last refusal'] and values['avs refused'] == 1


def test_without_colour_the_echoes_count_at_once(bench, seeing):
    scale = seeing(clock=True, max_scale_age=60.0)
    for at in (0.0, 0.07):
        scale.see(None, at=at)
        scale.echo(at=at)
        assert scale.relative(at=at)[0, 0] == pytest.approx(4)
        bench.spin(0.02)
    assert scale.values()['windows without colour'] == 2
    message = scale.node.diagnose().message
    assert message.startswith('scaled by echoes alone: no colour image comes on')
    assert message.endswith(WHOLE)


def test_colour_of_another_time_leaves_it_to_the_echoes(seeing):
    scale = seeing()
    scale.send(WHOLE, BRIGHT, -5.0)
    scale.bench.spin(0.05)
    scale.see(None, at=0.0)
    scale.echo()
    assert scale.relative()[0, 0] == pytest.approx(4)
    assert scale.values()['windows without colour'] == 1


def test_an_echo_depth_waits_for_the_network_and_gives_way_to_it(seeing, ping):
    scale = seeing(max_source_ratio=100.0)
    scale.see()
    scale.echo()  # of the same ping, later
    assert scale.relative()[0, 0] == pytest.approx(expected(0.3, ping()), rel=0.01)
    values = scale.values()
    assert values['source'] == 'avs_net'
    assert values['source ratio'] == pytest.approx(expected(0.3, ping()) / 4, rel=0.01)


@pytest.mark.parametrize('echo_first', [True, False])
def test_where_both_disagree_the_echoes_count(seeing, ping, echo_first):
    scale = seeing()
    far = ECHO * 3
    if echo_first:
        scale.echo(far)
    scale.see()
    if not echo_first:
        scale.echo(far)
    assert scale.relative()[0, 0] == pytest.approx(12)
    values = scale.values()
    assert (values['source'], values['sources disagreed']) == ('echo', 1)
    assert values['source ratio'] == pytest.approx(expected(0.3, ping()) / 12, rel=0.01)


def test_the_students_confidence_weighs_the_networks_pixels(bench, seeing):
    scale = seeing()
    confidence = np.full((128, 128), 0.9, np.float32)
    confidence[64:] = 0.0
    scale.send('depth/confidence', confidence)
    bench.spin(0.1)
    scale.see()
    relative = RELATIVE.copy()
    relative[:24] = np.linspace(0.4, 0.6, 24)[:, None]
    relative[24:] = 5.0
    metric = scale.relative(relative)
    assert np.median(metric[:24]) == pytest.approx(float(expected_now(scale)), rel=0.05)
    values = scale.told().values
    # ln 1.25 / z(0.95)
    assert values['scale uncertainty'] == pytest.approx(0.136, abs=0.03)
    assert values['pairs without confidence'] == 0


def expected_now(scale):
    """Return the metres that the scale gives the middle of the upper half's relative depth."""
    return 0.5 * scale.told().values['scale']


def test_grey_images_are_refused(seeing):
    scale = seeing()
    scale.see(BRIGHT[..., 0].copy())
    assert "came as 'mono8'; expected colour" in scale.values()['avs last refusal']


def test_a_missing_file_is_said_once_and_done_without(bench):
    scale = Scale(bench, metric_source='auto', avs_model='/nowhere/avs.onnx')
    scale.echo()
    assert scale.relative()[0, 0] == pytest.approx(4)
    values = scale.values()
    assert values['avs model'] == 'none: model /nowhere/avs.onnx does not exist'
    assert not any('binaural' in s.topic_name for s in scale.node.subscriptions)


@pytest.mark.parametrize(('parameters', 'words'), [
    ({'avs_model': '/nowhere/avs.onnx'}, '/nowhere/avs.onnx does not exist'),
    ({'sample_rate': 48000}, 'sample_rate is 44100 in the model and 48000 here')])
def test_what_is_asked_for_and_cannot_be_had_is_a_failure(bench, avs_net, parameters, words):
    node = bench.make(DepthScale, **{
        'metric_source': 'avs_net', 'avs_model': avs_net(), **parameters})
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert words in node.problem


def test_a_network_that_does_not_listen_is_refused(bench, avs_net):
    path = avs_net(replace(CONTRACT, echo_branch=False))
    node = bench.make(DepthScale, metric_source='auto', avs_model=path)
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert 'its scale is a guess by looks' in node.problem


def test_nothing_is_heard_or_seen_for_nobody(bench, avs_net, ping):
    node = bench.start(DepthScale, avs_model=avs_net(), threads=1)
    bench.spin(0.4)
    assert not any(s.topic_name.endswith(('binaural', 'image_raw')) for s in node.subscriptions)
    assert node.diagnose().message == 'nobody listens to metric_depth'


def test_it_can_be_stopped_and_started_again(seeing, ping):
    scale = seeing()
    scale.see()
    before = len(list(scale.node.subscriptions)), len(list(scale.node.guards))
    assert scale.node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    assert not any(s.topic_name.endswith('binaural') for s in scale.node.subscriptions)
    assert scale.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    assert (len(list(scale.node.subscriptions)), len(list(scale.node.guards))) == before
    for at in (0.8, 0.9):
        scale.relative(at=at)
    scale.look('camera/color/camera_info', CAMERA)
    scale.see(at=1.0)
    assert scale.relative(at=1.01)[0, 0] == pytest.approx(expected(0.3, ping()), rel=0.01)
    assert scale.values()['avs depths'] == 1
