# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the filter of scales promises, for whatever comes."""

from dataclasses import replace
import math

from hypothesis import assume, given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.perception.scaling import LastScale, ScaleFilter, Scaling, UNKNOWN

PING = 73_000_000
START = 1_700_000_000_000_000_000
MAX_AGE = 0.5
settings.register_profile('scaling', max_examples=60, deadline=None, derandomize=True)
PROPERTY = settings.get_profile('scaling')

scales = st.floats(1e-3, 1e3)
sureties = st.floats(0.005, 0.2)
seeds = st.integers(0, 10_000)


def run_in(truth, surety, seed=0, pings=30, noise=True, **options):
    """Return a filter that took pings with errors as large as they say."""
    rng = np.random.default_rng(seed)
    smoother = ScaleFilter(MAX_AGE, **options)
    for at in range(pings):
        error = rng.normal(0, surety) if noise else 0
        smoother.update(Scaling(truth * math.exp(error), uncertainty=surety), START + at * PING)
    return smoother, START + (pings - 1) * PING


def off(scaling, truth):
    return abs(math.log(scaling.scale / truth))


@PROPERTY
@given(scales, sureties, seeds)
def test_a_constant_scale_is_found_within_its_own_uncertainty(truth, surety, seed):
    smoother, last = run_in(truth, surety, seed)
    found = smoother.at(last)
    assert off(found, truth) < 4 * found.uncertainty
    assert found.uncertainty <= max(surety, 0.01)


def test_uncertainty_is_that_of_the_errors_it_makes():
    """Normal errors: 95 % within two standard errors; and smoothing does halve the error."""
    surety, found = 0.1, []
    for seed in range(200):
        smoother, last = run_in(2.0, surety, seed, drift=0.02)
        found.append((math.log(smoother.at(last).scale / 2), smoother.at(last).uncertainty))
    error, said = np.array(found).T
    assert 0.9 < np.mean(np.abs(error) < 2 * said) <= 1
    assert np.std(error) < surety / 2


@PROPERTY
@given(scales, sureties, seeds, st.sampled_from([0.1, 10.0]), st.floats(0.005, 1))
def test_one_outlier_hardly_moves_it_however_sure_it_is(truth, surety, seed, wrong, unsure):
    smoother, last = run_in(truth, surety, seed)
    before = smoother.at(last)
    smoother.update(Scaling(truth * wrong, uncertainty=unsure), last + PING)
    after = smoother.at(last + PING)
    assert off(after, before.scale) < 0.06
    if unsure < 0.3:
        assert after.scale == before.scale and smoother.outliers == 1
    smoother.update(Scaling(truth, uncertainty=surety), last + 2 * PING)
    assert off(smoother.at(last + 2 * PING), truth) < 4 * before.uncertainty + 0.06


@PROPERTY
@given(scales, st.floats(0.005, 0.1), st.sampled_from([0.2, 0.5, 2.0, 5.0]), st.integers(1, 6))
def test_a_step_is_followed_after_as_many_pings_as_asked_for(truth, surety, step, patience):
    assume(abs(math.log(step)) > 3.2 * math.hypot(surety, 0.1))
    smoother, last = run_in(truth, surety, noise=False, patience=patience)
    for count in range(1, patience + 1):
        assert off(smoother.at(last), truth) < 1e-6
        last += PING
        counts = smoother.update(Scaling(truth * step, uncertainty=surety), last)
        assert counts == (count == patience)
    assert off(smoother.at(last), truth * step) < 1e-6
    assert (smoother.outliers, smoother.steps, smoother.restarts) == (patience - 1, 1, 0)


@PROPERTY
@given(scales, sureties)
def test_outliers_that_do_not_agree_make_no_step(truth, surety):
    smoother, last = run_in(truth, surety, noise=False)
    for at in range(1, 5):
        assert not smoother.update(
            Scaling(truth * (10 if at % 2 else 0.1), uncertainty=surety), last + at * PING)
    assert smoother.at(last + 4 * PING).scale == pytest.approx(truth)
    # And where nothing else comes, the scale gets too old.
    assert smoother.at(last + round(0.51e9)) is UNKNOWN


@PROPERTY
@given(scales, scales, st.floats(-1e6, 1e6).filter(lambda gap: abs(gap) > MAX_AGE + 0.001))
def test_a_gap_or_time_that_goes_back_starts_it_anew(truth, other, gap):
    smoother, last = run_in(truth, 0.05, noise=False)
    there = last + round(gap * 1e9)
    assert smoother.at(there) is UNKNOWN
    assert smoother.update(Scaling(other, uncertainty=0.05), there)
    assert smoother.at(there).scale == other and smoother.restarts == 1
    assert smoother.at(last) is UNKNOWN


@PROPERTY
@given(scales, st.sampled_from([
    Scaling(math.nan, uncertainty=0.1), Scaling(-1.0, uncertainty=0.1),
    Scaling(math.inf, uncertainty=0.1), Scaling(1.0, math.nan, 0.1), Scaling(1.0),
    Scaling(1.0, uncertainty=math.inf), UNKNOWN]))
def test_what_is_no_number_is_left_out(truth, nothing):
    smoother, last = run_in(truth, 0.05)
    before = smoother.at(last)
    assert not smoother.update(nothing, last + PING)
    assert smoother.at(last) == before and smoother.age(last + PING) == PING / 1e9
    fresh = ScaleFilter(MAX_AGE)
    assert not fresh.update(nothing, START)
    assert fresh.at(START) is UNKNOWN and fresh.age(START) == math.inf


