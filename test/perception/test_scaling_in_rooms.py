# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The shipped student gives scale to relative depth, in rooms that it has never heard."""

import math

import numpy as np
import pytest

from echo_depth_ros.perception.assets import default_model_path
from echo_depth_ros.perception.echo_depth import EchoDepth
from echo_depth_ros.perception.model import StudentModel
from echo_depth_ros.perception.scaling import SCALINGS
from echo_depth_ros.sim.dataset import simulate_room


@pytest.fixture(scope='module')
def heard():
    """Return true depth in metres, echo depth and confidence of some pings."""
    ears = EchoDepth(StudentModel(default_model_path()))
    pings = []
    for seed in range(95020, 95030):
        room = simulate_room(seed, 3)
        for window, depth in zip(room['waveform'], room['depth']):
            seen = ears.perceive(window.astype(np.float32) / 32767)
            assert seen.problem is None
            truth = np.where(depth > 0, depth / 1000, np.nan).astype(np.float32)
            pings.append((truth, seen.depth, seen.confidence))
    return pings


@pytest.mark.parametrize(('name', 'kind'), [
    ('median', 'depth'), ('median', 'disparity'), ('mean_std', 'depth'),
    ('mean_std', 'disparity'), ('least_squares', 'disparity')])
def test_scales_are_near_and_no_surer_than_they_may_be(heard, name, kind):
    found = []
    for truth, depth, confidence in heard:
        relative = truth / 5 if kind == 'depth' else 5 / truth
        scaling = SCALINGS[name](relative, depth, kind, confidence)
        exact = 5 if scaling.space == 'depth' else 1 / 5
        off = math.log(scaling.at(scaling.centre) / (exact * scaling.centre))
        found.append((abs(off), scaling.uncertainty))
    off, said = np.array(found).T
    assert np.median(off) < 0.08
    assert np.mean(off < 2 * said) > 0.9
    assert np.median(said) < 0.25
