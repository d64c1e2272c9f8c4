# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The wheels, not only the commands, stand ``stop_within`` after the last good ping."""

from collections import deque
from itertools import count, repeat
import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.navigation.messages import Percept
from echo_depth_ros.navigation.safe_drive import DriveLimits, SafeDrive

PERIOD, HEARD_AFTER = 0.073, 0.1
"""Seconds from ping to ping, and from a ping to its percept."""


class Wheels:
    """
    Wheels as bad as limits allow: late, and braking no harder than they say.

    Speed grows at once. A command that falls begins to count a latency after it was given, and
    stands until the next one does; in between speed falls along a straight line.
    """

    def __init__(self, limits):
        self.late = limits.latency
        self.braking = limits.deceleration, limits.turn_acceleration
        self.now, self.wanted, self.moves = 0.0, (0.0, 0.0), (0.0, 0.0)

    def obey(self, wanted, now):
        """Take a command, later than the last one."""
        spent = now + self.late - self.now
        self.moves = tuple(
            goal if abs(goal) >= abs(moves) else max(goal, moves - brakes * spent)
            for goal, moves, brakes in zip(self.wanted, self.moves, self.braking))
        self.now, self.wanted = now + self.late, wanted

    def stand_at(self):
        """Seconds at which they stand, after a command of zero."""
        assert self.wanted == (0.0, 0.0)
        return self.now + max(moves / brakes for moves, brakes in zip(self.moves, self.braking))


def stands_after(limits, last_ping, gaps):
    """Drive at full speed, hear no ping after one; return its age when the wheels stand."""
    drive, wheels, now = SafeDrive(limits), Wheels(limits), 0.0
    pings = deque(PERIOD * k for k in range(math.floor(last_ping / PERIOD)))
    pings.append(last_ping)
    moved = False
    for gap in gaps:
        while pings and pings[0] + HEARD_AFTER <= now:
            drive.hear(Percept(pings.popleft(), math.inf))
        wheels.obey(drive.command(9.0, 9.0, now), now)
        moved = moved or drive.speed > 0.1
        if not pings and (drive.speed, drive.turn) == (0.0, 0.0):
            break
        now += gap
        assert now < last_ping + 2, 'it is never told to stand'
    assert moved
    return wheels.stand_at() - last_ping


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.data())
def test_the_wheels_stand_in_time_whenever_they_are_commanded(data):
    tick = data.draw(st.floats(0.01, 0.1))
    limits = DriveLimits(
        tick=tick, latency=data.draw(st.floats(0.0, 0.2)), sure_range=9.0, max_speed=1.0,
        acceleration=2.0, deceleration=data.draw(st.floats(0.5, 3.0)),
        turn_acceleration=data.draw(st.floats(2.0, 9.0)),
        stop_within=data.draw(st.floats(0.5, 1.0)))
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    gaps = (tick * rng.uniform(0.3, 1.0) for _ in count())
    assert stands_after(limits, data.draw(st.floats(1.0, 1.2)), gaps) <= limits.stop_within + 1e-9


@pytest.mark.parametrize('latency', [0.0, 0.05, 0.15])
def test_at_the_worst_moment_they_take_all_the_time_that_there_is(latency):
    """A command just before there is no time left stands for a tick, and is braked off last."""
    limits = DriveLimits(latency=latency, sure_range=9.0)
    ages = [stands_after(limits, 1.0 + limits.tick * share / 50, repeat(limits.tick))
            for share in range(50)]
    assert max(ages) <= limits.stop_within + 1e-9
    assert max(ages) > limits.stop_within - limits.tick / 25


@pytest.mark.parametrize('late', [1.4, 2.0, 4.0])
def test_commands_that_come_late_stop_it_no_later_than_they_are_late(late):
    limits = DriveLimits(sure_range=9.0)
    gap = late * limits.tick
    ages = [stands_after(limits, 2.0 + gap * share / 20, repeat(gap)) for share in range(20)]
    assert max(ages) <= limits.stop_within + gap - limits.tick + 1e-9
