# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a run of AVS-Net is made of, mirrored by the YAML files of ``config/avs``."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from echo_depth_ros.learning.augment import Augmentation
from echo_depth_ros.learning.avs.loss import ScaleInvariantConfig
from echo_depth_ros.learning.avs.sizes import AvsSizes
from echo_depth_ros.learning.training.config import RunConfig
from echo_depth_ros.learning.training.yaml_files import load

KIND = 'avs'
"""What checkpoints of AVS-Net are called, and the folder of ``config`` for their runs."""


@dataclass(frozen=True)
class AvsConfig(RunConfig):
    """
    A run of AVS-Net, but for its data and its seed.

    :ivar network: sizes, backbone, and whether echoes are heard.
    :ivar loss: equation 4.
    :ivar augmentation: of the windows; its mirror turns colour and depth too.
    :ivar brightness: largest change of a colour image's contrast, as a factor about 1, and half as
        much of its brightness.
    :ivar dark_share: of the colour images that are seen in less light, down to none: there echoes
        are all there is.
    :ivar narrow_share: of the colour images that are seen by a narrower camera, see
        :mod:`~.narrow`; 0 trains for one field of view only, which the contract then asks for.
    """

    network: AvsSizes = field(default_factory=AvsSizes)
    loss: ScaleInvariantConfig = field(default_factory=ScaleInvariantConfig)
    augmentation: Augmentation = field(default_factory=Augmentation)
    brightness: float = field(default=0.2, metadata={'least': 0, 'below': 1})
    dark_share: float = field(default=0.15, metadata={'least': 0, 'most': 1})
    narrow_share: float = field(default=0.3, metadata={'least': 0, 'most': 1})
    steps: int = field(default=6000, metadata={'least': 1})
    batch: int = field(default=32, metadata={'least': 1})
    val_images: int = field(default=500, metadata={'least': 0})

    @property
    def kind(self) -> str:
        """What its checkpoints say they are."""
        return KIND


def load_avs_config(name: str | Path, overrides: Iterable[str] = ()) -> AvsConfig:
    """
    Load a configuration by path, or by the name of a file in ``config/avs``.

    :param overrides: see :func:`~echo_depth_ros.learning.training.yaml_files.load`.
    :raises ConfigError: no such file, or something in it is wrong.
    """
    return load(AvsConfig, KIND, name, overrides)
