# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sound that says nothing about walls is refused in words."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.acoustics.ambient_checks import check_ambient, IMBALANCE_DB
from echo_depth_ros.acoustics.errors import WindowError


def _noise(level=0.01, seed=0):
    return np.random.default_rng(seed).normal(0, level, (2, 16000)).astype(np.float32)


def _with(change):
    ears = _noise()
    change(ears)
    return ears


def _scale(ears, ear, gain):
    ears[ear] *= gain


@pytest.mark.parametrize('ears', [_noise(0.0001), _noise(0.2), _noise() + np.float32(0.05),
                                  _noise() * np.float32([[1], [3]])])
def test_ordinary_sound_passes(ears):
    check_ambient(ears)
    check_ambient(ears.astype(np.float64))


@pytest.mark.parametrize(('ears', 'words'), [
    (_noise() * 0, 'left ear is silent'),
    (_with(lambda ears: _scale(ears, 1, 0)), 'right ear is silent'),
    (_with(lambda ears: ears[1].fill(0.3)), 'right ear is silent'),
    (_with(lambda ears: _scale(ears, 0, 0.1)), 'left ear is 20 dB weaker'),
    (np.clip(_noise(0.8), -1, 1), 'clipped'),
    (_with(lambda ears: ears[0, :8000].fill(1)), 'left ear are clipped'),
    (_with(lambda ears: ears[1, 5000:5400].fill(0)), 'right ear keeps one value'),
    (_with(lambda ears: ears.__setitem__(1, ears[0])), 'exactly the same'),
    (_with(lambda ears: ears.__setitem__((0, 3), np.nan)), 'NaN'),
    (_with(lambda ears: ears.__setitem__((0, 3), np.inf)), 'NaN or infinite'),
    (_noise()[:, :1000], '1000 samples; expected at least 15360'),
    (_noise()[0], r'shape \(2, n\)'),
    ((_noise() * 32767).astype(np.int16), 'int16')])
def test_what_is_wrong_is_said(ears, words):
    with pytest.raises(WindowError, match=words):
        check_ambient(ears)


def test_a_network_of_both_ears_average_may_hear_one_channel_twice():
    check_ambient(np.repeat(_noise()[:1], 2, axis=0), sides=False)


@settings(max_examples=30, deadline=None)
@given(gap=st.floats(-40, 40), seed=st.integers(0, 99))
def test_ears_may_differ_by_so_many_decibels(gap, seed):
    ears = _noise(seed=seed)
    ears[0] *= np.float32(10 ** (gap / 20))
    if abs(gap) < IMBALANCE_DB - 0.5:
        check_ambient(ears)
    elif abs(gap) > IMBALANCE_DB + 0.5:
        with pytest.raises(WindowError, match='weaker|silent|clipped'):
            check_ambient(ears)


@settings(max_examples=20, deadline=None)
@given(start=st.integers(0, 15600), length=st.integers(160, 400), ear=st.integers(0, 1))
def test_a_gap_is_found_wherever_it_is(start, length, ear):
    ears = _noise()
    ears[ear, start:start + length] = 0
    if 16000 - start >= 160:
        with pytest.raises(WindowError, match='keeps one value'):
            check_ambient(ears)
