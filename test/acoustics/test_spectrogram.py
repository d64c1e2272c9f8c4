# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from echo_depth_ros.acoustics.errors import WindowError
from echo_depth_ros.acoustics.spectrogram import spectrogram

from .scenes import FMT


def test_shape_and_type():
    result = spectrogram(np.zeros((2, 3197), np.float32), FMT)
    assert result.shape == (2, 257, 200)
    assert result.dtype == np.float32
    assert not result.any()


def test_equals_torch():
    torch = pytest.importorskip('torch')
    window = np.random.default_rng(0).standard_normal((2, 3197)).astype(np.float32)
    expected = torch.stft(
        torch.from_numpy(window), 512, hop_length=16, win_length=64,
        window=torch.hann_window(64), center=True, pad_mode='reflect', return_complex=True).abs()
    assert np.allclose(spectrogram(window, FMT), expected.numpy(), atol=2e-5)


@pytest.mark.parametrize('sample, frame', [(1600, 100), (16, 1)])
def test_a_click_is_as_high_as_the_window_where_it_stands(sample, frame):
    window = np.zeros((2, 3197), np.float32)
    window[0, sample] = 2
    result = spectrogram(window, FMT)
    # The middle of a Hann window is one; 16 of 64 samples away it is one half.
    assert np.allclose(result[0, :, frame], 2, atol=1e-5)
    assert np.allclose(result[0, :, frame + 1], 1, atol=1e-5)
    assert np.allclose(result[0, :, frame + 2], 0, atol=1e-5)
    assert not result[1].any()


def test_the_ends_are_mirrored():
    window = np.zeros((2, 3197), np.float32)
    window[:, 8] = 1
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(64) / 64)
    # Frame 0 sees the click at +8 and its mirror image at -8: 2 h |cos(2 pi k 8 / 512)|.
    expected = 2 * hann[40] * np.abs(np.cos(2 * np.pi * np.arange(257) * 8 / 512))
    assert np.allclose(spectrogram(window, FMT)[0, :, 0], expected, atol=1e-5)


def test_a_tone_stands_in_its_bin():
    time = np.arange(3197) / 44100
    frequency = 80 * 44100 / 512
    window = np.stack([np.cos(2 * np.pi * frequency * time)] * 2).astype(np.float32)
    column = spectrogram(window, FMT)[0, :, 100]
    assert np.argmax(column) == 80
    # Half the sum of the Hann window: 64 / 2 / 2.
    assert column[80] == pytest.approx(16, rel=1e-3)


@pytest.mark.parametrize('window', [
    np.zeros((2, 3200), np.float32), np.zeros((3197, 2), np.float32),
    np.zeros((2, 3197), np.int16), np.full((2, 3197), np.nan, np.float32), None])
def test_refuses_what_is_no_window(window):
    with pytest.raises(WindowError, match='expected'):
        spectrogram(window, FMT)
