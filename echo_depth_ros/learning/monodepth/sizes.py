# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What DepthNet and PoseNet are made of; stored in checkpoints, a section of the YAML files."""

from dataclasses import dataclass, field

from echo_depth_ros.learning.networks.sizes import Sizes
from echo_depth_ros.learning.training.errors import ConfigError

SCALES = 4
"""Disparities at 1, 1/2, 1/4 and 1/8 of the image."""
STRIDE = 16
"""Pixels of the image to one of the bottleneck."""


@dataclass(frozen=True)
class MonodepthSizes(Sizes):
    """
    Sizes of a :class:`~.network.Monodepth`.

    :ivar image: rows and columns, multiples of 16.
    :ivar encoder: channels of DepthNet at 1/2, 1/4, 1/8 and 1/16 of the image.
    :ivar decoder: its channels at 1/8, 1/4, 1/2 and 1.
    :ivar pose: channels of PoseNet's convolutions, each of which halves the image.
    :ivar depth_min: least depth, in units that no one knows.
    :ivar depth_max: largest.
    :ivar depth_start: depth before training; the unit is such that a robot's step is then about
        what an untrained PoseNet can say.
    :ivar translation_scale: factor of PoseNet's translation, small so that training starts
        at rest.
    :ivar rotation_scale: factor of its axis-angle.
    """

    image: tuple[int, int] = (128, 128)
    encoder: tuple[int, int, int, int] = (24, 48, 96, 160)
    decoder: tuple[int, int, int, int] = (64, 32, 24, 12)
    pose: tuple[int, ...] = (16, 32, 64, 96, 128)
    depth_min: float = field(default=0.03, metadata={'above': 0})
    depth_max: float = field(default=3.0, metadata={'above': 0})
    depth_start: float = field(default=0.2, metadata={'above': 0})
    translation_scale: float = field(default=0.01, metadata={'above': 0})
    rotation_scale: float = field(default=0.01, metadata={'above': 0})

    def __post_init__(self) -> None:
        if not self.depth_min < self.depth_start < self.depth_max:
            raise ConfigError(f'depth_min is {self.depth_min}, depth_start {self.depth_start}, '
                              f'depth_max {self.depth_max}; expected them in rising order')
        if any(side < STRIDE or side % STRIDE for side in self.image):
            raise ConfigError(f'image is {list(self.image)}; expected multiples of {STRIDE}')
        for name in ('encoder', 'decoder', 'pose'):
            if not getattr(self, name) or min(getattr(self, name)) < 1:
                raise ConfigError(f'{name} is {list(getattr(self, name))}; expected numbers from '
                                  '1 on')
