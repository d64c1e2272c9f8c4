# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whatever tells relative depth, behind one door: runs of this package, or Hugging Face."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import torch
from torch import Tensor
from torch.nn import functional
from transformers.image_processing_base import ImageProcessingMixin

from echo_depth_ros.learning.avs.config import KIND
from echo_depth_ros.learning.avs.disparity import DISPARITY, load_disparity
from echo_depth_ros.learning.avs.predictors import open_avs_predictor
from echo_depth_ros.learning.avs.sizes import HUGGING_FACE
from echo_depth_ros.learning.data import EchoSplit
from echo_depth_ros.learning.evaluation.predictors import (
    open_predictor,
    Predicted,
    Predictor,
    PredictorError,
)
from echo_depth_ros.learning.monodepth.config import KIND as MONODEPTH
from echo_depth_ros.learning.monodepth.predictor import open_monodepth
from echo_depth_ros.learning.training.checkpoint import read_checkpoint, RUN
from echo_depth_ros.perception.avs_contract import AVS_KEY
from echo_depth_ros.perception.scaling import KINDS

_SIDE = 384
"""Pixels of an image's sides, where a model of Hugging Face does not say."""


class Relative(NamedTuple):
    """
    A model that is to be given scale.

    :ivar predictor: whose ``depth`` holds what ``kind`` says.
    :ivar kind: 'depth', or 'disparity', whose reciprocal is the depth.
    :ivar metric: whether it claims to be in metres already.
    """

    predictor: Predictor
    kind: str
    metric: bool


class DisparityPredictor(Predictor):
    """
    A network from colour images to disparity, or depth, of any resolution.

    :param network: maps (N, 3, *size), 0 to 1, to (N, h, w).
    :param size: rows and columns that images are resized to.
    """

    def __init__(self, network: torch.nn.Module, size: tuple[int, int], about: str) -> None:
        self.about = about
        self._device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
        self._network, self._size = network.eval().to(self._device), size

    def predict(self, split: EchoSplit, indices: Tensor) -> Predicted:
        """See :class:`Predictor`; the values have no unit, and are of the truth's resolution."""
        rgb = split.rgb_batch(indices).to(self._device)
        if tuple(rgb.shape[2:]) != self._size:
            rgb = functional.interpolate(rgb, self._size, mode='bilinear', antialias=True)
        with torch.no_grad():
            values = self._network(rgb).float()
        values = functional.interpolate(values[:, None], tuple(split.depth.shape[1:]),
                                        mode='bilinear', align_corners=False)[:, 0]
        return Predicted(values.cpu().numpy(), None, np.zeros(len(indices), bool))


class _HuggingFace(torch.nn.Module):
    """Normalise as the checkpoint was trained with, and answer with its depth image alone."""

    def __init__(self, model: torch.nn.Module, mean: list[float], std: list[float]) -> None:
        super().__init__()
        self.model = model
        self.register_buffer('mean', torch.tensor(mean)[:, None, None])
        self.register_buffer('std', torch.tensor(std)[:, None, None])

    def forward(self, rgb: Tensor) -> Tensor:
        return self.model(pixel_values=(rgb - self.mean) / self.std).predicted_depth


def open_relative(name: Path | str, kind: str | None = None, threads: int = 2) -> Relative:
    """
    Open a model of relative depth, told apart by its name and what the file holds.

    :param name: ``hf:NAME`` of a DPT, MiDaS, Depth Anything or ZoeDepth model of Hugging Face, or
        its folder; a checkpoint of train-monodepth, train, train-avs or of
        :mod:`~echo_depth_ros.learning.avs.disparity`; an ONNX file of export or export-avs.
    :param kind: what it answers with, where that is not what its sort of model does.
    :param threads: CPU threads of ONNX Runtime.
    :raises EchoDepthError: there is no such model, or it tells no depth.
    """
    if kind is not None and kind not in KINDS:
        raise PredictorError(f'relative kind is {kind!r}; expected one of {", ".join(KINDS)}')
    name = str(name)
    found = (_hugging_face(name.removeprefix(HUGGING_FACE)) if name.startswith(HUGGING_FACE)
             else _file(Path(name), threads))
    return found if kind is None else found._replace(kind=kind)


def _file(path: Path, threads: int) -> Relative:
    if not path.is_file():
        raise PredictorError(f'relative model {path} does not exist; expected a .pt checkpoint, '
                             f'an .onnx file, or {HUGGING_FACE}NAME')
    if path.suffix.lower() == '.onnx':
        avs = AVS_KEY in {prop.key for prop in onnx.load(path).metadata_props}
        return Relative(open_avs_predictor(path, threads) if avs
                        else open_predictor(path, threads=threads), 'depth', True)
    state = read_checkpoint(path)
    sort = (state[RUN] if RUN in state else state).get('kind')
    if sort == MONODEPTH:
        return Relative(open_monodepth(path), 'depth', False)
    if sort == DISPARITY:
        network = load_disparity(path)
        return Relative(DisparityPredictor(network, network.config.image, 'disparity, trained '
                                           'here'), 'disparity', False)
    if sort == KIND:
        return Relative(open_avs_predictor(path, threads), 'depth', True)
    return Relative(open_predictor(path, threads=threads), 'depth', True)


def _hugging_face(name: str) -> Relative:
    # Here, because it is needed for this only, and takes seconds to load.
    from echo_depth_ros.learning.avs import hugging_face
    model = hugging_face.fetch(name)
    sort = model.config.model_type
    if sort not in hugging_face.KINDS:
        raise PredictorError(f'{name} is of type {sort}; expected one of '
                             f'{", ".join(hugging_face.KINDS)}')
    metric = sort == 'zoedepth' or getattr(model.config, 'depth_estimation_type', '') == 'metric'
    normalised = _HuggingFace(model, *hugging_face.normalisation(name))
    predictor = DisparityPredictor(normalised, _size(name, model), f'Hugging Face, {sort}')
    return Relative(predictor, 'depth' if metric else 'disparity', metric)


def _size(name: str, model: torch.nn.Module) -> tuple[int, int]:
    """Rows and columns that a model was trained with."""
    try:
        stated = ImageProcessingMixin.get_image_processor_dict(name)[0].get('size') or {}
    except (OSError, ValueError):  # a model saved without its image processor
        stated = {}
    if isinstance(stated, dict) and {'height', 'width'} <= stated.keys():
        return int(stated['height']), int(stated['width'])
    backbone = getattr(model.config, 'backbone_config', None)
    for config in ((backbone, model.config) if backbone is not None else (model.config,)):
        side = getattr(config, 'image_size', None)
        if side:
            return tuple(side) if isinstance(side, (list, tuple)) else (int(side), int(side))
    return _SIDE, _SIDE
