# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a run is made of, mirrored by the YAML files of ``config/monodepth``."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from echo_depth_ros.learning.monodepth.batches import TripleAugmentation
from echo_depth_ros.learning.monodepth.drives import TripleConfig
from echo_depth_ros.learning.monodepth.objective import ObjectiveConfig
from echo_depth_ros.learning.monodepth.sizes import MonodepthSizes
from echo_depth_ros.learning.training.config import RunConfig
from echo_depth_ros.learning.training.yaml_files import load

KIND = 'monodepth'
"""What checkpoints of these networks are called, and the folder of ``config`` for their runs."""


@dataclass(frozen=True)
class MonodepthConfig(RunConfig):
    """
    A run on films, but for its data and its seed; the loss is always computed in full precision.

    :ivar network: sizes of DepthNet and PoseNet.
    :ivar loss: equations 5 and 6.
    :ivar triples: which frames make a triple.
    :ivar augmentation: of triples.
    """

    network: MonodepthSizes = field(default_factory=MonodepthSizes)
    loss: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    triples: TripleConfig = field(default_factory=TripleConfig)
    augmentation: TripleAugmentation = field(default_factory=TripleAugmentation)
    steps: int = field(default=3000, metadata={'least': 1})
    batch: int = field(default=12, metadata={'least': 1})
    val_images: int = field(default=300, metadata={'least': 0})

    @property
    def kind(self) -> str:
        """What its checkpoints say they are."""
        return KIND


def load_monodepth_config(name: str | Path, overrides: Iterable[str] = ()) -> MonodepthConfig:
    """
    Load a configuration by path, or by the name of a file in ``config/monodepth``.

    :param overrides: see :func:`~echo_depth_ros.learning.training.yaml_files.load`.
    :raises ConfigError: no such file, or something in it is wrong.
    """
    return load(MonodepthConfig, KIND, name, overrides)
