# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""First-echo range as the node computes it, in simulated rooms with a floor."""

import numpy as np
import pytest

from echo_depth_ros.perception.echo_depth import EchoDepth
from echo_depth_ros.sim.dataset import simulate_window
from echo_depth_ros.sim.echoes import EchoRenderer
from echo_depth_ros.sim.noise import Noise
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.scene import Scene
from echo_depth_ros.sim.world import box_room


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
