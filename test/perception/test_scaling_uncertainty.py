# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether scales are as sure as they say: noisy pairs by the hundred, with a known truth."""

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.special import ndtr

from echo_depth_ros.perception.scaling import SCALINGS
from echo_depth_ros.perception.scaling.uncertainty import common_error, jackknife_error

SHAPE = 64, 64
TRUE = 7.0
ALL = [('median', 'depth'), ('mean_std', 'depth'), ('mean_std', 'disparity'),
       ('least_squares', 'disparity')]


def field(rng, length, deviation):
    """Return normal errors that hang together over ``length`` pixels."""
    noise = rng.normal(0, deviation, SHAPE)
    if not length:
        return noise
    return gaussian_filter(noise, length, mode='wrap') * 2 * math.sqrt(math.pi) * length


def errors(name, kind, *, echo, relative=0.0, common=0.0, length=3, sure=False, pairs=150):
    """Return the error of the log scale, and what it was said to be, (pairs,) each."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(pairs):
        truth = 3 * np.exp(field(rng, 10, 0.35))
        metric = truth * np.exp(field(rng, length, echo) + rng.normal(0, common))
        seen = truth * np.exp(field(rng, length, relative))
        seen = seen / TRUE if kind == 'depth' else TRUE / seen
        confidence = np.full(SHAPE, 2 * ndtr(math.log(1.25) / math.hypot(echo, common)) - 1)
        scaling = SCALINGS[name](seen, metric, kind, confidence if sure else None)
        exact = TRUE if scaling.space == 'depth' else 1 / TRUE
        found.append((math.log(scaling.at(scaling.centre) / (exact * scaling.centre)),
                      scaling.uncertainty))
    return np.array(found).T


def within(error, said, sigmas):
    return np.mean(np.abs(error) < sigmas * said)


@pytest.mark.parametrize(('name', 'kind'), ALL)
@pytest.mark.parametrize('length', [1, 3])
@pytest.mark.parametrize(('echo', 'relative'), [(0.05, 0.0), (0.1, 0.1)])
def test_what_differs_over_the_image_is_covered(name, kind, length, echo, relative):
    error, said = errors(name, kind, echo=echo, relative=relative, length=length, pairs=250)
    # Normal errors: 68 and 95 %.
    assert within(error, said, 1) > 0.62
    assert within(error, said, 2) > 0.9
    # And is no empty word: not far more than it is.
    assert np.median(said) < 2.2 * np.sqrt(np.mean(error ** 2))


@pytest.mark.parametrize(('name', 'kind'), ALL)
def test_what_all_pixels_share_is_covered_by_the_confidence(name, kind):
    error, said = errors(name, kind, echo=0.02, common=0.15, sure=True)
    assert within(error, said, 1) == pytest.approx(0.68, abs=0.12)
    assert within(error, said, 2) == pytest.approx(0.95, abs=0.06)
    assert np.median(said) == pytest.approx(0.15, rel=0.1)


@pytest.mark.parametrize(('name', 'kind'), ALL)
def test_without_confidence_the_shared_error_is_not_seen(name, kind):
    error, said = errors(name, kind, echo=0.02, common=0.15, pairs=60)
    assert within(error, said, 2) < 0.4


@pytest.mark.parametrize(('name', 'kind'), ALL)
def test_of_both_it_is_rather_too_large(name, kind):
    error, said = errors(name, kind, echo=0.15, relative=0.1, common=0.1, sure=True)
    assert within(error, said, 2) > 0.95
    assert np.median(said) < 2.5 * np.sqrt(np.mean(error ** 2))


def test_the_number_of_pixels_makes_nobody_sure():
    """Errors of whole blocks, at two resolutions."""
    rng = np.random.default_rng(0)
    said = []
    for size in (8, 64):
        coarse = rng.normal(0, 0.2, (60, 4, 4))
        truth = rng.lognormal(1, 0.2, (size, size))
        said.append(np.mean([SCALINGS['median'](
            truth, truth * np.exp(np.kron(error, np.ones((size // 4,) * 2)))).uncertainty
            for error in coarse]))
    assert said[1] == pytest.approx(said[0], rel=0.35)


def test_common_error_is_what_confidence_means():
    deviation = 0.2
    share = np.mean(np.abs(np.random.default_rng(0).normal(0, deviation, 200_000)) < np.log(1.25))
    assert common_error(np.full(10, share)) == pytest.approx(deviation, rel=0.01)
    # The unsure pixels have little say.
    assert common_error(np.array([0.9, 1e-6])) == pytest.approx(
        common_error(np.array([0.9])), rel=1e-3)
    assert common_error(np.array([1.0])) > 0


def test_jackknife_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(0).normal(0, 1, 16)
    moves = (values.sum() - values) / 15 - values.mean()
    shares = np.full(16, 1 / 16)
    by_blocks = values.std(ddof=1) / 4
    quarters = values.reshape(2, 2, 2, 2).mean((1, 3))
    by_quarters = quarters.std(ddof=1) / 2
    assert jackknife_error(moves, shares) == pytest.approx(
        math.sqrt(15 / 13) * max(by_blocks, by_quarters))


def test_two_blocks_tell_no_spread():
    shares = np.zeros(16)
    shares[[0, 15]] = 0.5
    assert jackknife_error(np.zeros(16), shares) == math.inf
    assert SCALINGS['median'](np.ones((1, 2)), np.ones((1, 2))).uncertainty == math.inf
