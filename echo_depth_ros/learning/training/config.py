# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a training run is made of: frozen dataclasses, mirrored one to one by YAML files."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from echo_depth_ros.learning.augment import Augmentation
from echo_depth_ros.learning.distillation.objective import DistillationConfig
from echo_depth_ros.learning.networks.student import StudentConfig
from echo_depth_ros.learning.networks.teacher import TeacherConfig
from echo_depth_ros.learning.training.sections import plain
from echo_depth_ros.learning.training.yaml_files import load

FOLDER = 'training'
"""Of ``config``, where the YAML files lie."""
KINDS = ('student', 'batvision_unet', 'echonet', 'teacher_depth', 'teacher_material')
SCHEDULES = ('one_cycle', 'constant')
PRECISIONS = ('auto', '32-true', 'bf16-mixed', '16-mixed')


@dataclass(frozen=True)
class OptimizerConfig:
    """
    AdamW.

    :ivar lr: peak learning rate.
    :ivar weight_decay: of kernels and matrices; biases, norms and the mean image have none.
    :ivar schedule: one_cycle (see :class:`~.schedule.OneCycle`) or constant.
    :ivar warm_up: share of the steps in which the rate rises.
    :ivar final: last rate over the peak.
    :ivar clip: largest norm of a gradient; 0 turns clipping off.
    """

    lr: float = field(default=2e-3, metadata={'above': 0})
    weight_decay: float = field(default=0.02, metadata={'least': 0})
    schedule: str = field(default='one_cycle', metadata={'choices': SCHEDULES})
    warm_up: float = field(default=0.05, metadata={'above': 0, 'below': 1})
    final: float = field(default=0.002, metadata={'above': 0, 'most': 1})
    clip: float = field(default=1.0, metadata={'least': 0})


@dataclass(frozen=True)
class RunConfig:
    """
    What every run has, whatever it trains.

    :ivar optimizer: AdamW.
    :ivar steps: of the optimiser.
    :ivar batch: samples in a step, of all processes together.
    :ivar ema: how much of the average of weights a step keeps; 0 takes the weights as they are.
    :ivar precision: as PyTorch Lightning names it; auto takes bf16-mixed where the processor
        multiplies it natively.
    :ivar val_every: steps between validations.
    :ivar val_images: about how many images to validate on; 0 takes all.
    """

    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    steps: int = field(default=9000, metadata={'least': 1})
    batch: int = field(default=64, metadata={'least': 1})
    ema: float = field(default=0.998, metadata={'least': 0, 'below': 1})
    precision: str = field(default='auto', metadata={'choices': PRECISIONS})
    val_every: int = field(default=300, metadata={'least': 1})
    val_images: int = field(default=1000, metadata={'least': 0})

    @property
    def needs_teachers(self) -> bool:
        """Whether a student learns from vision teachers."""
        return False

    def to_dict(self) -> dict[str, Any]:
        """Plain types only, for checkpoints and for comparing runs."""
        return plain(self)


@dataclass(frozen=True)
class TrainingConfig(RunConfig):
    """
    A run of a student, a teacher or a baseline, but for its data and its seed.

    :ivar kind: which network, see ``KINDS``.
    :ivar student: sizes of the student.
    :ivar teacher: sizes of a vision teacher.
    :ivar distillation: what the student is taught, see ``DistillationConfig``.
    :ivar augmentation: of the windows; ``enabled: false`` turns it off.
    """

    kind: str = field(default='student', metadata={'choices': KINDS})
    student: StudentConfig = field(default_factory=StudentConfig)
    teacher: TeacherConfig = field(default_factory=TeacherConfig)
    distillation: DistillationConfig = field(default_factory=DistillationConfig)
    augmentation: Augmentation = field(default_factory=Augmentation)

    @property
    def needs_teachers(self) -> bool:
        """Whether the student learns from vision teachers."""
        return self.kind == 'student' and self.distillation.needs_teachers


def load_config(name: str | Path, overrides: Iterable[str] = ()) -> TrainingConfig:
    """
    Load a configuration by path, or by the name of a file in ``config/training``.

    :param name: such as ``v2e_ccl``; see :func:`~.yaml_files.load`, likewise ``overrides``.
    :raises ConfigError: no such file, or something in it is wrong.
    """
    return load(TrainingConfig, FOLDER, name, overrides)
