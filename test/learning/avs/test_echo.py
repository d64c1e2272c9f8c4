# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch
from torch.nn import functional

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.spectrogram import spectrogram
from echo_depth_ros.learning.avs.echo import EchoBranch

from .small import senses


@pytest.mark.parametrize('image', [(256, 512), (64, 48)])
def test_the_picture_is_the_packages_spectrogram_at_the_images_size(image):
    windows = senses()[1]
    picture = EchoBranch(image, (8, 8, 8, 8)).picture(windows)
    expected = np.stack([spectrogram(window, PingFormat()) for window in windows.numpy()])
    expected = functional.interpolate(torch.from_numpy(expected), image, mode='bilinear')
    assert picture.shape == (2, 2, *image)
    assert torch.allclose(picture, expected, atol=1e-4)


def test_it_is_a_resnet_18_with_two_channels():
    branch = EchoBranch((128, 128), (64, 128, 256, 512))
    # 11,689,512 as published, without its classifier and the kernels of a third channel.
    weights = sum(p.numel() for p in branch.parameters())
    assert weights == 11_689_512 - 513_000 - 64 * 49
    assert branch(senses()[1]).shape == (2, 512, 4, 4)


def test_the_log_level_does_not_mind_gain_and_the_magnitude_does():
    windows = senses()[1]
    for level, same in (('log', True), ('magnitude', False)):
        branch = EchoBranch((32, 32), (4, 4, 4, 4), level)
        one, other = branch.picture(windows), branch.picture(3 * windows)
        assert torch.allclose(one, other, atol=1e-4) == same
    assert torch.allclose(other, 3 * one, rtol=1e-3)


def test_silence_is_finite():
    branch = EchoBranch((32, 32), (4, 4, 4, 4), 'log').eval()
    windows = torch.zeros(1, 2, 3197, requires_grad=True)
    branch(windows).sum().backward()
    assert torch.isfinite(windows.grad).all()
