# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import numpy as np
import pytest

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.errors import WindowError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.ping_judge import PingJudge

FMT = PingFormat()


def window(*chirps, noise=1e-3, seed=0):
    """Make a window of chirps: sample and gain each."""
    out = np.random.default_rng(seed).normal(0, noise, (2, FMT.window)).astype(np.float32)
    for at, gain in chirps:
        out[:, at:at + FMT.chirp_samples] += gain * linear_chirp(FMT)
    return out


def direct_and_echo(seed, *more):
    return window((FMT.direct_index, 0.3), (600, 0.1), *more, seed=seed)


def test_good_windows_are_not_counted():
    judge = PingJudge(FMT, min_snr_db=6.0)
    for seed in range(8):
        heard = direct_and_echo(seed)
        assert judge.foreign(heard) is None and judge.judge(heard) is None
    assert not judge.counts and judge.in_a_row == 0


def test_somebody_elses_chirp_is_found_among_windows_without_it():
    judge = PingJudge(FMT)
    for seed in range(6):
        judge.foreign(direct_and_echo(seed))
    found = judge.foreign(direct_and_echo(7, (2000, 0.3)))
    assert found.kind == 'foreign' and 'stop the other emitter' in found.text
    assert judge.counts == {'foreign': 1} and judge.in_a_row == 1
    assert judge.foreign(direct_and_echo(8)) is None


def test_faults_are_counted_by_kind_and_in_a_row():
    judge = PingJudge(FMT, min_snr_db=6.0, min_direct_level_db=(-30.0, -30.0))
    assert judge.judge(np.zeros((2, FMT.window), np.float32)).kind == 'silent'
    covered = direct_and_echo(0)
    covered[1] *= 0.1
    assert judge.judge(covered).kind == 'level'
    assert judge.judge(direct_and_echo(1, (500, 20.0)).clip(-1, 1)).kind == 'clipped'
    assert judge.in_a_row == 3 and judge.counts.total() == 3
    assert judge.judge(direct_and_echo(2)) is None and judge.in_a_row == 0


def test_samples_that_are_no_numbers_are_named_and_not_remembered():
    judge = PingJudge(FMT)
    broken = direct_and_echo(0)
    broken[0, 5] = np.nan
    assert judge.foreign(broken) is None
    assert judge.judge(broken).kind == 'numbers'


def test_another_shape_is_an_error():
    with pytest.raises(WindowError):
        PingJudge(FMT).judge(np.zeros((2, 10), np.float32))
