# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the range promises, whatever a policy asks for."""

from collections import deque
from dataclasses import replace
import math

from hypothesis import given, Phase, settings
from hypothesis import strategies as st
import pytest

from echo_depth_ros.navigation.messages import Percept
from echo_depth_ros.navigation.safe_drive import DriveLimits, SafeDrive

LIMITS = DriveLimits()
KEPT = LIMITS.robot_radius + LIMITS.margin
PERIOD = 0.073
NO_SHRINKING = (Phase.explicit, Phase.generate)
"""A drive of 160 ticks has hundreds of draws: to shrink one takes minutes, and tells little."""


class Room:
    """A robot in a rectangular room whose wheels are as late and as slippery as is allowed."""

    def __init__(self, drive, draw, heard_from=math.inf, lose=True):
        self.drive, self.draw = drive, draw
        self.size = draw(st.floats(1.0, 3.0)), draw(st.floats(1.0, 3.0))
        self.x, self.y = (draw(st.floats(0.4, extent - 0.4)) for extent in self.size)
        self.yaw = draw(st.floats(-math.pi, math.pi))
        self.heard_from, self.lose = heard_from, lose
        self.slip = 1 + draw(st.floats(-0.1, LIMITS.slip))
        self.commands = deque([(-9.0, 0.0, 0.0)])
        self.percepts = deque()
        self.now = self.next_ping = 0.0
        self.since_lost = 0

    @property
    def clear(self):
        return min(self.x, self.size[0] - self.x, self.y, self.size[1] - self.y)

    def ping(self):
        lost = self.lose and self.since_lost >= LIMITS.agree and self.draw(st.booleans())
        self.since_lost = 0 if lost else self.since_lost + 1
        heard = not lost and self.clear < self.heard_from
        error = self.draw(st.floats(-LIMITS.range_error, LIMITS.range_error))
        range_m = self.clear + error if heard else self.draw(st.sampled_from([0.3, 3.0, math.inf]))
        arrives = self.now + self.draw(st.floats(0.08, 0.15))
        self.percepts.append((arrives, Percept(self.now, range_m)))
        self.next_ping = self.now + PERIOD

    def tick(self, speed, turn):
        if self.now >= self.next_ping:
            self.ping()
        while self.percepts and self.percepts[0][0] <= self.now:
            self.drive.hear(self.percepts.popleft()[1])
        self.commands.append((self.now, *self.drive.command(speed, turn, self.now)))
        for _ in range(5):
            self.advance(LIMITS.tick / 5)

    def advance(self, duration):
        """Do for a moment what was commanded a latency ago."""
        while len(self.commands) > 1 and self.commands[1][0] <= self.now - LIMITS.latency + 1e-9:
            self.commands.popleft()
        _, speed, turn = self.commands[0]
        self.yaw += turn * duration
        self.x += self.slip * speed * math.cos(self.yaw) * duration
        self.y += self.slip * speed * math.sin(self.yaw) * duration
        self.now += duration
        assert self.clear >= KEPT


def drive_about(data, **room):
    there = Room(SafeDrive(LIMITS), data.draw, **room)
    for _ in range(8):
        speed = data.draw(st.sampled_from([-9.0, -0.2, 0.0, 0.1, 0.25, 9.0]))
        turn = data.draw(st.floats(-2, 2))
        for _ in range(20):
            there.tick(speed, turn)


@settings(max_examples=25, deadline=None, derandomize=True, phases=NO_SHRINKING)
@given(st.data())
def test_no_policy_brings_the_robot_near_a_wall_that_is_reported(data):
    drive_about(data)


@settings(max_examples=25, deadline=None, derandomize=True, phases=NO_SHRINKING)
@given(st.data())
def test_nor_near_one_that_is_only_heard_from_sure_range_on(data):
    drive_about(data, heard_from=LIMITS.sure_range, lose=False)


QUICK = replace(LIMITS, max_speed=1.0, acceleration=2.0, stop_within=3.0, creep_speed=0.0,
                creep_distance=0.0)


