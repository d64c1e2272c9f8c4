# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from echo_depth_ros.acoustics.errors import EchoDepthError, WindowError
from echo_depth_ros.acoustics.quality import assess, check_window, KINDS

from .scenes import FMT, window
from .test_foreign import room


def test_a_good_window_has_no_problem():
    quality = assess(window(0.5, [], snr_db=25), FMT)
    assert quality.problem is None
    assert quality.snr_db == pytest.approx(25, abs=2.5)
    assert quality.clipped_fraction == 0
    assert quality.peak == pytest.approx(0.25, abs=0.1)
    assert quality.imbalance_db == pytest.approx(0, abs=1)


def test_measures_imbalance():
    heard = window(0.5, [], snr_db=25)
    heard[1] *= 0.1
    assert assess(heard, FMT).imbalance_db == pytest.approx(20, abs=0.5)


@pytest.mark.parametrize('spoil, word', [
    (lambda w: w * 0, 'silent'),
    (lambda w: np.clip(w * 8, -1, 1), 'clipped'),
    (lambda w: w * np.float32([[1], [1e-3]]), 'right ear'),
    (lambda w: w * np.float32([[0], [1]]), 'left ear'),
    (lambda w: np.roll(w, 500, axis=1), 'direct sound'),
    (lambda w: np.where(np.arange(w.shape[1]) == 9, np.nan, w), '2 of 6394 samples are NaN'),
    (lambda w: np.where(np.arange(w.shape[1]) == 9, np.inf, w), 'infinite')])
def test_names_the_problem(spoil, word):
    heard = spoil(window(0.5, [(2.0, 0.4)], snr_db=25)).astype(np.float32)
    assert word in assess(heard, FMT).problem


def test_noise_is_a_problem_below_the_limit():
    heard = window(0.5, [], snr_db=10)
    assert assess(heard, FMT).problem is None
    assert 'expected at least 15 dB' in assess(heard, FMT, min_snr_db=15).problem


@pytest.mark.parametrize('bad, what', [
    (np.zeros((2, 3200), np.float32), '3200 samples; expected 3197'),
    (np.zeros((1, 3197), np.float32), r'\(1, 3197\)'),
    (np.zeros((2, 3197), np.uint8), 'uint8')])
def test_refuses_what_is_no_window(bad, what):
    for refuse in (assess, check_window):
        with pytest.raises(WindowError, match=what):
            refuse(bad, FMT)


def test_nan_is_an_error_where_it_must_not_pass():
    bad = np.zeros((2, 3197), np.float32)
    bad[0, 5] = np.nan
    with pytest.raises(WindowError, match='1 NaN or infinite'):
        check_window(bad, FMT)


def test_errors_belong_to_one_family():
    assert issubclass(WindowError, EchoDepthError)
    assert issubclass(WindowError, ValueError)


@pytest.mark.parametrize('spoil, kind', [
    (lambda w: w * 0, 'silent'),
    (lambda w: np.clip(w * 8, -1, 1), 'clipped'),
    (lambda w: w * np.float32([[1], [1e-3]]), 'imbalance'),
    (lambda w: np.roll(w, 500, axis=1), 'snr'),
    (lambda w: np.where(np.arange(w.shape[1]) == 9, np.nan, w), 'numbers')])
def test_names_the_kind_to_count_by(spoil, kind):
    heard = spoil(window(0.5, [(2.0, 0.4)], snr_db=25)).astype(np.float32)
    assert assess(heard, FMT).kind == kind
    assert kind in KINDS


def test_a_good_window_is_of_no_kind():
    quality = assess(window(0.5, [], snr_db=25), FMT)
    assert quality.kind is None and quality.foreign is None


@pytest.mark.parametrize('fraction', [-0.5, -0.25, 0, 0.3, 0.5])
@pytest.mark.parametrize('gain', [0.02, 0.5])
def test_measures_the_level_of_the_direct_sound_at_each_ear(gain, fraction):
    heard = window(gain, [], snr_db=40, fraction=fraction)
    heard[1] *= 0.5
    left, right = assess(heard, FMT).direct_level_db
    # The chirp's own amplitude is a half, -6 dB of full scale.
    assert left == pytest.approx(20 * np.log10(0.5 * gain), abs=1.3)
    assert right == pytest.approx(left - 6.02, abs=0.3)


@pytest.mark.parametrize('gains, least, words', [
    ((1, 0.1), -20, ('-32 dB of full scale in the right ear', 'at least -20 dB')),
    ((0.1, 1), -20, ('in the left ear', 'at least -20 dB')),
    ((0.1, 0.1), -20, ('left ear and -32 dB in the right', 'volume')),
    ((1, 0.5), (-20, -15), ('in the right ear', 'at least -15 dB'))])
def test_a_direct_sound_below_its_calibrated_level_names_the_ear(gains, least, words):
    heard = window(0.5, [], snr_db=40) * np.float32(gains)[:, None]
    quality = assess(heard, FMT, min_direct_level_db=least)
    assert quality.kind == 'level'
    for word in words:
        assert word in quality.problem
    assert assess(heard, FMT, min_direct_level_db=-40).problem is None


def test_somebody_elses_chirp_is_a_problem():
    heard = room(0, 1900, 4.0) * 0.25
    quality = assess(heard, FMT)
    assert quality.kind == 'foreign'
    assert quality.foreign.index == pytest.approx(1900, abs=3)
    assert "somebody else's chirp sets in 42 ms after the direct sound" in quality.problem
    ignored = assess(heard, FMT, look_for_foreign=False)
    assert ignored.problem is None and ignored.foreign is None
