# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Whatever is to be judged, behind one interface: samples of a split in, depth images out.

An ONNX file is heard through ``EchoDepth.perceive``, one window at a time, exactly as the node
does, and may refuse a window. A checkpoint runs in batches and refuses nothing.
"""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import NamedTuple, Optional

import numpy as np
import torch
from torch import nn, Tensor

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data import EchoSplit
from echo_depth_ros.learning.networks.teacher import RgbTeacher
from echo_depth_ros.perception.echo_depth import EchoDepth
from echo_depth_ros.perception.model import StudentModel


class PredictorError(EchoDepthError, ValueError):
    """A model that cannot be judged, or not on this data."""


class Predicted(NamedTuple):
    """
    What a model says to some samples.

    :ivar depth: float32 (B, H, W) metres; NaN unknown, +Inf beyond range.
    :ivar confidence: float32 (B, H, W) 0 to 1, NaN where depth is; None if the model has none.
    :ivar refused: bool (B,) samples that it would not judge; their depth is NaN throughout.
    """

    depth: np.ndarray
    confidence: Optional[np.ndarray]
    refused: np.ndarray


class Predictor(ABC):
    """
    A model.

    :ivar about: what it is, in a word or two, for the report.
    """

    about: str = ''

    @abstractmethod
    def predict(self, split: EchoSplit, indices: Tensor) -> Predicted:
        """
        Judge the samples ``indices`` of ``split``.

        :raises PredictorError: the model cannot be used on this data.
        """


class OnnxPredictor(Predictor):
    """
    An exported student, as the node runs it.

    :param threads: CPU threads of ONNX Runtime.
    """

    about = 'ONNX, through the live chain'

    def __init__(self, path: Path, fmt: PingFormat = PingFormat(), threads: int = 2) -> None:
        self._ears = EchoDepth(StudentModel(path, fmt, threads=threads), fmt)
        self._shape = self._ears.model.shape

    def predict(self, split: EchoSplit, indices: Tensor) -> Predicted:
        """See :class:`Predictor`."""
        depth = np.full((len(indices), *self._shape), np.nan, np.float32)
        confidence = np.full_like(depth, np.nan)
        refused = np.zeros(len(indices), bool)
        sure = False
        for row, window in enumerate(split.batch(indices)[0].numpy()):
            heard = self._ears.perceive(window, want_range=False)
            refused[row] = heard.depth is None
            if heard.depth is not None:
                depth[row] = heard.depth
            if heard.confidence is not None:
                sure, confidence[row] = True, heard.confidence
        return Predicted(depth, confidence if sure else None, refused)


class NetworkPredictor(Predictor):
    """
    A network in torch: from waveform to depth, or to depth and confidence.

    :param device: where it runs; the first GPU if there is one, where not given.
    """

    def __init__(self, network: nn.Module, about: str = 'torch',
                 device: Optional[torch.device] = None) -> None:
        self.about = about
        self._device = device or torch.device('cuda' if torch.cuda.is_available() else 'cpu')
        self._network = network.eval().to(self._device)

    def predict(self, split: EchoSplit, indices: Tensor) -> Predicted:
        """See :class:`Predictor`."""
        with torch.no_grad():
            answer = self._network(self._senses(split, indices).to(self._device))
        depth, confidence = answer if isinstance(answer, tuple) else (self._depth(answer), None)
        return Predicted(
            _images(depth), None if confidence is None else _images(confidence),
            np.zeros(len(indices), bool))

    def _senses(self, split: EchoSplit, indices: Tensor) -> Tensor:
        return split.batch(indices)[0]

    def _depth(self, answer: Tensor) -> Tensor:
        return answer


class TeacherPredictor(NetworkPredictor):
    """A depth teacher, which sees the colour image: what no ear can be expected to beat."""

    def __init__(self, network: RgbTeacher, about: str = 'torch, sees colour',
                 device: Optional[torch.device] = None) -> None:
        if network.task != 'depth':
            raise PredictorError(f'this teacher tells {network.task}, not depth; expected an echo '
                                 'network or a depth teacher')
        super().__init__(network, about, device)

    def _senses(self, split: EchoSplit, indices: Tensor) -> Tensor:
        return split.rgb_batch(indices)

    def _depth(self, answer: Tensor) -> Tensor:
        return answer.exp()


def open_predictor(path: Path | str, fmt: PingFormat = PingFormat(),
                   threads: int = 2) -> Predictor:
    """
    Open an ONNX file or a checkpoint of the training engine, told apart by the suffix.

    :raises EchoDepthError: there is no such file, or it is neither.
    """
    path = Path(path)
    if not path.is_file():
        raise PredictorError(f'model {path} does not exist; expected an .onnx file of "echo-depth '
                             'export" or a .pt checkpoint of "echo-depth train"')
    if path.suffix.lower() == '.onnx':
        return OnnxPredictor(path, fmt, threads)
    # Here, because an ONNX file can be judged without the training engine.
    from echo_depth_ros.learning.training.checkpoint import load_model
    network, _ = load_model(path)
    if isinstance(network, RgbTeacher):
        return TeacherPredictor(network)
    return NetworkPredictor(network)


def _images(values: Tensor) -> np.ndarray:
    return values.float().cpu().numpy()
