# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Models that know the truth, and sets of known depth."""

from pathlib import Path

import numpy as np
import torch

from echo_depth_ros.learning.avs.study.kept import Model, TestSet
from echo_depth_ros.learning.data import EchoSplit
from echo_depth_ros.learning.evaluation.predictors import Predicted, Predictor


class Says(Predictor):
    """Answers with a function of the true depth, and counts how often it is asked."""

    def __init__(self, answer, confidence=None):
        self.answer, self.confidence, self.asked = answer, confidence, 0

    def predict(self, split, indices):
        """See :class:`Predictor`."""
        self.asked += 1
        depth = np.asarray(self.answer(split.batch(indices)[1].numpy()), np.float32)
        sure = None if self.confidence is None else np.full_like(depth, self.confidence)
        return Predicted(depth, sure, np.zeros(len(indices), bool))


def model(name, answer, kind='depth', metric=True, confidence=None):
    """Model that answers with a function of the true depth."""
    return Model(name, Says(answer, confidence), name, kind, metric)


def made(depth, name='made', rgb=None, material=None, seed=0):
    """Set of depth images (N, H, W) metres, with noise to hear."""
    depth = torch.as_tensor(np.asarray(depth))
    chance = torch.Generator().manual_seed(seed)
    count, height, width = depth.shape
    return TestSet(name, EchoSplit(
        torch.randint(-99, 99, (count, 2, 3197), generator=chance).to(torch.int16),
        (depth * 1000).round().to(torch.int16),
        sources=[(Path(f'room_{index // 2}.npz'), index % 2) for index in range(count)],
        rgb=torch.randint(0, 255, (count, height, width, 3), generator=chance).to(torch.uint8)
        if rgb is None else rgb, material=material))


def rooms(count=4, seed=0, side=16):
    """Depth images (N, side, side), 1 to 5 m."""
    return np.random.default_rng(seed).uniform(1, 5, (count, side, side)).round(3)
