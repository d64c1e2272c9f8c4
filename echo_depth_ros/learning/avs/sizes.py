# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What an AVS-Net is made of; stored in checkpoints, and a section of the YAML files."""

from dataclasses import dataclass, field

from echo_depth_ros.learning.networks.sizes import Sizes
from echo_depth_ros.learning.training.errors import ConfigError

BIN_CENTERS = ('normed', 'softplus')
ECHO_LEVELS = ('magnitude', 'log')
SMALL = 'small'
HUGGING_FACE = 'hf:'


@dataclass(frozen=True)
class AvsSizes(Sizes):
    """
    Sizes of an :class:`~.network.AvsNet`.

    :ivar visual: visual backbone: 'small', trained here, or 'hf:NAME' of a MiDaS, DPT,
        Depth Anything or ZoeDepth model of Hugging Face, by name or folder.
    :ivar visual_config: configuration of such a model as JSON. Filled in by the network, so that
        a checkpoint is built again without a download.
    :ivar frozen: keep the visual backbone as it was trained.
    :ivar image: rows and columns that the backbone sees, and that the spectrogram is resized to.
    :ivar encoder: channels of 'small' at 1/2, 1/4, 1/8 and 1/16 of the image.
    :ivar bottleneck: channels of its bottleneck.
    :ivar decoder: channels of its decoder features.
    :ivar last: channels of its last features, at half the image's resolution.
    :ivar echo_branch: whether echoes are heard; without it this is the Only-RGB baseline.
    :ivar echo_level: what the echo branch hears of a spectrogram: its magnitude as the paper
        does, or its logarithm, which does not depend on the gain.
    :ivar echo_widths: channels of the four stages of its ResNet-18; the paper's are 64 to 512.
    :ivar heads: of the cross-modal attention.
    :ivar bins: depth bins of a pixel.
    :ivar bin_centers: 'normed', between the least and the largest depth, or 'softplus', unbounded.
    :ivar bin_embedding: channels of the bin embeddings.
    :ivar attractors: of each of the four attractor layers.
    :ivar depth_min: metres.
    :ivar depth_max: metres.
    """

    visual: str = SMALL
    visual_config: str = ''
    frozen: bool = False
    image: tuple[int, int] = (128, 128)
    encoder: tuple[int, int, int, int] = (32, 64, 96, 160)
    bottleneck: int = field(default=128, metadata={'least': 1})
    decoder: int = field(default=48, metadata={'least': 1})
    last: int = field(default=16, metadata={'least': 1})
    echo_branch: bool = True
    echo_level: str = field(default='log', metadata={'choices': ECHO_LEVELS})
    echo_widths: tuple[int, int, int, int] = (64, 128, 256, 512)
    heads: int = field(default=4, metadata={'least': 1})
    bins: int = field(default=64, metadata={'least': 2})
    bin_centers: str = field(default='normed', metadata={'choices': BIN_CENTERS})
    bin_embedding: int = field(default=128, metadata={'least': 1})
    attractors: tuple[int, int, int, int] = (16, 8, 4, 1)
    depth_min: float = field(default=1e-3, metadata={'above': 0})
    depth_max: float = field(default=12.0, metadata={'above': 0})

    def __post_init__(self) -> None:
        if self.visual != SMALL and not self.visual.startswith(HUGGING_FACE):
            raise ConfigError(f'visual is {self.visual!r}; expected {SMALL}, or hf:NAME of a '
                              'depth model of Hugging Face')
        if not self.depth_min < self.depth_max:
            raise ConfigError(f'depth_min is {self.depth_min}, depth_max {self.depth_max}; '
                              'expected the least depth first')
        for name in ('image', 'encoder', 'echo_widths', 'attractors'):
            if min(getattr(self, name)) < 1:
                raise ConfigError(f'{name} is {list(getattr(self, name))}; expected numbers '
                                  'from 1 on')
