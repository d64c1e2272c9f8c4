# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a run on ambient sound is made of, mirrored by the YAML files of ``config/ambient``."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from echo_depth_ros.learning.ambient.clips import HEARS
from echo_depth_ros.learning.ambient.networks import AmbientSizes
from echo_depth_ros.learning.training.errors import ConfigError
from echo_depth_ros.learning.training.sections import plain
from echo_depth_ros.learning.training.yaml_files import load

FOLDER = 'ambient'
"""Of ``config``, where the YAML files lie."""
OPTIMIZERS = ('adamw', 'sgd')
PRECISIONS = ('32-true', 'bf16-mixed')


@dataclass(frozen=True)
class AmbientOptimizer:
    """
    How weights move; the rate falls to nothing along a cosine.

    :ivar name: adamw, or sgd with momentum 0.9 as the authors use.
    :ivar warm_up: share of the steps in which the rate rises.
    """

    name: str = field(default='adamw', metadata={'choices': OPTIMIZERS})
    lr: float = field(default=2e-3, metadata={'above': 0})
    weight_decay: float = field(default=0.05, metadata={'least': 0})
    warm_up: float = field(default=0.1, metadata={'least': 0, 'below': 1})


@dataclass(frozen=True)
class AmbientConfig:
    """
    A run, but for its data and its seed.

    :ivar hear: what the network hears, see :data:`~.clips.HEARS`.
    :ivar near: metres within which a surface is an obstacle.
    :ivar sizes: of the network; its channels follow from ``hear``.
    :ivar obstacle: weight of the obstacle's cross-entropy; 0 leaves the task out.
    :ivar order: weight of the order's.
    :ivar distance: weight of the distance's mean absolute error.
    :ivar least_apart: metres by which the clips of a pair differ at least.
    :ivar gain: least and largest factor by which a clip's amplitude is multiplied in training.
    :ivar tilt_db: standard deviation of a random straight line over the bands, decibels at the
        ends; the same for both ears. Rooms colour sound in more ways than are simulated.
    :ivar epochs: times that all clips are heard.
    :ivar batch: samples in a step.
    :ivar precision: 'bf16-mixed' multiplies in bfloat16, which takes two thirds of the time for
        VGGish on a CPU that knows it.
    """

    hear: str = field(default='ears', metadata={'choices': HEARS})
    near: float = field(default=0.5, metadata={'above': 0})
    sizes: AmbientSizes = field(default_factory=AmbientSizes)
    optimizer: AmbientOptimizer = field(default_factory=AmbientOptimizer)
    obstacle: float = field(default=1.0, metadata={'least': 0})
    order: float = field(default=0.5, metadata={'least': 0})
    distance: float = field(default=0.5, metadata={'least': 0})
    least_apart: float = field(default=0.1, metadata={'least': 0})
    gain: tuple[float, float] = (0.5, 1.5)
    tilt_db: float = field(default=1.0, metadata={'least': 0})
    epochs: int = field(default=20, metadata={'least': 1})
    batch: int = field(default=128, metadata={'least': 2})
    precision: str = field(default='32-true', metadata={'choices': PRECISIONS})

    def __post_init__(self) -> None:
        if not 0 < self.gain[0] <= self.gain[1]:
            raise ConfigError(f'gain is {list(self.gain)}; expected two factors above 0, the '
                              'smaller one first')
        if not self.obstacle + self.order + self.distance:
            raise ConfigError('obstacle, order and distance are all 0; expected one task at least')

    def to_dict(self) -> dict[str, Any]:
        """Plain types only."""
        return plain(self)


def load_ambient_config(name: str | Path, overrides: Iterable[str] = ()) -> AmbientConfig:
    """
    Load a configuration by path, or by the name of a file in ``config/ambient``.

    :param overrides: see :func:`~echo_depth_ros.learning.training.yaml_files.load`.
    :raises ConfigError: no such file, or something in it is wrong.
    """
    return load(AmbientConfig, FOLDER, name, overrides)
