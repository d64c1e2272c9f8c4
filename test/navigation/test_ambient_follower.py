# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Algorithm 1 of "Structure from Silence", and the robot that steps by it."""

from dataclasses import replace
import math

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from echo_depth_ros.navigation.ambient_follower import (
    AmbientFollower,
    AmbientSettings,
    decide,
    Heard,
)
from echo_depth_ros.navigation.ambient_threshold import Sides
from echo_depth_ros.navigation.messages import FOLLOWING, LISTENING, Motion, Percept, WAITING

TICK = 0.02
PAPER = AmbientSettings(threshold=0.4, alpha=0.1, angle_gain=1.5, anticipation=0.0)
CHANCE = st.floats(0, 1)


def test_forward_where_both_sides_sound_alike():
    """Line 6: |P(L) - P(R)| < alpha."""
    assert decide(Sides(0.9, 0.85), 0.4, PAPER) == 0
    assert decide(Sides(0.1, 0.15), 0.4, PAPER) == 0


@pytest.mark.parametrize('left, right, sign', [
    (0.9, 0.3, -1),  # lines 9 and 11: near, louder on the left, turn right
    (0.3, 0.9, 1),   # line 14
    (0.3, 0.1, 1),   # lines 16 and 18: far, louder on the left, turn left
    (0.1, 0.3, -1),  # line 21
])
def test_turns_from_the_wall_when_near_and_to_it_when_far(left, right, sign):
    turn = decide(Sides(left, right), 0.4, PAPER)
    assert turn == pytest.approx(sign * 1.5 * abs(0.5 * (left + right) - 0.4))


@given(CHANCE, CHANCE, st.floats(0.01, 0.99))
def test_no_turn_is_larger_than_allowed_and_sides_are_alike(left, right, threshold):
    turn = decide(Sides(left, right), threshold, PAPER)
    assert abs(turn) <= PAPER.max_angle
    if left != right:
        assert decide(Sides(right, left), threshold, PAPER) == -turn


def test_anticipation_turns_back_before_the_threshold_is_reached():
    sides, steering = Sides(0.5, 0.2), replace(PAPER, anticipation=1.0)
    assert decide(sides, 0.4, steering, change=0.0) > 0
    assert decide(sides, 0.4, steering, change=0.2) < 0


@pytest.mark.parametrize('name, value', [
    ('threshold', 0.0), ('threshold', 1.0), ('alpha', -0.1), ('alpha', math.nan),
    ('step_length', 0.0), ('angle_gain', -1.0), ('max_angle', 4.0), ('listen_seconds', 0.0),
    ('clip_hop', math.inf), ('speed', math.nan), ('turn_rate', 0.0), ('anticipation', -1.0)])
def test_settings_that_make_no_algorithm_are_refused(name, value):
    with pytest.raises(ValueError, match=name):
        AmbientSettings(**{name: value})


class World:
    """Drives a follower, and hears for it what ``ears`` says: clips of 1 s, four a second."""

    def __init__(self, follower, ears):
        self.follower, self.ears = follower, ears
        self.now = self.ahead = self.turned = 0.0
        self.ticks = 0
        self.states = []

    def run(self, seconds, percept=lambda now: None, odometry=0):
        """Let time pass; odometry comes every so many ticks, or not at all."""
        motion, untold = None, [0.0, 0.0]
        for _ in range(round(seconds / TICK)):
            heard = None
            if self.ticks % 12 == 0 and self.now >= 1.1:
                heard = self.ears(self.now - 1.1)
            command = self.follower.step(heard, self.now, motion, percept(self.now))
            self.ahead += command.speed * TICK
            self.turned += command.turn * TICK
            untold = [untold[0] + command.speed * TICK, untold[1] + command.turn * TICK]
            if odometry:
                comes = self.ticks % odometry == 0
                motion = Motion(*untold) if comes else Motion(0.0, 0.0)
                untold = [0.0, 0.0] if comes else untold
            self.states.append(command.state)
            self.ticks += 1
            self.now = self.ticks * TICK
        return self.states[-1]


def saying(left, right):
    return lambda begin: Heard(begin, 1.0, left, right)


