# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from functools import lru_cache

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.acoustics.errors import WindowError
from echo_depth_ros.acoustics.foreign import find_foreign, ForeignWatch

from .scenes import add_noise, FMT, power, reverberation, sweep, window

WHOLE = 9000
WALLS = ((0.9, 0.5), (1.6, 0.4), (2.1, 0.3), (2.9, 0.2))


@lru_cache
def heard(seed, start, decay_s=0.35, direct=0.4):
    """Render one robot's ping from ``start`` on: direct sound, walls, reverberation; (2, n)."""
    rng = np.random.default_rng(seed)
    ears = []
    for _ in range(2):
        ear = sweep(WHOLE, start, direct)
        for range_m, gain in WALLS:
            ear += sweep(WHOLE, start + FMT.range_to_samples(range_m), gain)
        ears.append(ear + 0.5 * reverberation(rng, WHOLE, start + 300, decay_s))
    return np.stack(ears)


def room(seed, foreign=None, level=1.0, own=7):
    """Cut a window of a ping, ``own`` seeding its tail; another comes ``foreign`` samples in."""
    recording = heard(own, 2000 + FMT.direct_index)[:, 2000:2000 + FMT.window].copy()
    if foreign is not None:
        recording += level * heard(11, 2000)[:, 2000 - foreign:][:, :FMT.window]
    return add_noise(recording, np.random.default_rng(seed), power(sweep(2000, 600.0)), 45)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(at=st.integers(1700, 1990), seed=st.integers(0, 99), level=st.floats(1.0, 3.0))
def test_a_loud_late_chirp_is_found_where_it_arrives(at, seed, level):
    found = find_foreign(0.5 * room(seed, at, 2 * level), FMT)
    assert found.index == pytest.approx(at, abs=3)
    assert found.excess_db > 0


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 99), own=st.integers(20, 26))
def test_walls_and_reverberation_are_not_foreign(seed, own):
    assert find_foreign(room(seed, own=own), FMT) is None


def test_a_window_hardly_longer_than_its_chirp_has_room_for_none():
    fmt = replace(FMT, window=1200, direct_index=1000)
    watch = ForeignWatch(fmt)
    noise = np.random.default_rng(0).normal(0, 0.1, (6, 2, fmt.window)).astype(np.float32)
    assert [watch.judge(heard) for heard in noise] == [None] * 6


@pytest.mark.parametrize('range_m', [0.5, 1.0, 2.0, 4.0, 8.0, 11.0])
def test_a_single_wall_in_the_open_is_not_foreign(range_m):
    assert find_foreign(window(0.3, [(range_m, 0.4)]), FMT) is None


def test_flutter_between_two_walls_is_not_foreign():
    echoes = [(1.3 * n, 0.5 * 0.9**n / n) for n in range(1, 9)]
    assert find_foreign(window(0.3, echoes, snr_db=40), FMT) is None


@pytest.mark.parametrize('seed', range(10))
def test_a_knock_is_no_chirp(seed):
    clean = room(seed)
    rng = np.random.default_rng(seed)
    decay = np.exp(-np.arange(1200) / 200)
    clean[:, 1800:3000] += (rng.standard_normal((2, 1200)) * decay * 0.3).astype(np.float32)
    assert find_foreign(clean, FMT) is None
    watch = ForeignWatch(FMT)
    assert [watch.judge(room(n)) for n in range(4)] == [None] * 4
    assert watch.judge(clean) is None


def test_silence_and_faint_noise_hold_nothing():
    assert find_foreign(np.zeros((2, FMT.window), np.float32), FMT) is None
    noise = np.random.default_rng(0).normal(0, 1e-3, (2, FMT.window)).astype(np.float32)
    assert find_foreign(noise, FMT) is None


@pytest.mark.parametrize('bad', [
    np.zeros((2, 3000), np.float32), np.zeros((1, FMT.window), np.float32),
    np.full((2, FMT.window), np.nan, np.float32)])
def test_refuses_what_is_no_window(bad):
    for refuse in (lambda w: find_foreign(w, FMT), ForeignWatch(FMT).judge):
        with pytest.raises(WindowError, match='expected'):
            refuse(bad)


def watched(foreign, level=1.5, quiet=4):
    """Judge a few windows without, then one for each place in ``foreign``; None holds none."""
    watch = ForeignWatch(FMT)
    before = [watch.judge(room(seed, own=30 + seed)) for seed in range(quiet)]
    assert before == [None] * quiet
    return [watch.judge(room(50 + k, at, level, own=40 + k)) for k, at in enumerate(foreign)]


@pytest.mark.parametrize('at', [300, 700, 1200, 1600])
def test_a_chirp_that_comes_early_is_found_by_what_was_there_before(at):
    found, = watched([at])
    assert at - 10 <= found.index
    assert found.excess_db > 0


def test_one_that_goes_on_with_another_rate_goes_on_being_found():
    found = watched([300 + 150 * k for k in range(10)])
    assert None not in found


def test_windows_are_good_again_once_it_is_gone():
    found = watched([700, 900, 1100, None, None])
    assert None not in found[:3]
    assert found[3:] == [None, None]


def test_what_stays_in_place_is_the_room():
    found = watched([900] * 6)
    assert found[0] is not None
    assert found[4:] == [None, None]


def test_never_refuses_without_end():
    found = watched([300 + 431 * k % 1500 for k in range(40)])
    assert None in found


def test_needs_windows_to_compare_with():
    assert watched([700], quiet=1) == [None]


def test_a_gap_makes_it_start_over():
    watch = ForeignWatch(FMT)
    for seed in range(4):
        watch.judge(room(seed))
    watch.start_over()
    assert watch.judge(room(9, 700, 1.5)) is None


def test_a_soft_start_is_no_news():
    watch = ForeignWatch(FMT)
    growing = np.linspace(0.1, 1.0, 15)
    assert [watch.judge(level * room(seed)) for seed, level in enumerate(growing)] == [None] * 15


def test_an_echo_that_seems_foreign_passes_for_as_long_as_it_stays():
    watch = ForeignWatch(FMT)
    for seed in range(4):
        watch.judge(room(seed))
    found = [watch.judge(room(seed, 1850, 2.0)) for seed in range(20)]
    assert all(found[:3]) and not any(found[8:])
    # Once it has moved away it is as foreign as ever.
    for seed in range(60):
        watch.judge(room(seed))
    assert watch.judge(room(7, 1400, 2.0)) is not None
