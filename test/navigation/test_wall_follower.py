# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The follower in a closed loop with the simulator's true depth, and what stops it."""

import math

import numpy as np
import pytest

from echo_depth_ros.navigation.messages import (
    ESCAPING,
    FOLLOWING,
    Motion,
    Percept,
    SEARCHING,
    WAITING,
)
from echo_depth_ros.navigation.safe_drive import DriveLimits
from echo_depth_ros.navigation.wall_follower import FollowSettings, WallFollower
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.simulation import Simulation
from echo_depth_ros.sim.tracks import Track
from echo_depth_ros.sim.wall_trial import clearance, run_trial, Sight, TrialSettings
from echo_depth_ros.sim.world import box_room, World

TICK = 0.0243


def see(frame, nearest, stamp):
    return Percept(stamp, nearest, frame.depth)


def follow(world, centre, wall, side, start, longest=60.0, settings_side=None):
    track = Track('test', world, centre, wall, side)
    follower = WallFollower(FollowSettings(side=settings_side or side))
    commands = []

    def policy(percept, now):
        commands.append(follower.step(percept, now))
        return commands[-1].speed, commands[-1].turn

    outcome = run_trial(track, start, policy, Sight(see), seed=1,
                        settings=TrialSettings(longest=longest))
    return outcome, commands


@pytest.mark.parametrize('settings_side', ['right', 'nearest'])
def test_round_the_corner_of_a_small_room(settings_side):
    outcome, commands = follow(
        box_room(3.5, 3.5, 2.5), ((1.0, 0.6), (2.9, 0.6), (2.9, 2.0)),
        ((0, 0), (3.5, 0), (3.5, 3.5)), 'right', Pose(1.0, 0.8, 0.3),
        settings_side=settings_side)
    assert outcome.complete and outcome.nearest > 0.35
    assert {command.wall.side for command in commands if command.wall} == {'right'}
    middle = [c.wall for c in commands if c.wall and c.state == FOLLOWING]
    assert np.median([wall.distance for wall in middle]) == pytest.approx(0.6, abs=0.15)


def test_round_an_outside_corner():
    surface = box_room(2, 2, 2).floor
    corners = ((0, 0), (5, 0), (5, 2), (2, 2), (2, 5), (0, 5))
    world = World('l', corners, 2.5, (surface,) * 6, surface, surface)
    outcome, _ = follow(world, ((1.4, 3.5), (1.4, 1.4), (3.5, 1.4)), ((2, 5), (2, 2), (5, 2)),
                        'left', Pose(1.4, 3.5, -math.pi / 2))
    assert outcome.complete and outcome.nearest > 0.35


def test_out_of_a_dead_end():
    outcome, _ = follow(box_room(4.0, 1.3, 2.5), ((3.2, 0.65), (1.5, 0.65)),
                        ((4.0, 0.0), (0.0, 0.0)), 'left', Pose(3.0, 0.65, 0.0))
    assert outcome.complete


def test_a_wall_out_of_hearing_is_searched_for():
    world = box_room(9, 9, 2.5)
    simulation = Simulation(world, start=Pose(4.5, 4.5, 0.0))
    follower, sight, states = WallFollower(FollowSettings(side='right')), Sight(see), []
    for tick in range(1500):
        percept = None
        if tick % 3 == 0:
            sight.ping(simulation)
            percept = sight.percept(tick * TICK - 0.1)
        command = follower.step(percept, tick * TICK)
        simulation.step(TICK, command.speed, command.turn)
        states.append(command.state)
        if states[-1] == FOLLOWING:
            break
    assert states[10] == SEARCHING and states[-1] == FOLLOWING
    assert clearance(world, simulation.pose) < 2.6