def test_a_ping_counts_once_however_often_it_is_measured():
    once, last = run_in(2.0, 0.05, pings=5)
    often, _ = run_in(2.0, 0.05, pings=5)
    now = last + PING
    for scale in (20.0, 2.4, 2.1):
        often.update(Scaling(scale, uncertainty=0.05), now)
    once.update(Scaling(2.1, uncertainty=0.05), now)
    assert often.at(now) == once.at(now)
    assert (often.outliers, often.age(now)) == (0, 0)
    # The last word may also be that it is an outlier.
    often.update(Scaling(20.0, uncertainty=0.05), now)
    assert often.outliers == 1 and often.age(now) == PING / 1e9


def test_a_ping_from_shortly_before_is_left_out_and_counts_for_nothing():
    smoother, last = run_in(2.0, 0.05)
    before = smoother.at(last)
    assert not smoother.update(Scaling(2.2, uncertainty=0.05), last - PING)
    assert smoother.at(last) == before and smoother.restarts == 0


def test_it_is_held_and_grows_unsure_and_then_is_forgotten():
    smoother, last = run_in(2.0, 0.05)
    fresh, held = smoother.at(last), smoother.at(last + round(0.5e9))
    assert held.scale == fresh.scale
    assert held.uncertainty ** 2 == pytest.approx(fresh.uncertainty ** 2 + 0.2 ** 2 * 0.5)
    assert smoother.at(last + round(0.5e9) + 1) is UNKNOWN


def test_what_all_pixels_share_does_not_average_out():
    smoother = ScaleFilter(MAX_AGE)
    for at in range(100):
        smoother.update(Scaling(2.0, uncertainty=0.15, common=0.14), START + at * PING)
    assert smoother.at(START + 99 * PING).uncertainty >= 0.14


@pytest.mark.parametrize('space', ['depth', 'disparity'])
def test_lines_with_a_shift_go_as_one(space):
    smoother = ScaleFilter(MAX_AGE)
    line = Scaling(2.0, -1.0, 0.05, kind=space, space=space, centre=2.0)
    for at in range(10):
        smoother.update(line, START + at * PING)
    last = START + 9 * PING
    assert smoother.at(last).scale == pytest.approx(2)
    assert smoother.at(last).shift == pytest.approx(-1)
    # A shift that jumps is an outlier, although the scale is the same.
    assert not smoother.update(replace(line, shift=5.0), last + PING)
    # So is a line that is negative in the middle of the new image.
    assert not smoother.update(replace(line, centre=0.4, shift=0.0), last + 2 * PING)
    # One with a larger scale and a shift to match is none: it is about the same there.
    assert smoother.update(replace(line, scale=2.2, shift=-1.4), last + 3 * PING)
    after = smoother.at(last + 3 * PING)
    assert 2 < after.scale < 2.2 and after.at(2.0) == pytest.approx(3, rel=0.01)


def test_the_other_space_starts_it_anew():
    smoother, last = run_in(2.0, 0.05)
    assert smoother.update(
        Scaling(9.0, 1.0, 0.05, kind='disparity', space='disparity'), last + PING)
    assert smoother.restarts == 1


@pytest.mark.parametrize('options', [
    {'drift': 0.0}, {'sigmas': -1.0}, {'patience': 0}, {'drift': math.nan}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match='drift, sigmas and patience are'):
        ScaleFilter(MAX_AGE, **options)
    with pytest.raises(ValueError, match='max_age is -1'):
        ScaleFilter(-1)


def test_the_last_scale_is_the_last_that_is_one():
    keeper = LastScale(MAX_AGE)
    assert keeper.at(START) is UNKNOWN and keeper.age(START) == math.inf
    assert keeper.update(Scaling(2.0), START) and keeper.update(Scaling(20.0), START + PING)
    assert not keeper.update(UNKNOWN, START + 2 * PING)
    assert keeper.at(START + 2 * PING).scale == 20
    assert keeper.age(START + 2 * PING) == PING / 1e9
    assert keeper.at(START + round(0.6e9)) is UNKNOWN


def test_the_last_scale_is_the_one_of_the_newest_ping():
    keeper = LastScale(60.0)
    assert keeper.update(Scaling(2.0), START + PING)
    assert not keeper.update(Scaling(3.0), START) and keeper.at(START).scale == 2
    assert keeper.update(Scaling(4.0), START + PING) and keeper.at(START).scale == 4
    # A bag that is played again, though the scale is not too old yet.
    again = START - round(2e9)
    assert keeper.update(Scaling(5.0), again) and keeper.at(again).scale == 5


@pytest.mark.parametrize('kind', [LastScale, ScaleFilter])
def test_a_scale_that_is_withdrawn_leaves_the_one_before(kind):
    keeper, first = kind(MAX_AGE), Scaling(2.0, uncertainty=0.1)
    keeper.forget(START)
    assert keeper.update(first, START)
    before = keeper.at(START + PING)
    for _ in range(2):
        assert keeper.update(Scaling(2.2, uncertainty=0.1), START + PING)
    keeper.forget(START + 2 * PING)
    assert keeper.at(START + PING).scale > 2
    keeper.forget(START + PING)
    assert keeper.at(START + PING) == before and keeper.age(START) == 0
    assert keeper.update(Scaling(2.1, uncertainty=0.1), START + PING)
    only = kind(MAX_AGE)
    only.update(first, START)
    only.forget(START)
    assert only.at(START) is UNKNOWN and only.age(START) == math.inf
    assert only.update(first, START + PING)
