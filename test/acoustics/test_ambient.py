# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import warnings

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.acoustics.ambient import (
    AmbientFormat,
    cut_clips,
    log_mel,
    mel_filters,
    to_mono,
)
from echo_depth_ros.acoustics.errors import WindowError

FMT = AmbientFormat()


def _noise(*shape):
    return np.random.default_rng(0).normal(0, 0.05, shape).astype(np.float32)


def test_a_clip_becomes_96_frames_of_64_bands():
    picture = log_mel(_noise(3, 2, FMT.clip))
    assert picture.shape == (3, 2, 96, 64) and picture.dtype == np.float32
    assert FMT.frames == 96 and FMT.clip_duration == pytest.approx(0.96)


def test_pictures_are_those_of_the_authors_front_end():
    torch = pytest.importorskip('torch')
    sound = _noise(FMT.clip)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        spectrum = torch.stft(
            torch.from_numpy(sound), 512, 160, 400, torch.hann_window(400), center=True,
            pad_mode='reflect', return_complex=True).abs().square()
    power = torch.from_numpy(mel_filters().copy()) @ spectrum
    theirs = torch.log(power + 1e-10).T[:-1].numpy()
    assert log_mel(sound) == pytest.approx(theirs, abs=2e-3)


@pytest.mark.parametrize('hertz', [31.25, 62.5, 125.0, 1000.0, 4000.0])
def test_a_tone_lands_in_the_band_around_it(hertz):
    time = np.arange(FMT.clip) / FMT.sample_rate
    picture = log_mel(np.sin(2 * np.pi * hertz * time).astype(np.float32))
    band = int(np.argmax(picture.mean(axis=0)))
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 66) / 2595) - 1)
    assert edges[band] - 20 <= hertz <= edges[band + 2] + 20


def test_no_band_is_empty_and_the_lowest_is_kept():
    filters = mel_filters()
    assert filters.shape == (64, 257) and (filters.max(axis=1) > 0).all()
    assert filters[0, 1] > 0 and filters[0, 3:].sum() == 0


@settings(deadline=None, max_examples=20)
@given(st.floats(0.1, 10))
def test_gain_only_adds(gain):
    sound = _noise(FMT.clip)
    apart = log_mel((gain * sound).astype(np.float32)) - log_mel(sound)
    assert apart == pytest.approx(2 * np.log(gain), abs=1e-2)


@pytest.mark.parametrize('sound', [
    np.zeros(100, np.float32), np.zeros(FMT.clip, np.int16), np.full(FMT.clip, np.nan)])
def test_what_is_no_sound_is_refused(sound):
    with pytest.raises(WindowError, match='expected'):
        log_mel(sound)


def test_silence_has_a_floor():
    assert log_mel(np.zeros(FMT.clip)) == pytest.approx(np.log(1e-10))


def test_recordings_are_averaged_and_cut():
    ears = _noise(2, 3 * FMT.clip + 5)
    mono = to_mono(ears)
    assert mono == pytest.approx(ears.mean(axis=0), abs=1e-6)
    assert cut_clips(mono).shape == (3, FMT.clip)
    assert cut_clips(mono, hop=FMT.clip // 2).shape == (5, FMT.clip)
    assert cut_clips(mono[:100]).shape == (0, FMT.clip)
