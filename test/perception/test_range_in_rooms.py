# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""First-echo range as the node computes it, in simulated rooms with a floor."""

import numpy as np
import pytest

from echo_depth_ros.perception.echo_depth import EchoDepth
from echo_depth_ros.sim.dataset import simulate_window
from echo_depth_ros.sim.echoes import EchoRenderer
from echo_depth_ros.sim.hearing import Hearing
from echo_depth_ros.sim.noise import Noise
from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.scene import Scene
from echo_depth_ros.sim.tracks import tracks
from echo_depth_ros.sim.world import box_room


def ranges(scene, rig, robot, pose, windows):
    """Return what a robot whose speaker and ears are drawn hears in a room, ping by ping."""
    hearing = Hearing.random(np.random.default_rng([robot, 8]))
    renderer = EchoRenderer(scene, rig, hearing, seed=robot)
    return [EchoDepth().perceive(simulate_window(
        renderer, pose, Noise(), 0.0, np.random.default_rng(seed))).range_m
        for seed in range(windows)]


@pytest.fixture(scope='module')
def renderer():
    return EchoRenderer(Scene(box_room(6, 5, 2.7, 'plaster')))


@pytest.mark.parametrize('distance', [0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.8, 1.2, 2.0])
def test_a_wall_ahead_is_ranged_near_and_far_and_the_floor_is_no_wall(renderer, distance):
    # Range counts from halfway between speaker and ears, 5 cm ahead of the ears.
    for seed in range(3):
        window = simulate_window(renderer, Pose(6 - distance, 2.5, 0), Noise(), 0.0,
                                 np.random.default_rng(seed))
        assert EchoDepth().perceive(window).range_m == pytest.approx(distance - 0.05, abs=0.03)


@pytest.fixture(scope='module')
def hall():
    """Return a room in which nothing is nearer than 3 m to a robot in its middle, up on 3 m."""
    return Scene(box_room(12, 12, 6, 'concrete'))


@pytest.mark.parametrize('robot', [14, 41, 48])
def test_what_trails_the_direct_sound_of_a_small_speaker_is_no_echo(hall, robot):
    """With its limit at -36 dB these heard a wall 0.25 to 0.36 m away."""
    assert min(ranges(hall, Rig(height=3.0), robot, Pose(6, 6, 0), 4)) > 0.6


@pytest.mark.parametrize('robot', [104, 109, 114, 120])
def test_nor_is_it_beside_a_wall_at_the_side(robot):
    """A fainter echo than that of a wall ahead, so that fainter trails count beside it."""
    track = next(track for track in tracks() if track.name == 'l')
    heard = ranges(Scene(track.world), Rig(), robot, track.start(0.9, 0.0), 3)
    assert heard == pytest.approx([0.87] * 3, abs=0.05)
