# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The model in models/, in rooms it has never heard, must know more than how rooms look."""

import numpy as np
import pytest

from echo_depth_ros.perception.assets import default_model_path
from echo_depth_ros.perception.echo_depth import EchoDepth
from echo_depth_ros.perception.metrics import FigureMean
from echo_depth_ros.perception.model import StudentModel
from echo_depth_ros.sim.dataset import simulate_room


@pytest.fixture(scope='module')
def rooms():
    return [simulate_room(seed, 6) for seed in range(95000, 95012)]


def test_it_beats_any_constant_image_by_a_wide_margin(rooms):
    depth = np.concatenate([room['depth'] for room in rooms]) / 1000.0
    ears = EchoDepth(StudentModel(default_model_path()))
    student = FigureMean()
    # Fitted to the very images that it is judged on: no constant image can do better by much.
    constants = {'mean': np.mean(depth, axis=0), 'median': np.median(depth, axis=0),
                 'low': np.quantile(depth, 0.3, axis=0)}
    baselines = {name: FigureMean() for name in constants}
    for window, truth in zip(np.concatenate([room['waveform'] for room in rooms]), depth):
        heard = ears.perceive(window.astype(np.float32) / 32767)
        assert heard.problem is None
        student.add(heard.depth, truth)
        for name, image in constants.items():
            baselines[name].add(image, truth)
    figures = [baseline.mean for baseline in baselines.values()]
    assert student.mean.rel < 0.6 * min(f.rel for f in figures)
    assert student.mean.rmse < 0.7 * min(f.rmse for f in figures)
    assert student.mean.delta1 > 1.2 * max(f.delta1 for f in figures)
