# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""When a colour image and a window give depth; files and the node's part are tested elsewhere."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from echo_depth_ros.acoustics.errors import WindowError
from echo_depth_ros.perception.avs_contract import AvsContract
from echo_depth_ros.perception.avs_depth import AvsDepth
from echo_depth_ros.perception.session import ModelError
from echo_depth_ros.vision.camera import CameraModel

CONTRACT = AvsContract(width=16, height=12, hfov_deg=80.0, vfov_deg=65.0, depth_max=8.0)
CAMERA = CameraModel(64, 48, 80.0, 65.0)
SCENE = np.linspace(30, 200, 64 * 48 * 3).reshape(48, 64, 3).astype(np.uint8)


def model(depth=None, contract=CONTRACT):
    """Return something that answers like an AvsModel, and remembers what it was shown."""
    shown = []

    def infer(rgb, window):
        shown.append((rgb, window))
        return np.full((12, 16), 3.0, np.float32) if depth is None else depth
    return SimpleNamespace(contract=contract, path=Path('toy.onnx'), infer=infer, shown=shown)


def test_depth_is_that_of_the_network_encoded(make_recording):
    answer = np.full((12, 16), 3.0, np.float32)
    answer[0], answer[1] = 9.0, 0.01
    toy = model(answer)
    sight = AvsDepth(toy).perceive(SCENE, CAMERA.k, make_recording())
    assert sight.problem is None
    assert np.isinf(sight.depth[0]).all() and np.isnan(sight.depth[1]).all()
    assert (sight.depth[2:] == 3).all()
    (rgb, window), = toy.shown
    assert rgb.shape == (12, 16, 3) and window.shape == (2, 3197)


@pytest.mark.parametrize(('rgb', 'camera', 'spoil', 'kind'), [
    (SCENE // 20, CAMERA, 1, 'dark'), (SCENE * 0 + 90, CAMERA, 1, 'blank'),
    (SCENE, CameraModel(64, 48, 60.0, 45.0), 1, 'view'), (SCENE, CAMERA, 0, 'silent'),
    (SCENE, CAMERA, np.nan, 'numbers')])
def test_the_network_is_not_asked_about_what_cannot_be_believed(
        make_recording, rgb, camera, spoil, kind):
    toy = model()
    sight = AvsDepth(toy).perceive(rgb, camera.k, make_recording() * np.float32(spoil))
    assert sight.depth is None and sight.problem_kind == kind and sight.problem
    assert toy.shown == []


def test_a_camera_that_nearly_covers_the_view_is_taken(make_recording):
    nearly = CameraModel(64, 48, 78.0, 63.0)
    assert AvsDepth(model()).perceive(SCENE, nearly.k, make_recording()).depth is not None


def test_a_network_that_knows_narrow_cameras_sees_black_where_they_see_nothing(make_recording):
    toy = model(contract=replace(CONTRACT, least_view=0.2))
    narrow = CameraModel(64, 48, 60.0, 30.0)
    assert AvsDepth(toy).perceive(SCENE, narrow.k, make_recording()).problem is None
    seen = toy.shown[0][0].max(axis=2) > 0
    assert seen[6, 8] and not seen[0].any() and not seen[:, 0].any()
    # Black borders are no contrast, and no darkness.
    flat = AvsDepth(toy).perceive(SCENE * 0 + 90, narrow.k, make_recording())
    assert flat.problem_kind == 'blank'
    slit = AvsDepth(toy).perceive(SCENE, CameraModel(64, 48, 20.0, 15.0).k, make_recording())
    assert slit.problem_kind == 'view' and '20%' in slit.problem


def test_no_depth_at_all_is_a_problem_of_the_model(make_recording):
    sight = AvsDepth(model(np.full((12, 16), np.nan, np.float32))).perceive(
        SCENE, CAMERA.k, make_recording())
    assert sight.problem_kind == 'model' and 'toy.onnx returned no depth' in sight.problem


def test_windows_of_another_length_are_refused():
    with pytest.raises(WindowError, match='a window of 3000 samples came; expected 3197'):
        AvsDepth(model()).perceive(SCENE, CAMERA.k, np.zeros((2, 3000), np.float32))


def test_a_network_that_does_not_listen_is_refused():
    with pytest.raises(ModelError, match='its scale is a guess by looks'):
        AvsDepth(model(contract=AvsContract(echo_branch=False)))