@pytest.mark.parametrize('heard_from', [math.inf, LIMITS.sure_range])
@pytest.mark.parametrize('ping_at', [0.0, 0.01, 0.02, 0.03, 0.04])
def test_a_fast_robot_stops_by_its_margin_and_not_long_before(heard_from, ping_at):
    """Head on, with the latest and most slippery wheels and the latest and worst range allowed."""
    drive, step, place, wall = SafeDrive(QUICK), 0.01, 0.0, 6.0
    commands, percepts = [0.0] * round(QUICK.latency / step), deque()
    for count in range(3000):
        now = count * step
        if count % 7 == round(ping_at / step):
            clear = wall - place
            range_m = clear + QUICK.range_error if clear < heard_from else math.inf
            percepts.append(Percept(now, range_m))
        while percepts and percepts[0].stamp_s <= now - 0.15:
            drive.hear(percepts.popleft())
        if count % round(QUICK.tick / step) == 0:
            drive.command(9.0, 0.0, now)
        commands.append(drive.speed)
        place += (1 + QUICK.slip) * commands.pop(0) * step
        assert wall - place >= KEPT - 1e-6
    assert wall - place < KEPT + 0.03


@given(st.floats(0, 2))
def test_stopping_distance_and_speed_are_inverse(room):
    assert LIMITS.stopping_distance(LIMITS.speed_for(room)) == pytest.approx(room, abs=1e-9)


@given(st.floats(0, 2), st.floats(0, 2))
def test_more_room_is_never_slower(a, b):
    assert LIMITS.speed_for(min(a, b)) <= LIMITS.speed_for(max(a, b))


def going(range_m=2.0, seconds=1.5):
    """Return a drive at full speed, and the time."""
    drive, now, commands = SafeDrive(LIMITS), 0.0, []
    while now < seconds:
        drive.hear(Percept(now - 0.12, range_m))
        commands.append(drive.command(9.0, 0.0, now))
        now += LIMITS.tick
    return drive, now, commands


def test_full_speed_in_the_open_and_no_jump_on_the_way_there():
    _, _, commands = going()
    speeds = [speed for speed, _ in commands]
    assert speeds[0] == 0
    assert speeds[-1] == pytest.approx(LIMITS.max_speed)
    steepest = max(b - a for a, b in zip(speeds, speeds[1:]))
    assert steepest <= LIMITS.acceleration * LIMITS.tick + 1e-9


def test_turns_do_not_jump_either():
    drive, now, _ = going()
    turns = []
    for wanted in [9.0] * 12 + [-9.0] * 20:
        drive.hear(Percept(now - 0.05, 2.0))
        turns.append(drive.command(0.0, wanted, now)[1])
        now += LIMITS.tick
    assert max(turns) == pytest.approx(LIMITS.max_turn) == -min(turns)
    steepest = max(abs(b - a) for a, b in zip(turns, turns[1:]))
    assert steepest == pytest.approx(LIMITS.turn_acceleration * LIMITS.tick)


@pytest.mark.parametrize('range_m', [None, math.nan])
def test_stands_half_a_second_after_the_last_good_ping(range_m):
    drive, now, _ = going()
    last = now - LIMITS.tick - 0.12
    while now < last + LIMITS.stop_within - LIMITS.latency - LIMITS.tick + 1e-9:
        if range_m is not None:
            drive.hear(Percept(now, range_m))
        speed, turn = drive.command(9.0, 9.0, now)
        now += LIMITS.tick / 5
    assert (speed, turn) == (0, 0)


def test_does_not_start_before_it_has_heard_anything():
    drive = SafeDrive(LIMITS)
    assert [drive.command(1.0, 1.0, 0.05 * k) for k in range(20)] == [(0, 0)] * 20


def test_old_pings_do_not_count_anew():
    drive, now, _ = going()
    for _ in range(20):
        drive.hear(Percept(0.0, 5.0))
        now += LIMITS.tick
        drive.command(9.0, 0.0, now)
    assert drive.speed == 0


def test_a_clock_that_falls_lets_nothing_jump():
    drive, now, _ = going()
    before, here = drive.speed, drive.nearest()
    assert drive.command(9.0, 0.0, now - 0.2)[0] <= before + 1e-9
    assert drive.nearest() <= here + 1e-9


def test_going_back_is_way_too():
    drive, now = SafeDrive(LIMITS), 0.0
    for _ in range(20):
        drive.hear(Percept(now - 0.1, 2.0))
        drive.command(-9.0, 0.0, now)
        now += LIMITS.tick
    before = drive.nearest()
    drive.command(-9.0, 0.0, now)
    assert drive.nearest() < before


def test_one_ghost_does_not_brake():
    drive, now, _ = going()
    for range_m in (2.0, 0.26, 2.0, 2.0):
        drive.hear(Percept(now - 0.12, range_m))
        assert drive.command(9.0, 0.0, now)[0] == pytest.approx(LIMITS.max_speed)
        now += LIMITS.tick


