# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frozen vision teachers by name: our own, any torch module, any Hugging Face depth model."""

from importlib import import_module
from pathlib import Path
from typing import Protocol

import torch
from torch import nn, Tensor
from torch.nn import functional

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.learning.networks.teacher import RgbTeacher

GRID = 8
HUGGING_FACE = 'hf:'
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class TeacherError(EchoDepthError, ValueError):
    """A teacher is missing, or is none."""


class Teacher(Protocol):
    """
    What the student can learn from.

    :ivar channels: C of its embedding.
    """

    channels: int

    def embed(self, rgb: Tensor) -> Tensor:
        """Map colour images (N, 3, H, W), 0 to 1, to an embedding (N, C, 8, 8)."""


class ModuleTeacher(nn.Module):
    """
    Teacher from a torch module that makes a feature map of a colour image.

    :param network: maps (N, 3, H, W), normalised as ImageNet is, to (N, C, h, w); averaged to
        8×8 cells.
    :param size: rows (= columns) that the network expects; None takes images as they are.
    :raises TeacherError: what it makes is no feature map.
    """

    def __init__(self, network: nn.Module, size: int | None = None) -> None:
        super().__init__()
        self.network = network.eval().requires_grad_(False)
        self.size = size
        self.register_buffer('mean', torch.tensor(_MEAN)[:, None, None], persistent=False)
        self.register_buffer('std', torch.tensor(_STD)[:, None, None], persistent=False)
        self.channels = self.embed(torch.zeros(1, 3, 128, 128)).shape[1]

    @torch.no_grad()
    def embed(self, rgb: Tensor) -> Tensor:
        """See :class:`Teacher`."""
        image = (rgb - self.mean) / self.std
        if self.size and image.shape[2:] != (self.size, self.size):
            image = functional.interpolate(image, (self.size, self.size), mode='bilinear',
                                           antialias=True)
        features = self.network(image)
        if not isinstance(features, Tensor) or features.ndim != 4:
            got = tuple(features.shape) if isinstance(features, Tensor) else type(features)
            raise TeacherError(f'a teacher answered with {got}; expected a feature map '
                               '(N, C, h, w)')
        return functional.adaptive_avg_pool2d(features.float(), GRID)


class HuggingFaceFeatures(nn.Module):
    """
    Last hidden state of a Hugging Face depth model, laid out as an image.

    :param model: of ``transformers``, with ``output_hidden_states``.
    :param size: rows (= columns) of the images that it gets.
    """

    def __init__(self, model: nn.Module, size: int) -> None:
        super().__init__()
        self.model, self.size = model, size

    def forward(self, image: Tensor) -> Tensor:
        """Map (N, 3, size, size) to (N, C, h, w)."""
        answer = self.model(pixel_values=image, output_hidden_states=True)
        hidden = answer.hidden_states[-1]
        if hidden.ndim == 4:  # some backbones keep the layout
            return hidden
        # Tokens of patches, after a class token or a few registers.
        side = int(hidden.shape[1] ** 0.5)
        patches = hidden[:, hidden.shape[1] - side * side:]
        return patches.transpose(1, 2).unflatten(2, (side, side))


def open_teacher(name: str | Path) -> Teacher:
    """
    Open a frozen teacher, ready to embed.

    :param name: a checkpoint of ``echo-depth train`` with kind ``teacher_depth`` or
        ``teacher_material``; ``hf:NAME`` for a depth model of Hugging Face, by name or folder;
        or ``package.module:attribute`` for a function or class that makes, or an object that is,
        a :class:`Teacher` or a torch module for :class:`ModuleTeacher`.
    :raises TeacherError: there is no such teacher, or it is something else.
    """
    name = str(name)
    if name.startswith(HUGGING_FACE):
        teacher: Teacher = _hugging_face(name[len(HUGGING_FACE):])
    elif Path(name).exists():
        teacher = _checkpoint(name)
    elif ':' in name:
        teacher = _imported(name)
    else:
        raise TeacherError(
            f'no teacher {name!r}; expected a checkpoint of "echo-depth train --config '
            'teacher_depth", hf:NAME of a Hugging Face depth model, or package.module:attribute')
    if isinstance(teacher, nn.Module):
        teacher.eval().requires_grad_(False)
    return teacher


def _checkpoint(path: str) -> Teacher:
    from echo_depth_ros.learning.training.checkpoint import load_model
    network, _ = load_model(path)
    if not isinstance(network, RgbTeacher):
        raise TeacherError(f'{path} holds a {type(network).__name__}; expected a teacher, from '
                           '"echo-depth train --config teacher_depth" or teacher_material')
    return network


def _hugging_face(name: str) -> Teacher:
    try:
        from transformers import AutoModelForDepthEstimation
    except ImportError as error:
        raise TeacherError(f'hf:{name} needs transformers, which is not installed: '
                           'pip install "echo_depth_ros[teachers]"') from error
    try:
        model = AutoModelForDepthEstimation.from_pretrained(name)
    except (OSError, ValueError) as error:
        raise TeacherError(f'Hugging Face has no depth model {name!r} here: {error}') from error
    backbone = getattr(model.config, 'backbone_config', None) or model.config
    size = getattr(backbone, 'image_size', None) or 384
    size = size[0] if isinstance(size, (list, tuple)) else size
    return ModuleTeacher(HuggingFaceFeatures(model, size), size)


def _imported(name: str) -> Teacher:
    module, _, attribute = name.partition(':')
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise TeacherError(f'teacher {name!r} cannot be imported: {error}') from error
    if not isinstance(found, nn.Module) and callable(found) and not hasattr(found, 'embed'):
        found = found()
    elif isinstance(found, type):
        found = found()
    if hasattr(found, 'embed') and hasattr(found, 'channels'):
        return found
    if isinstance(found, nn.Module):
        return ModuleTeacher(found)
    raise TeacherError(f'teacher {name!r} is a {type(found).__name__}; expected a torch module, '
                       'or an object with channels and embed(rgb)')
