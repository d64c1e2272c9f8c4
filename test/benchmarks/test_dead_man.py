# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How the benchmark of the dead man reads what it has noted."""

from dataclasses import replace
import math

import pytest

psutil = pytest.importorskip('psutil', reason='the benchmarks need psutil')


@pytest.fixture(scope='module')
def dead_man(script):
    return script('dead_man')


@pytest.fixture
def notes(script):
    """Two seconds at 0.2 m/s, braked from 1.0 s on, standing from 1.2 s on; zero at 0.9 s."""
    notes, x = script('watched_robot').Notes(), 0.0
    for number in range(100):
        at = number / 50
        speed = min(0.2, max(0.0, 1.2 - at))
        x += speed / 50
        notes.moments.append((at, x, 0.0, speed, 0.0))
    for number in range(60):
        at = number / 30
        notes.commands.append((at, 0.2 if at < 0.9 else 0.0, 0.0))
    for number in range(8):
        notes.pings.append((0.12 + 0.07 * number, 0.02 + 0.07 * number))
    return notes


def test_zero_is_the_first_of_those_that_last(notes):
    assert notes.zero_after(0.5) == pytest.approx(0.9, abs=0.02)
    notes.commands.append((2.1, 0.1, 0.0))
    assert math.isnan(notes.zero_after(0.5))
    notes.commands.append((2.2, 0.0, 0.0))
    assert notes.zero_after(0.5) == 2.2


def test_standstill_and_the_way_there(notes):
    stand, rolled = notes.standstill_after(0.6)
    assert stand == pytest.approx(1.2, abs=0.03)
    assert rolled == pytest.approx(0.2 * 0.4 + 0.2 * 0.2 / 2, abs=0.01)


def test_one_that_goes_on_never_stands(notes):
    notes.moments.append((2.0, 9.0, 0.0, 0.0, 0.3))
    assert all(math.isnan(figure) for figure in notes.standstill_after(0.6))


def test_a_gap_in_what_is_known_shows(notes):
    assert notes.longest_gap(0.5, 1.5) == pytest.approx(0.02)
    gone = [moment for moment in notes.moments if 0.9 < moment[0] < 1.4]
    for moment in gone:
        notes.moments.remove(moment)
    assert notes.longest_gap(0.5, 1.5) == pytest.approx(0.5, abs=0.03)
    assert math.isinf(notes.longest_gap(5.0, 6.0))


def test_the_last_good_ping_is_one_that_came_in_time_and_was_fresh(notes):
    assert notes.last_good(0.4, 0.5) == pytest.approx(0.30)
    notes.pings.append((0.35, -0.7))
    notes.pings.append((0.36, 1.3))
    assert notes.last_good(0.4, 0.5) == pytest.approx(0.30)
    assert math.isnan(notes.last_good(0.1, 0.5))


def test_no_bar_is_met_by_what_never_came(dead_man):
    never = dead_man.Outcome(0.2, *[math.nan] * 5)
    well = dead_man.Outcome(0.2, 0.1, 0.3, 0.3, 0.45, 0.05)
    for fault in dead_man.FAULTS:
        assert not dead_man.judge(fault, never)
        assert dead_man.judge(fault, well)
    late = replace(well, ping_to_stand=0.76, fault_to_zero=0.51, fault_to_stand=0.9)
    assert not any(dead_man.judge(fault, late) for fault in dead_man.FAULTS)


def test_faults_have_names_of_their_own(dead_man):
    names = [fault.name for fault in dead_man.FAULTS]
    assert len(names) == len(set(names)) > 12
