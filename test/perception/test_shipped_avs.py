# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The AVS-Net that comes along, in simulated rooms that it was not trained in."""

from dataclasses import replace

import numpy as np
import pytest

from echo_depth_ros.perception.assets import AVS, default_model_path
from echo_depth_ros.perception.avs_depth import AvsDepth
from echo_depth_ros.perception.avs_model import AvsModel
from echo_depth_ros.sim.away import AWAY
from echo_depth_ros.sim.dataset import simulate_room
from echo_depth_ros.vision.camera import CameraModel

SIZES = (0.7, 1.0, 1.4)
CAMERA = CameraModel(128, 128, 90.0, 90.0)


@pytest.fixture(scope='module')
def eyes_and_ears():
    return AvsDepth(AvsModel(default_model_path(AVS), threads=1))


@pytest.fixture(scope='module')
def rooms():
    """Return the same four rooms at three sizes, of three poses each."""
    return {size: [simulate_room(seed, 3, conditions=replace(AWAY['home'], sizes=(size, size)))
                   for seed in range(95100, 95104)] for size in SIZES}


def _views(rooms, size):
    for room in rooms[size]:
        for rgb, window, depth in zip(room['rgb'], room['waveform'], room['depth']):
            truth = np.where((depth > 0) & (depth < 12000), depth / 1000, np.nan)
            yield rgb, window.astype(np.float32) / 32767, float(np.nanmedian(truth))


def _medians(eyes_and_ears, rooms, size, crop=None, camera=CAMERA):
    found = []
    for rgb, window, truth in _views(rooms, size):
        seen = eyes_and_ears.perceive(rgb if crop is None else rgb[crop], camera.k, window)
        assert seen.problem is None
        found.append((float(np.median(seen.depth)), truth))
    return np.array(found)


def test_its_contract_is_that_of_the_package(eyes_and_ears):
    contract = eyes_and_ears.model.contract
    assert contract.echo_branch and contract.least_view < 0.2
    assert (contract.hfov_deg, contract.vfov_deg) == (90, 90)
    assert 'simulation only' in contract.training_data


def test_rooms_that_look_the_same_are_told_apart_by_their_size(eyes_and_ears, rooms):
    ratios = []
    for size in SIZES:
        said, true = _medians(eyes_and_ears, rooms, size).T
        assert np.median(np.abs(np.log(said / true))) < 0.08
        ratios.append(said)
    grown = np.log(ratios[2] / ratios[0]) / np.log(SIZES[2] / SIZES[0])
    assert np.median(grown) == pytest.approx(1, abs=0.12)


def test_a_narrow_camera_will_do(eyes_and_ears, rooms):
    """Of 69 x 42 degrees: the middle of the same images."""
    across, down = (round(64 * np.tan(np.radians(angle / 2))) for angle in (69, 42))
    crop = np.s_[64 - down:64 + down, 64 - across:64 + across]
    narrow = CameraModel(2 * across, 2 * down, *(2 * np.degrees(np.arctan(half / 64))
                                                 for half in (across, down)))
    said, true = _medians(eyes_and_ears, rooms, 1.0, crop, narrow).T
    assert np.median(np.abs(np.log(said / true))) < 0.15
