# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.audio.resampling import Resampler

RATES = [(48000, 44100), (96000, 44100), (192000, 44100), (44100, 48000), (88200, 44100)]


def at(rates, signal, start, count):
    """Frames of a signal, given as a function of seconds, through a resampler."""
    resampler = Resampler(*rates)
    first, needed = resampler.source_span(start, count)
    block = signal(np.arange(first, first + needed) / rates[0])
    return resampler(np.stack([block, -block]).astype(np.float32), start, count)


@pytest.mark.parametrize('rates', RATES)
@pytest.mark.parametrize('hertz', [50.0, 1000.0, 12345.0, 20000.0])
def test_a_sine_stays_that_sine(rates, hertz):
    def sine(seconds):
        return 0.5 * np.sin(2 * np.pi * hertz * seconds + 0.3)
    start, count = 1234567, 900
    got = at(rates, sine, start, count)
    assert got.dtype == np.float32 and got.shape == (2, count)
    expected = sine(np.arange(start, start + count) / rates[1])
    np.testing.assert_allclose(got, np.stack([expected, -expected]), atol=2e-4)


@pytest.mark.parametrize('rates', RATES[:3])
def test_what_cannot_be_represented_does_not_fold_back(rates):
    got = at(rates, lambda seconds: np.sin(2 * np.pi * 23600 * seconds), 1000, 2000)
    assert np.abs(got).max() < 2e-3


@settings(max_examples=40, deadline=None, derandomize=True)
@given(rates=st.sampled_from(RATES), start=st.integers(5000, 5_000_000_000),
       count=st.integers(1, 700), data=st.data())
def test_the_same_frames_are_the_same_samples(rates, start, count, data):
    random = np.random.default_rng(start)
    resampler = Resampler(*rates)
    first, needed = resampler.source_span(start, count)
    noise = random.standard_normal((2, needed)).astype(np.float32)
    whole = resampler(noise, start, count)
    inner = data.draw(st.integers(0, count - 1))
    length = data.draw(st.integers(1, count - inner))
    at_source, enough = resampler.source_span(start + inner, length)
    assert first <= at_source and at_source + enough <= first + needed
    part = noise[:, at_source - first:at_source - first + enough]
    np.testing.assert_array_equal(
        resampler(part, start + inner, length), whole[:, inner:inner + length])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rates=st.sampled_from(RATES), end=st.integers(2000, 5_000_000_000))
def test_the_newest_frame_can_be_had_and_hardly_more(rates, end):
    resampler = Resampler(*rates)
    newest = resampler.target_end(end) - 1
    first, count = resampler.source_span(newest, 1)
    assert first + count <= end
    first, count = resampler.source_span(newest + 3, 1)
    assert first + count > end


@pytest.mark.parametrize('rates', RATES)
def test_an_instant_is_the_same_at_both_rates(rates):
    resampler = Resampler(*rates)
    for second in (1, 3600, 100000):
        assert resampler.to_target(second * rates[0]) == second * rates[1]
        assert resampler.to_source(second * rates[1]) == second * rates[0]


def test_equal_rates_change_nothing():
    resampler = Resampler(44100, 44100)
    block = np.ones((2, 7), np.float32)
    assert resampler.source_span(5, 7) == (5, 7)
    assert resampler(block, 5, 7) is block
    assert resampler.target_end(123) == 123