def test_unheard_surfaces_are_taken_for_as_near_as_they_can_be():
    """
    A wall is heard from sure range on, and must be told of by ``agree`` pings.

    The first of the last ``agree`` pings that told nothing near may have been just farther away
    than that: all the way since counts, from a latency before it, with slip.
    """
    drive, now, pings = SafeDrive(LIMITS), 0.0, []
    for count in range(60):
        if count % 3 == 0:
            pings.append(now)
            drive.hear(Percept(now, math.inf))
        drive.command(LIMITS.max_speed, 0.0, now)
        now += LIMITS.tick / 2
    seconds = now - LIMITS.tick / 2 - (pings[-LIMITS.agree] - LIMITS.latency)
    way = LIMITS.max_speed * seconds * (1 + LIMITS.slip)
    assert drive.speed == pytest.approx(LIMITS.max_speed)
    assert drive.room() == pytest.approx(LIMITS.sure_range - way - LIMITS.stop_range)


def test_ranges_age_with_the_way_that_was_gone_since():
    drive, now, _ = going(math.inf, seconds=1.0)
    for _ in range(LIMITS.memory):
        drive.hear(Percept(now, 1.0))
        now += 1e-3
    here = drive.nearest()
    gone = 0.0
    for _ in range(10):
        gone += drive.speed * LIMITS.tick * (1 + LIMITS.slip)
        drive.command(LIMITS.max_speed, 0.0, now)
        now += LIMITS.tick
    assert here - drive.nearest() == pytest.approx(gone, abs=0.02) and gone > 0.08


def test_a_late_tick_does_not_let_the_command_jump():
    drive, now, _ = going(seconds=0.1)
    before = drive.speed
    now += 0.3
    drive.hear(Percept(now - 0.1, 2.0))
    assert drive.command(9.0, 9.0, now)[0] <= before + LIMITS.acceleration * LIMITS.tick + 1e-9


def test_backwards_is_bounded_as_ahead_is():
    drive, now = SafeDrive(LIMITS), 0.0
    for _ in range(40):
        drive.hear(Percept(now - 0.05, 2.0))
        drive.command(-9.0, -9.0, now)
        now += LIMITS.tick
    assert drive.speed == pytest.approx(-LIMITS.max_speed)
    assert drive.turn == pytest.approx(-LIMITS.max_turn)
    while drive.speed:
        before = drive.speed
        drive.hear(Percept(now - 0.1, 2.0))
        drive.command(9.0, 0.0, now)
        assert 0 < drive.speed - before <= LIMITS.deceleration * LIMITS.tick + 1e-9
        assert drive.speed <= 0  # stands before it turns round
        now += LIMITS.tick


def test_the_same_ping_twice_is_one_ping():
    drive = SafeDrive(LIMITS)
    drive.hear(Percept(0.0, 2.0))
    drive.hear(Percept(0.1, 0.3))
    drive.hear(Percept(0.1, 0.3))
    assert drive.nearest() == 2.0


def test_a_stamp_that_is_no_number_is_left_out():
    drive = SafeDrive(LIMITS)
    drive.hear(Percept(math.inf, 2.0))
    assert drive.age(0.0) == math.inf


def test_blind_range_keeps_the_robot_farther_away():
    deaf = replace(LIMITS, blind_range=0.33)
    assert deaf.stop_range == pytest.approx(LIMITS.stop_range + 0.33 - KEPT)


def test_stop_stands_at_once():
    drive, now, _ = going()
    assert drive.stop() == (0.0, 0.0) and (drive.speed, drive.turn) == (0.0, 0.0)


def test_no_echo_at_all_is_no_obstacle():
    assert going(math.inf)[2][-1][0] == pytest.approx(LIMITS.max_speed)


@pytest.mark.parametrize(('wrong', 'word'), [
    ({'deceleration': 0.0}, 'deceleration'), ({'margin': -0.1}, 'margin'),
    ({'latency': 0.6}, 'latency'), ({'agree': 4}, 'agree'), ({'sure_range': 0.29}, 'sure_range'),
    ({'max_speed': math.nan}, 'max_speed'),
])
def test_limits_that_promise_nothing_are_refused(wrong, word):
    with pytest.raises(ValueError, match=word):
        DriveLimits(**wrong)


def test_a_command_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match='finite'):
        SafeDrive(LIMITS).command(math.nan, 0.0, 0.0)
