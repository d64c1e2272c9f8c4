# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from echo_depth_ros.learning.losses import INSIDE
from echo_depth_ros.learning.networks.student import EchoStudent, StudentConfig

from ..toy import make_room

TINY = StudentConfig(encoder=(8, 12, 16, 24), decoder=(16, 12, 8, 8), links=(8, 8, 0),
                     squeeze=8, code=32)


@pytest.fixture(scope='module')
def windows():
    return torch.from_numpy(make_room(3, 4)['waveform']).float() / 32767


@pytest.fixture
def tiny():
    torch.manual_seed(0)
    return EchoStudent(TINY).eval()


def test_answers_with_metres_and_a_chance(tiny, windows):
    depth, confidence = tiny(windows)
    assert depth.shape == confidence.shape == (4, 128, 128)
    assert depth.min() > 0 and depth.max() < 12
    assert confidence.min() >= 0 and confidence.max() <= 1


@pytest.mark.parametrize('gain', [0.01, 0.3, 3.0])
def test_answer_does_not_depend_on_gain(tiny, windows, gain):
    for here, there in zip(tiny(gain * windows), tiny(windows)):
        torch.testing.assert_close(here, there, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize('length', [2000, 3112, 3200, 7782])
def test_windows_of_any_length_are_heard(tiny, length):
    depth, confidence = tiny(torch.randn(2, 2, length))
    assert depth.shape == confidence.shape == (2, 128, 128)
    assert tiny.listen(torch.randn(2, 2, length)).embedding.shape == (2, 16, 8, 8)


@pytest.mark.parametrize('links', [(8, 8, 8), (8, 0, 0), (0, 0, 0)])
def test_links_can_be_left_out(windows, links):
    student = EchoStudent(StudentConfig(**{**TINY.to_dict(), 'links': links})).eval()
    assert student(windows)[0].shape == (4, 128, 128)


def test_silence_gives_numbers(tiny):
    assert all(torch.isfinite(image).all() for image in tiny(torch.zeros(1, 2, 3197)))


def test_starts_from_the_mean_image(tiny, windows):
    mean = torch.linspace(1, 6, 128).expand(128, 128).clone()
    mean[0, 0] = torch.nan
    tiny.set_mean_depth(mean)
    torch.nn.init.zeros_(tiny.head.weight)
    depth, _ = tiny(windows)
    torch.testing.assert_close(depth[:, 1:], mean[1:].expand(4, -1, -1))
    assert torch.isfinite(depth).all()


def test_confidence_is_the_laplace_chance_of_the_calibrated_scale(tiny, windows):
    tiny.set_calibration(0.8, -0.3)
    _, log_scale = tiny.decode_depth(*tiny.listen(windows))
    scale = torch.exp(0.8 * log_scale - 0.3)
    torch.testing.assert_close(tiny(windows)[1], 1 - torch.exp(-INSIDE / scale))


@pytest.mark.parametrize('slope, offset', [(0.0, 0.0), (-1.0, 0.0), (1.0, math.nan)])
def test_a_calibration_that_turns_confidence_around_is_refused(tiny, slope, offset):
    with pytest.raises(ValueError, match='slope'):
        tiny.set_calibration(slope, offset)


def test_every_weight_learns(windows):
    torch.manual_seed(0)
    student = EchoStudent(TINY).train()
    heard = student.listen(windows)
    log_depth, log_scale = student.decode_depth(*heard)
    materials = student.decode_material(heard.embedding)
    assert materials.shape == (4, 17, 32, 32)
    (log_depth.square().mean() + log_scale.square().mean() + materials.square().mean()).backward()
    idle = [name for name, p in student.named_parameters()
            if p.grad is None or not p.grad.abs().any()]
    assert not idle


def test_default_student_is_small():
    assert sum(p.numel() for p in EchoStudent().parameters()) <= 3e6


def test_config_survives_a_checkpoint():
    assert StudentConfig.from_dict(TINY.to_dict()) == TINY
