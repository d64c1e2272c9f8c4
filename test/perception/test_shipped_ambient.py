# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The network in models/ that hears walls, in rooms that it has never heard."""

import numpy as np
import pytest

from echo_depth_ros.acoustics.errors import WindowError
from echo_depth_ros.perception.ambient import AmbientModel
from echo_depth_ros.perception.assets import AMBIENT, default_model_path
from echo_depth_ros.sim.ambient_dataset import simulate_room


@pytest.fixture(scope='module')
def model():
    return AmbientModel(default_model_path(AMBIENT))


@pytest.fixture(scope='module')
def rooms():
    """Sound, shape (m, 2, clip), and whether something is near on each side, shape (m, 2)."""
    found = [simulate_room(seed, 10) for seed in range(95000, 95012)]
    distance = np.concatenate([room['distance'] for room in found])
    sound = np.concatenate([room['sound'] for room in found]).astype(np.float32) / 32767
    return sound, distance[:, [1, 3]] < 0.5


def test_it_tells_near_from_far_on_each_side(model, rooms):
    sound, near = rooms
    chance = np.array([model.listen(ears)[:2] for ears in sound])
    # The share of pairs of a near and a far side in which the near one is given more chance.
    greater = (chance[near][:, None] > chance[~near][None]).mean()
    assert greater > 0.85
    right = (chance > 0.5) == near
    assert right[near].mean() > 0.6 and right[~near].mean() > 0.6
    one = near[:, 0] != near[:, 1]
    louder = np.where(near[one, 0], chance[one, 0] > chance[one, 1],
                      chance[one, 0] < chance[one, 1])
    assert louder.mean() > 0.8


def test_gain_does_not_matter(model, rooms):
    for ears in rooms[0][:5]:
        assert model.listen(ears * np.float32(0.5))[:2] == pytest.approx(
            model.listen(ears)[:2], abs=0.03)


def test_sides_are_swapped_with_the_ears(model, rooms):
    for ears in rooms[0][:5]:
        walls, swapped = model.listen(ears), model.listen(np.ascontiguousarray(ears[::-1]))
        assert swapped[:2] == pytest.approx(walls[1::-1], abs=1e-5)


@pytest.mark.parametrize(('gains', 'words'), [
    ((0, 0), 'silent'), ((1, 0), 'right ear is silent'), ((0.05, 1), 'left ear is'),
    ((300, 300), 'clipped'), ((np.nan, 1), 'NaN')])
def test_what_cannot_be_heard_has_no_chance(model, rooms, gains, words):
    ears = np.clip(rooms[0][0] * np.float32(gains)[:, None], -1, 1)
    with pytest.raises(WindowError, match=words):
        model.listen(ears)
