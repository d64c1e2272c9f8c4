# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Relative depth of a run, to be judged like any other model."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from echo_depth_ros.learning.data import EchoSplit
from echo_depth_ros.learning.evaluation.predictors import Predicted, Predictor, PredictorError
from echo_depth_ros.learning.monodepth.checkpoint import load_monodepth
from echo_depth_ros.learning.monodepth.network import Monodepth


class MonodepthPredictor(Predictor):
    """
    A DepthNet in torch: depth in units that no one knows, which wants a scale.

    :param device: where it runs; the first GPU if there is one, where not given.
    """

    about = 'self-supervised, relative'

    def __init__(self, network: Monodepth, device: torch.device | None = None) -> None:
        self._device = device or torch.device('cuda' if torch.cuda.is_available() else 'cpu')
        self._network = network.eval().to(self._device)

    def predict(self, split: EchoSplit, indices: Tensor) -> Predicted:
        """See :class:`Predictor`; the depth has no unit."""
        rgb = split.rgb_batch(indices)
        wanted = tuple(self._network.config.image)
        if tuple(rgb.shape[2:]) != wanted:
            raise PredictorError(f'images are {rgb.shape[2]}×{rgb.shape[3]} pixels, but this '
                                 f'DepthNet was trained on {wanted[0]}×{wanted[1]}; resize them')
        with torch.no_grad():
            depth = self._network.relative(rgb.to(self._device))
        return Predicted(depth.float().cpu().numpy(), None, np.zeros(len(indices), bool))


def open_monodepth(path: Path | str) -> MonodepthPredictor:
    """
    Open a checkpoint of train-monodepth.

    :raises EchoDepthError: there is no such file, or it is none.
    """
    path = Path(path)
    if not path.is_file():
        raise PredictorError(f'model {path} does not exist; expected a .pt checkpoint of '
                             '"echo-depth train-monodepth"')
    return MonodepthPredictor(load_monodepth(path)[0])