def test_listens_decides_turns_goes_one_step_and_listens_again():
    world = World(AmbientFollower(PAPER), saying(0.2, 0.9))
    assert world.run(3.0) == LISTENING
    assert world.ahead == world.turned == 0
    world.run(3.5)
    assert FOLLOWING in world.states and world.states[-1] == LISTENING
    assert world.ahead == pytest.approx(PAPER.step_length, abs=0.01)
    assert world.turned == pytest.approx(1.5 * (0.55 - 0.4), abs=math.radians(1.5))
    assert world.follower.decision == pytest.approx(1.5 * (0.55 - 0.4))


@pytest.mark.parametrize('odometry', [1, 2, 5])
def test_a_step_is_as_long_however_seldom_odometry_comes(odometry):
    world = World(AmbientFollower(PAPER), saying(0.5, 0.5))
    world.run(6.0, odometry=odometry)
    assert world.states.count(FOLLOWING) and world.states[-1] == LISTENING
    assert world.ahead == pytest.approx(PAPER.step_length, abs=0.03)


def test_clips_heard_while_it_moved_decide_nothing():
    """Whoever moves hears motors: only what begins once the robot stands counts."""
    follower = AmbientFollower(PAPER)

    def ears(begin):
        moved = bool(follower.drive.speed or follower.drive.turn)
        return Heard(begin, 1.0, *((1.0, 0.0) if moved else (0.1, 0.1)))

    world = World(follower, ears)
    world.run(40)
    assert world.ahead > 4 * PAPER.step_length
    assert world.turned == 0


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(CHANCE, CHANCE, st.integers(0, 9)), min_size=20, max_size=60),
       st.booleans())
def test_never_farther_than_one_step_on_one_decision(clips, odometry):
    """Clips come, get lost and say anything; ways between decisions are a step at most."""
    follower = AmbientFollower(replace(PAPER, listen_seconds=1.0))
    told = iter(clips)

    def ears(begin):
        left, right, lost = next(told, (0.5, 0.5, 9))
        return None if lost > 7 else Heard(begin, 1.0, left, right)

    world, since, decided = World(follower, ears), 0.0, 0
    listening = True
    for _ in range(1000):
        before = world.ahead
        state = world.run(TICK, odometry=odometry)
        if state == FOLLOWING and listening:
            since, decided = 0.0, decided + 1
        listening = state != FOLLOWING
        since += world.ahead - before
        assert since <= PAPER.step_length + 1e-6
        if decided == 0:
            assert world.ahead == world.turned == 0


def test_stands_when_clips_stop_coming():
    follower = AmbientFollower(replace(PAPER, step_length=3.0))
    silent = []
    world = World(follower, lambda begin: None if silent else Heard(begin, 1.0, 0.4, 0.4))
    world.run(7.0)
    assert follower.drive.speed > 0.2
    silent.append(True)
    limits = follower.drive.limits
    world.run(limits.stop_within)
    assert (follower.drive.speed, world.states[-1]) == (0, WAITING)
    went = world.ahead
    world.run(5.0)
    assert world.ahead == went


@pytest.mark.parametrize('left, right', [
    (math.nan, 0.9), (0.9, math.nan), (math.nan, math.nan), (1.2, 0.3), (0.3, -0.1)])
def test_stands_when_a_side_cannot_be_heard(left, right):
    world = World(AmbientFollower(PAPER), saying(left, right))
    assert world.run(8.0) == WAITING
    assert world.ahead == world.turned == 0


def test_old_repeated_and_future_clips_move_nothing():
    clip = Heard(0.0, 1.0, 0.2, 0.9)
    for ears in (lambda begin: clip, lambda begin: Heard(begin - 5, 1.0, 0.2, 0.9),
                 lambda begin: Heard(begin + 5, 1.0, 0.2, 0.9),
                 lambda begin: Heard(math.nan, 1.0, 0.2, 0.9),
                 lambda begin: Heard(begin, 0.0, 0.2, 0.9)):
        world = World(AmbientFollower(PAPER), ears)
        assert world.run(8.0) == WAITING
        assert world.ahead == world.turned == 0


