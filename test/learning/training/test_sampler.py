# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, settings
from hypothesis import strategies as st
import pytest
import torch

from echo_depth_ros.learning.training.errors import TrainingError
from echo_depth_ros.learning.training.sampler import BatchPlan, generator, spread, StepStream

SIZES = st.tuples(st.integers(1, 50), st.integers(1, 6), st.integers(1, 4)).map(
    lambda t: (t[0] + t[1] * t[2], t[1] * t[2], t[2]))
"""Samples, batch, processes."""


@settings(deadline=None)
@given(SIZES, st.integers(0, 10**6), st.integers(0, 200))
def test_ranks_share_the_batch_that_one_process_would_see(sizes, seed, step):
    count, batch, world = sizes
    whole = BatchPlan(count, batch, seed).indices(step)
    parts = [BatchPlan(count, batch, seed, rank, world).indices(step) for rank in range(world)]
    assert len({len(part) for part in parts}) == 1
    assert sorted(torch.cat(parts).tolist()) == sorted(whole.tolist())


@settings(deadline=None)
@given(SIZES, st.integers(0, 10**6))
def test_a_pass_shows_each_sample_at_most_once_and_passes_differ(sizes, seed):
    count, batch, _ = sizes
    plan = BatchPlan(count, batch, seed)
    passes = [torch.cat([plan.indices(number * plan.steps_per_pass + i)
                         for i in range(plan.steps_per_pass)]) for number in range(2)]
    for seen in passes:
        assert len(set(seen.tolist())) == len(seen) == count - count % batch
    if count > 20:
        assert not torch.equal(*passes)


@settings(deadline=None)
@given(st.integers(0, 99), st.integers(0, 99))
def test_a_step_does_not_depend_on_what_came_before(first, then):
    plan = BatchPlan(30, 4, seed=1)
    plan.indices(first)
    assert torch.equal(plan.indices(then), BatchPlan(30, 4, seed=1).indices(then))


def test_chance_differs_between_seeds_steps_and_ranks():
    plans = [BatchPlan(8, 4, seed, rank, 2) for seed in (0, 1) for rank in (0, 1)]
    drawn = {float(torch.rand(1, generator=plan.chance(step), dtype=torch.float64))
             for plan in plans for step in range(5)}
    assert len(drawn) == 20
    assert generator(1, 2).initial_seed() == generator(1, 2).initial_seed()


def test_a_stream_starts_where_the_run_is_and_ends_at_the_next_validation():
    plan = BatchPlan(100, 10, seed=0)
    for now, expected in ((0, [0, 1, 2, 3]), (2, [2, 3]), (4, [4, 5, 6, 7]), (8, [8, 9]),
                          (10, [])):
        stream = StepStream(plan, lambda indices, _: indices, lambda now=now: now, 4, 10)
        shown = list(stream)
        assert len(shown) == len(expected)
        for step, indices in zip(expected, shown):
            assert torch.equal(indices, plan.indices(step))


@pytest.mark.parametrize('numbers', [(0, 4, 0, 0, 1), (4, 4, -1, 0, 1), (4, 4, 0, 2, 2),
                                     (9, 3, 0, 0, 2), (1, 4, 0, 0, 2)])
def test_what_cannot_be_dealt_out_is_refused(numbers):
    with pytest.raises(TrainingError):
        BatchPlan(*numbers)


def test_a_small_data_set_makes_small_batches():
    assert len(BatchPlan(5, 64, 0).indices(3)) == 5


@given(st.integers(1, 5000), st.integers(0, 2000))
def test_spread_is_even_and_about_as_many_as_wanted(count, wanted):
    shown = spread(count, wanted)
    assert shown[0] == 0 and shown[-1] < count
    assert len(set(shown.diff().tolist())) <= 1
    assert len(shown) >= min(count, wanted)
    assert len(shown) <= count if wanted == 0 else len(shown) < 2 * max(wanted, 1) + 1
