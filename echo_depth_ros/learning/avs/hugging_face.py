# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MiDaS, DPT, Depth Anything and ZoeDepth of Hugging Face as visual backbones, by name."""

import json
from typing import Any

import torch
from torch import nn, Tensor
from transformers import AutoConfig, AutoModelForDepthEstimation
from transformers.image_processing_base import ImageProcessingMixin

from echo_depth_ros.learning.avs.errors import VisualError
from echo_depth_ros.learning.avs.sizes import AvsSizes, HUGGING_FACE
from echo_depth_ros.learning.avs.visual import VisualFeatures

KINDS = ('dpt', 'depth_anything', 'zoedepth')
"""Model types that can be taken apart; the MiDaS checkpoints of Hugging Face are of type dpt."""
_MEAN, _STD = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
"""What MiDaS and DPT subtract and divide by, where a checkpoint does not say."""


class Tap(nn.Module):
    """
    A part of a network that remembers its answer until it is asked for.

    :param part: to listen at.
    """

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part
        self._answer: Any = None

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Answer as the part does."""
        self._answer = self.part(*args, **kwargs)
        return self._answer

    def take(self) -> Any:
        """Hand out the answer, and forget it: graphs of tensors must not outlive their step."""
        answer, self._answer = self._answer, None
        return answer


class MetricHeadTap(nn.Module):
    """Stands for ZoeDepth's metric head: keeps what that is given, and answers at once."""

    def __init__(self) -> None:
        super().__init__()
        self._given: VisualFeatures | None = None

    def forward(self, outconv_activation: Tensor, bottleneck: Tensor,
                feature_blocks: list[Tensor], relative_depth: Tensor) -> tuple[Tensor, None]:
        """Answer with the relative depth, (N, 1, H, W)."""
        self._given = VisualFeatures(bottleneck, tuple(feature_blocks), outconv_activation,
                                     relative_depth)
        return relative_depth[:, None], None

    def take(self) -> VisualFeatures | None:
        """Hand out what was given, and forget it."""
        given, self._given = self._given, None
        return given


class HuggingFaceVisual(nn.Module):
    """
    A depth model of Hugging Face, taken apart where ZoeDepth's metric head would sit.

    :param sizes: ``visual`` names the model. With ``visual_config`` it is built from that
        and has fresh weights, as for a checkpoint that brings its own.
    :ivar channels: of bottleneck, decoder features and last features.
    :ivar any_batch: whether an exported file takes any number of images at a time, or one.
    :ivar described: the model's configuration and its normalisation of images, as JSON.
    :raises VisualError: there is no such model, it is of another kind, or it cannot take images
        of that size.
    """

    def __init__(self, sizes: AvsSizes) -> None:
        super().__init__()
        name = sizes.visual.removeprefix(HUGGING_FACE)
        if sizes.visual_config:
            stated = json.loads(sizes.visual_config)
            mean, std = stated['mean'], stated['std']
            values = dict(stated['model'])
            config = AutoConfig.for_model(values.pop('model_type'), **values)
            model = AutoModelForDepthEstimation.from_config(config)
        else:
            model = fetch(name)
            mean, std = normalisation(name)
        if model.config.model_type not in KINDS:
            raise VisualError(f'{name} is of type {model.config.model_type}; expected one of '
                              f'{", ".join(KINDS)}')
        # ZoeDepth's neck splits its batch in a way that a traced graph cannot follow.
        self.any_batch = model.config.model_type != 'zoedepth'
        self.described = json.dumps({'mean': mean, 'std': std, 'model': model.config.to_dict()},
                                    sort_keys=True)
        self.register_buffer('mean', torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer('std', torch.tensor(std)[:, None, None], persistent=False)
        self.model = _tapped(model)
        try:
            with torch.no_grad():
                seen = self.eval()(torch.zeros(1, 3, *sizes.image))
        except (RuntimeError, ValueError) as error:
            raise VisualError(f'{name} cannot take images of {list(sizes.image)}: {error}; '
                              'expected multiples of its patch, and a square for plain DPT'
                              ) from error
        if len(seen.decoder) != 4:
            raise VisualError(f'{name} has {len(seen.decoder)} decoder features; expected 4')
        self.channels = (seen.bottleneck.shape[1], seen.decoder[0].shape[1], seen.last.shape[1])

    def forward(self, rgb: Tensor) -> VisualFeatures:
        """Take colour images (N, 3, *image), 0 to 1, apart."""
        model = self.model
        answer = model(pixel_values=(rgb - self.mean) / self.std)
        if model.config.model_type == 'zoedepth':
            return model.metric_head.take()
        last = (model.head.head[3] if model.config.model_type == 'dpt'
                else model.head.activation1).take()
        bottleneck = model.neck.part.convs[-1].take()
        return VisualFeatures(bottleneck, tuple(model.neck.take()), last,
                              answer.predicted_depth)


def _tapped(model: nn.Module) -> nn.Module:
    if model.config.model_type == 'zoedepth':
        model.metric_head = MetricHeadTap()
        return model
    model.neck.convs[-1] = Tap(model.neck.convs[-1])
    model.neck = Tap(model.neck)
    if model.config.model_type == 'dpt':
        model.head.head[3] = Tap(model.head.head[3])
    else:
        model.head.activation1 = Tap(model.head.activation1)
    return model


def fetch(name: str) -> nn.Module:
    """
    Depth model of a name, from its folder, from what was downloaded before, or from the net.

    :raises VisualError: there is none.
    """
    try:
        return AutoModelForDepthEstimation.from_pretrained(name)
    except (OSError, ValueError) as error:
        raise VisualError(f'Hugging Face has no depth model {name!r} here: {error}') from error


def normalisation(name: str) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each colour, as the model was trained with."""
    try:
        stated = ImageProcessingMixin.get_image_processor_dict(name)[0]
    except (OSError, ValueError):  # a model saved without its image processor
        stated = {}
    return list(stated.get('image_mean', _MEAN)), list(stated.get('image_std', _STD))
