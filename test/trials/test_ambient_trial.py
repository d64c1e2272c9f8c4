# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Trials by ambient sound: with ears that are right, dead or half lost, and with real ones."""

from dataclasses import replace
import math

import numpy as np
import pytest

from echo_depth_ros.navigation.ambient_follower import AmbientSettings
from echo_depth_ros.perception.ambient import Walls
from echo_depth_ros.sim.ambient_room import AmbientRoom
from echo_depth_ros.sim.noise import Noise
from echo_depth_ros.sim.simulation import Simulation
from echo_depth_ros.sim.tracks import tracks
from echo_depth_ros.sim.wall_trial import run_trial, TrialSettings, Wheels
from echo_depth_ros.trials.ambient_trial import ambient_robot, AmbientHearing, model

TRACK = next(track for track in tracks() if track.name == 'straight_1')
EVEN = Wheels(0, 0, 0)
PAPER = AmbientSettings(threshold=0.3, alpha=0.05, listen_seconds=1.0, anticipation=2.0,
                        angle_gain=1.0)


class Told:
    """Stands for a network that is always right: chances by the true distance on either side."""

    def __init__(self, simulation):
        self._simulation = simulation
        self._room = AmbientRoom(simulation.scene)

    def listen(self, ears):
        around = self._room.around(self._simulation.pose)
        left, right = (1 / (1 + math.exp((d - 0.6) / 0.15)) for d in (around.left, around.right))
        return Walls(left, right, around.left, around.right)


class Quiet:
    """An air in which there is nothing to compute."""

    def __init__(self, room):
        self.fmt, self.asked = room.fmt, []

    def hear(self, pose, rng, speed=0.0, samples=None):
        self.asked.append((pose, speed))
        return rng.normal(0, 0.01, (2, samples)).astype(np.float32)


def robot(start, settings=PAPER, **options):
    simulation = Simulation(TRACK.world, start=start)
    policy, sense = ambient_robot(TRACK, start, simulation, 3, settings=settings,
                                  listener=Told(simulation), **options)
    sense._room = Quiet(sense._room)
    return simulation, policy, sense


@pytest.mark.parametrize('angle', [-15.0, 0.0, 15.0])
def test_perfect_ears_lead_along_the_wall(angle):
    start = TRACK.start(0.6, angle)
    simulation, policy, sense = robot(start)
    outcome = run_trial(TRACK, start, policy, sense, simulation=simulation,
                        settings=TrialSettings(longest=200, wheels=EVEN))
    assert outcome.complete
    assert 0.4 < outcome.wall_distances[-20:].mean() < 0.9


def test_half_of_the_clips_lost_still_leads_along_the_wall():
    start = TRACK.start(0.6, 0.0)
    simulation, policy, sense = robot(start)
    outcome = run_trial(TRACK, start, policy, sense, simulation=simulation,
                        settings=TrialSettings(longest=80, lost=0.5, wheels=EVEN))
    assert outcome.metres > 1.5
    assert not outcome.collided


@pytest.mark.parametrize('dead', [0, 1])
def test_one_dead_ear_is_noticed_and_the_robot_stands(dead):
    start = TRACK.start(0.8, 0.0)
    simulation = Simulation(TRACK.world, start=start)
    policy, sense = ambient_robot(TRACK, start, simulation, 3, dead_ear=dead)
    outcome = run_trial(TRACK, start, policy, sense, simulation=simulation,
                        settings=TrialSettings(longest=8, wheels=EVEN))
    assert ('left', 'right')[dead] in sense.unheard
    assert outcome.metres == 0
    assert simulation.pose == start


def test_real_ears_in_a_short_trial():
    """Listens, goes a step or two, and runs into nothing."""
    start = TRACK.start(0.8, 0.0)
    simulation = Simulation(TRACK.world, start=start)
    policy, sense = ambient_robot(TRACK, start, simulation, 3,
                                  settings=AmbientSettings(threshold=0.35, listen_seconds=1.0))
    outcome = run_trial(TRACK, start, policy, sense, simulation=simulation,
                        settings=TrialSettings(longest=8))
    assert sense.unheard == ''
    assert 0.2 < outcome.metres < 1.5
    assert not outcome.collided


def test_clips_are_of_where_the_robot_stood_and_of_how_its_wheels_turned():
    start = TRACK.start(0.8, 0.0)
    simulation, _, sense = robot(start)
    for _ in range(20):
        sense.ping(simulation)
        sense.percept(0.0)
    assert {speed for _, speed in sense._room.asked} == {0.0}
    assert len(sense._room.asked) == 1  # one stretch, of which clips are cut
    for _ in range(20):
        simulation.step(1 / 13.7, 0.2, 0.0)
        sense.ping(simulation)
        sense.percept(0.0)
    pose, speed = sense._room.asked[-1]
    assert speed > 0.3
    assert start.x < pose.x < simulation.pose.x


def test_clips_begin_a_second_before_they_end_and_come_four_times_a_second():
    start = TRACK.start(0.8, 0.0)
    simulation, _, sense = robot(start)
    heard = []
    for count in range(137):
        sense.ping(simulation)
        clip = sense.percept(count / 13.7)
        if clip is not None:
            heard.append(clip)
            assert clip.stamp_s == pytest.approx(count / 13.7 - 1.0)
            assert clip.seconds == 1.0
    assert 35 <= len(heard) <= 45


def test_motors_that_the_air_has_louder_are_louder_here():
    start = TRACK.start(0.8, 0.0)
    levels = []
    for louder in (0.0, 10.0):
        noise = replace(Noise(), motor_db=Noise().motor_db + louder)
        simulation = Simulation(TRACK.world, start=start, noise=noise)
        _, sense = ambient_robot(TRACK, start, simulation, 3, listener=Told(simulation))
        assert isinstance(sense, AmbientHearing)
        levels.append(sense._room.ambience.motors_db)
    assert levels[1] - levels[0] == pytest.approx(10.0)


def test_the_network_that_ships_is_loaded_once():
    assert model() is model()