def running(seconds=2.0):
    """Return a follower at speed beside a wall, its last percept and the time."""
    follower, now = WallFollower(FollowSettings(side='left')), 0.0
    simulation = Simulation(box_room(9, 4, 2.5), start=Pose(2, 3.4, 0.0))
    depth = simulation.camera.render(simulation.pose).depth
    while now < seconds:
        command = follower.step(Percept(now - 0.1, 0.6, depth), now, Motion(0.0, 0.0))
        now += TICK
    assert command.speed > 0.15 and command.state == FOLLOWING
    return follower, depth, now


@pytest.mark.parametrize('fault', [
    'nothing', 'no range', 'no depth', 'unsure', 'unknown', 'old'])
def test_stands_within_half_a_second_of_the_last_good_percept(fault):
    follower, depth, now = running()
    last = now - TICK - 0.1
    bad = {
        'nothing': lambda: None,
        'no range': lambda: Percept(now - 0.1, math.nan, None),
        'no depth': lambda: Percept(now - 0.1, 0.6, None),
        'unsure': lambda: Percept(now - 0.1, 0.6, depth, np.full_like(depth, 0.1)),
        'unknown': lambda: Percept(now - 0.1, 0.6, np.full_like(depth, np.nan)),
        'old': lambda: Percept(last, 0.6, depth),
    }[fault]
    while now < last + 0.5:
        command = follower.step(bad(), now, Motion(0.0, 0.0))
        now += TICK
    assert command.speed == pytest.approx(0.0, abs=1e-9) and command.turn == pytest.approx(0.0)
    assert follower.step(None, now + 0.1).state == WAITING


def test_stands_before_anything_was_heard():
    command = WallFollower().step(None, 0.0)
    assert (command.speed, command.turn, command.state) == (0, 0, WAITING)
    assert command.wall is None


def test_a_near_range_stops_it_whatever_the_image_shows():
    follower, depth, now = running()
    for _ in range(40):
        command = follower.step(Percept(now - 0.1, DriveLimits().stop_range - 0.02, depth), now)
        now += TICK
    assert command.speed == 0.0


def settled(range_m, side='left', seconds=2.0):
    """Return where a follower turns that hears something at a range and sees a far wall."""
    follower, now = WallFollower(FollowSettings(side=side)), 0.0
    simulation = Simulation(box_room(9, 4, 2.5), start=Pose(2, 3.4 if side == 'left' else 0.6, 0))
    depth = simulation.camera.render(simulation.pose).depth
    turns, states = [], []
    while now < seconds:
        command = follower.step(Percept(now - 0.1, range_m, depth), now, Motion(0.0, 0.0))
        turns.append(command.turn)
        states.append(command.state)
        now += TICK
    return float(np.mean(turns[len(turns) // 2:])), states


@pytest.mark.parametrize(('side', 'away'), [('left', -1), ('right', 1)])
def test_it_keeps_away_from_what_only_the_range_tells_of(side, away):
    assert abs(settled(0.6, side)[0]) < 0.1
    assert settled(0.42, side)[0] * away > 0.15


@pytest.mark.parametrize(('side', 'away'), [('left', -1), ('right', 1)])
def test_it_turns_away_where_the_range_leaves_no_room(side, away):
    turn, states = settled(DriveLimits().stop_range, side, seconds=3.0)
    assert states[-1] == ESCAPING and turn * away > 0.4


def test_the_wall_is_where_it_is():
    follower, _, now = running()
    wall = follower.step(None, now).wall
    assert wall.side == 'left'
    assert wall.distance == pytest.approx(0.6, abs=0.03) and abs(wall.angle) < 0.05
    assert wall.end[0] > wall.start[0] and wall.end[1] == pytest.approx(0.6, abs=0.1)


@pytest.mark.parametrize(('wrong', 'word'), [
    ({'side': 'up'}, 'side'), ({'distance': 0.2}, 'clearance'), ({'speed': math.nan}, 'speed')])
def test_settings_that_cannot_be_followed_are_refused(wrong, word):
    with pytest.raises(ValueError, match=word):
        FollowSettings(**wrong)
