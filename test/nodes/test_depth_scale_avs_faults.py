# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An AVS-Net that comes late, is contradicted, is stopped at work, or lacks a camera_info."""

import threading
import time

import numpy as np
import pytest
from rclpy.lifecycle import TransitionCallbackReturn

from echo_depth_ros.perception.avs_depth import AvsDepth

from .scale_bench import ECHO
from .seeing_bench import BRIGHT, CAMERA, expected, WHOLE


def test_the_student_may_rest_where_neither_its_depth_nor_its_confidence_counts(seeing, ping):
    scale = seeing(metric_source='avs_net', use_confidence=False)
    own = scale.node.get_namespace() + '/depth/'
    assert not any(s.topic_name.startswith(own) for s in scale.node.subscriptions)
    scale.see()
    assert scale.relative()[0, 0] == pytest.approx(expected(0.3, ping()), rel=0.01)


def test_no_picture_is_given_to_the_network_before_its_field_of_view_is_known(seeing, ping):
    scale = seeing(camera=None, max_source_ratio=100.0, relative_hfov=80.0, relative_vfov=65.0)
    scale.see(at=0.0)
    scale.echo(at=0.0)
    assert scale.relative()[0, 0] == pytest.approx(4)
    values = scale.values()
    assert (values['source'], values['avs depths']) == ('echo', 0)
    assert 'no camera_info has come yet' in values['avs last refusal']
    scale.look('camera/color/camera_info', CAMERA)
    scale.see(at=0.1)
    assert scale.relative(at=0.1)[0, 0] == pytest.approx(expected(0.3, ping()), rel=0.01)


def test_a_field_of_view_that_never_comes_is_that_of_the_parameters(seeing, capfd):
    scale = seeing(camera=None, relative_hfov=80.0, relative_vfov=65.0)
    for at in range(21):
        scale.see(at=at * 0.1)
    assert scale.values()['avs depths'] == 2
    assert capfd.readouterr().err.count('no camera_info comes on') == 1


def test_what_is_wrong_now_is_told_and_not_what_was_wrong_before(bench, seeing):
    scale = seeing(clock=True, max_scale_age=60.0)
    scale.see(BRIGHT // 20)
    scale.send(WHOLE, BRIGHT, 40.0)
    for at in (0.1, 0.2):
        scale.see(None, at=at)
    for at in (0.0, 0.1):
        scale.echo(at=at)
        scale.relative(at=at)
        bench.spin(0.02)
    message = scale.node.diagnose().message
    assert message.startswith('scaled by echoes alone: no colour image is within sync_tolerance')


def test_it_can_be_stopped_while_the_network_is_at_work(seeing, ping, monkeypatch):
    scale = seeing()
    began, perceive = threading.Event(), AvsDepth.perceive

    def slowly(*args):
        began.set()
        time.sleep(0.2)
        return perceive(*args)
    monkeypatch.setattr(AvsDepth, 'perceive', slowly)
    scale.send(WHOLE, BRIGHT, 0.0, 'camera')
    scale.hear(ping(), 0.0)
    scale.until(began.is_set)
    assert scale.node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    assert not any(thread.name == 'AVS-Net' for thread in threading.enumerate())
    scale.bench.spin(0.3)
    assert scale.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    assert np.isnan(scale.relative(at=0.01)).all()  # nothing of it is left over
    assert scale.values()['avs depths'] == 0


@pytest.mark.parametrize('smooth', [False, True])
def test_what_the_echoes_contradict_is_not_held_though_they_give_no_scale(seeing, smooth):
    scale = seeing(smooth=smooth)
    scale.relative()
    scale.see()
    assert scale.told().values['source'] == 'avs_net'
    # Three times as far, and so patchy that no scale fits.
    far = np.random.default_rng(0).lognormal(np.log(12), 1.5, ECHO.shape).astype(np.float32)
    scale.echo(far)
    assert scale.values()['sources disagreed'] == 1 and 'the images disagree' in scale.refusal
    assert np.isnan(scale.relative(at=0.2)).all()


def test_a_network_that_has_just_begun_is_not_said_to_give_nothing(seeing, ping):
    scale = seeing(clock=True, max_scale_age=60.0)
    for at in (0.0, 0.05):
        scale.echo(at=at)
        scale.relative(at=at)
    scale.see(at=0.1)
    assert scale.relative(at=0.11)[0, 0] == pytest.approx(expected(0.3, ping()), rel=0.02)
    assert scale.values()['source'] == 'avs_net' and scale.values()['avs depths'] == 1
    assert scale.node.diagnose().level.name == 'OK'
