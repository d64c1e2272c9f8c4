# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a run is made of, mirrored by the YAML files of ``config/monodepth``."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from echo_depth_ros.learning.monodepth.batches import TripleAugmentation
from echo_depth_ros.learning.monodepth.drives import TripleConfig
from echo_depth_ros.learning.monodepth.objective import ObjectiveConfig
from echo_depth_ros.learning.monodepth.sizes import MonodepthSizes
from echo_depth_ros.learning.training.config import OptimizerConfig, PRECISIONS
from echo_depth_ros.learning.training.sections import plain
from echo_depth_ros.learning.training.yaml_files import load

KIND = 'monodepth'
"""What checkpoints of these networks are called, and the folder of ``config`` for their runs."""


@dataclass(frozen=True)
class MonodepthConfig:
    """
    A run, but for its data and its seed.

    :ivar network: sizes of DepthNet and PoseNet.
    :ivar loss: equations 5 and 6.
    :ivar triples: which frames make a triple.
    :ivar augmentation: of triples.
    :ivar steps: of the optimiser.
    :ivar batch: triples in a step.
    :ivar ema: how much of the average of weights a step keeps; 0 takes the weights as they are.
    :ivar precision: as PyTorch Lightning names it, of the networks; the loss is always computed
        in full. auto takes bf16-mixed where the processor multiplies it natively.
    :ivar val_every: steps between validations.
    :ivar val_images: about how many triples to validate on; 0 takes all.
    """

    network: MonodepthSizes = field(default_factory=MonodepthSizes)
    loss: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    triples: TripleConfig = field(default_factory=TripleConfig)
    augmentation: TripleAugmentation = field(default_factory=TripleAugmentation)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    steps: int = field(default=3000, metadata={'least': 1})
    batch: int = field(default=12, metadata={'least': 1})
    ema: float = field(default=0.998, metadata={'least': 0, 'below': 1})
    precision: str = field(default='auto', metadata={'choices': PRECISIONS})
    val_every: int = field(default=300, metadata={'least': 1})
    val_images: int = field(default=300, metadata={'least': 0})

    @property
    def kind(self) -> str:
        """What its checkpoints say they are."""
        return KIND

    @property
    def needs_teachers(self) -> bool:
        """Nobody teaches."""
        return False

    def to_dict(self) -> dict[str, Any]:
        """Plain types only, for checkpoints and for comparing runs."""
        return plain(self)


def load_monodepth_config(name: str | Path, overrides: Iterable[str] = ()) -> MonodepthConfig:
    """
    Load a configuration by path, or by the name of a file in ``config/monodepth``.

    :param overrides: see :func:`~echo_depth_ros.learning.training.yaml_files.load`.
    :raises ConfigError: no such file, or something in it is wrong.
    """
    return load(MonodepthConfig, KIND, name, overrides)
