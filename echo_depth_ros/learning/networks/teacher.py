# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rgb2Depth and Rgb2Material: the vision teachers, trained here on simulated colour images."""

from dataclasses import dataclass
import math

import torch
from torch import nn, Tensor
from torch.nn import functional

from echo_depth_ros.learning.networks.blocks import ConvBlock, Residual
from echo_depth_ros.learning.networks.sizes import Sizes

TASKS = ('depth', 'material')


@dataclass(frozen=True)
class TeacherConfig(Sizes):
    """
    Sizes of an :class:`RgbTeacher`; stored in checkpoints.

    :ivar encoder: channels at 64, 32, 16 and 8 pixels; the last is the embedding's.
    :ivar decoder: channels at 16, 32 and 64 pixels.
    """

    encoder: tuple[int, int, int, int] = (24, 48, 96, 128)
    decoder: tuple[int, int, int] = (64, 32, 16)
    materials: int = 17
    depth_min: float = 0.1
    depth_max: float = 12.0


class RgbTeacher(nn.Module):
    """
    Depth or material from a colour image, through one embedding.

    No skip links: all that the decoder knows has passed through the 8×8 embedding, so what the
    student is taught with is complete.

    :param task: 'depth' or 'material'.
    """

    SIZE = 128

    def __init__(self, task: str, config: TeacherConfig = TeacherConfig()) -> None:
        super().__init__()
        if task not in TASKS:
            raise ValueError(f'task is {task!r}; expected one of {", ".join(TASKS)}')
        self.task, self.config = task, config
        one, two, three, four = config.encoder
        self.encoder = nn.Sequential(
            ConvBlock(5, one, kernel=5, stride=2),
            ConvBlock(one, two, stride=2), Residual(two),
            ConvBlock(two, three, stride=2), Residual(three), Residual(three),
            ConvBlock(three, four, stride=2), Residual(four), Residual(four),
            nn.Conv2d(four, four, 1))
        row = torch.linspace(-1, 1, self.SIZE)
        place = torch.stack([row[:, None].expand(-1, self.SIZE), row.expand(self.SIZE, -1)])
        self.register_buffer('where', place[None], persistent=False)
        at16, at32, at64 = config.decoder
        blocks: list[nn.Module] = [_up(), ConvBlock(four, at16), Residual(at16),
                                   _up(), ConvBlock(at16, at32)]
        if task == 'material':
            blocks.append(nn.Conv2d(at32, config.materials, 1))
        else:
            blocks += [_up(), ConvBlock(at32, at64), nn.Conv2d(at64, 4, 3, 1, 1),
                       nn.PixelShuffle(2)]
        self.decoder = nn.Sequential(*blocks)

    @property
    def channels(self) -> int:
        """C, the channels of the embedding."""
        return self.config.encoder[3]

    def embed(self, rgb: Tensor) -> Tensor:
        """Map colour images (N, 3, H, W), 0 to 1, to f_x^t, (N, C, 8, 8)."""
        if rgb.shape[2:] != (self.SIZE, self.SIZE):
            rgb = functional.interpolate(rgb, (self.SIZE, self.SIZE), mode='bilinear',
                                         antialias=True)
        where = self.where.expand(len(rgb), -1, -1, -1)
        return self.encoder(torch.cat([2 * rgb - 1, where], dim=1))

    def decode(self, embedding: Tensor) -> Tensor:
        """
        Read the answer off an embedding.

        :returns: natural log of depth in metres, (N, 128, 128); or (N, materials, 32, 32) logits.
        """
        answer = self.decoder(embedding).float()
        if self.task == 'material':
            return answer
        low = math.log(self.config.depth_min)
        return low + (math.log(self.config.depth_max) - low) * torch.sigmoid(answer[:, 0])

    def forward(self, rgb: Tensor) -> Tensor:
        """``decode(embed(rgb))``."""
        return self.decode(self.embed(rgb))


def _up() -> nn.Module:
    return nn.Upsample(scale_factor=2.0, mode='nearest')
