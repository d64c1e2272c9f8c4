# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""AVS-Nets to be judged, as checkpoints or as ONNX files."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from echo_depth_ros.learning.avs.checkpoint import load_avs
from echo_depth_ros.learning.avs.network import AvsNet
from echo_depth_ros.learning.data import EchoSplit
from echo_depth_ros.learning.evaluation.predictors import Predicted, Predictor, PredictorError
from echo_depth_ros.perception.avs_model import AvsModel


class AvsPredictor(Predictor):
    """
    An AVS-Net in torch.

    :param device: where it runs; the first GPU if there is one, where not given.
    """

    def __init__(self, network: AvsNet, device: torch.device | None = None) -> None:
        self.about = 'RGB and echoes' if network.config.echo_branch else 'only RGB'
        self._device = device or torch.device('cuda' if torch.cuda.is_available() else 'cpu')
        self._network = network.eval().to(self._device)

    def predict(self, split: EchoSplit, indices: Tensor) -> Predicted:
        """See :class:`Predictor`."""
        rgb, waveform = split.rgb_batch(indices), split.batch(indices)[0]
        with torch.no_grad():
            depth = self._network(rgb.to(self._device), waveform.to(self._device))
        return Predicted(depth.float().cpu().numpy(), None, np.zeros(len(indices), bool))


class OnnxAvsPredictor(Predictor):
    """
    An exported AVS-Net, as a node runs it; its images are resized to the truth's, as the paper's.

    :param threads: CPU threads of ONNX Runtime.
    """

    def __init__(self, path: Path, threads: int = 2) -> None:
        self._model = AvsModel(path, threads=threads)
        self.about = 'ONNX, RGB and echoes' if self._model.contract.echo_branch else 'ONNX, RGB'

    def predict(self, split: EchoSplit, indices: Tensor) -> Predicted:
        """See :class:`Predictor`."""
        split.rgb_batch(indices[:0])  # which says what is wrong where there is no colour
        windows = split.batch(indices)[0].numpy()
        depth = torch.from_numpy(np.stack([
            self._model.infer(split.rgb[index].numpy(), window)
            for index, window in zip(indices.tolist(), windows)]))
        depth = functional.interpolate(depth[:, None], tuple(split.depth.shape[1:]),
                                       mode='bilinear', align_corners=False)[:, 0]
        return Predicted(depth.numpy(), None, np.zeros(len(indices), bool))


def open_avs_predictor(path: Path | str, threads: int = 2) -> Predictor:
    """
    Open an ONNX file of export-avs or a checkpoint of train-avs, told apart by the suffix.

    :raises EchoDepthError: there is no such file, or it is neither.
    """
    path = Path(path)
    if not path.is_file():
        raise PredictorError(f'model {path} does not exist; expected a .pt checkpoint of '
                             '"echo-depth train-avs" or an .onnx file of "echo-depth export-avs"')
    if path.suffix.lower() == '.onnx':
        return OnnxAvsPredictor(path, threads)
    return AvsPredictor(load_avs(path)[0])