def test_half_of_the_clips_lost_only_makes_it_slower():
    count = iter(range(10000))
    world = World(AmbientFollower(PAPER), lambda begin: Heard(begin, 1.0, 0.4, 0.4)
                  if next(count) % 2 else None)
    world.run(30)
    assert world.ahead > 4 * PAPER.step_length


def test_who_was_stopped_listens_anew():
    follower = AmbientFollower(replace(PAPER, step_length=3.0))
    world = World(follower, saying(0.4, 0.4))
    world.run(7.0)
    assert follower.drive.stop() == (0, 0)
    went = world.ahead
    assert world.run(1.0) == LISTENING
    assert world.ahead == went


def test_who_was_not_called_for_long_listens_anew():
    follower = AmbientFollower(replace(PAPER, step_length=3.0))
    world = World(follower, saying(0.4, 0.4))
    world.run(7.0)
    command = follower.step(Heard(10.0, 1.0, 0.4, 0.4), 11.1)
    assert command.state == LISTENING
    assert command.speed < 0.25


def test_pings_stop_it_sooner_and_never_move_it():
    near = World(AmbientFollower(PAPER), saying(0.4, 0.4))
    near.run(20, percept=lambda now: Percept(now, 0.26))
    free = World(AmbientFollower(PAPER), saying(0.4, 0.4))
    free.run(20)
    assert near.ahead < 0.05 < free.ahead
    pings = World(AmbientFollower(PAPER), lambda begin: None)
    assert pings.run(8, percept=lambda now: Percept(now, 3.0)) == WAITING
    assert pings.ahead == pings.turned == 0


def test_a_ping_of_long_ago_holds_nothing():
    world = World(AmbientFollower(PAPER), saying(0.4, 0.4))
    world.run(30, percept=lambda now: Percept(now, 0.26) if now < 3 else None)
    assert world.ahead > 2 * PAPER.step_length


def test_odometry_that_is_stuck_lengthens_no_step():
    follower = AmbientFollower(PAPER)
    world = World(follower, saying(0.4, 0.4))
    step, still = follower.step, Motion(0.0, 0.0)
    follower.step = lambda heard, now, motion, percept: step(heard, now, still, percept)
    world.run(6.5)
    assert 0.2 < world.ahead <= PAPER.step_length * (1 + follower.drive.limits.slip) + 0.01


class Room:
    """A room of which the ears say too much on one side, whichever way the robot stands."""

    def __init__(self, follower, off):
        self.world = World(follower, self.ears)
        self._off = off

    def ears(self, begin):
        turned = math.cos(self.world.turned) < 0
        left, right = (0.3, 0.6) if not turned else (0.6, 0.3)
        return Heard(begin, 1.0, shifted(left, 0.5 * self._off), shifted(right, -0.5 * self._off))


def shifted(chance, by):
    return 1 / (1 + math.exp(-math.log(chance / (1 - chance)) - by))


@pytest.mark.parametrize('odometry', [0, 1])
def test_automatic_threshold_turns_round_once_and_takes_out_the_ears(odometry):
    follower = AmbientFollower(AmbientSettings(alpha=0.1, step_length=0.2))
    room = Room(follower, off=1.4)
    room.world.run(14.5, odometry=odometry)
    assert follower.threshold.off == pytest.approx(1.4)
    assert room.world.ahead == 0
    room.world.run(4.2, odometry=odometry)
    # Of 0.3 and 0.6 the mean is above 0.35: near the wall on the right, so turn left.
    assert follower.decision == pytest.approx(0.1 * follower.settings.angle_gain)
    assert room.world.turned == pytest.approx(follower.decision, abs=math.radians(4))
    turned = room.world.turned
    room.world.run(6.0)
    assert abs(room.world.turned - turned) < 1


def test_turning_round_goes_on_after_it_was_broken_off():
    follower = AmbientFollower(AmbientSettings(alpha=0.1))
    room = Room(follower, off=1.4)
    world, lost = room.world, []
    world.ears = lambda begin: None if lost else room.ears(begin)
    world.run(6.0)
    assert 0.3 < world.turned < 2.8
    lost.append(True)
    world.run(2.0)
    assert follower.drive.turn == 0
    lost.clear()
    world.run(25.0)
    assert follower.threshold.off == pytest.approx(1.4)
