# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from echo_depth_ros.acoustics.errors import EchoDepthError, WindowError
from echo_depth_ros.acoustics.quality import assess, check_window

from .scenes import FMT, window


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
