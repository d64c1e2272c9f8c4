# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a training run is made of: frozen dataclasses, mirrored one to one by YAML files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
import os
from pathlib import Path
import sys
from typing import Any

import yaml

from echo_depth_ros.learning.augment import Augmentation
from echo_depth_ros.learning.distillation.objective import DistillationConfig
from echo_depth_ros.learning.networks.student import StudentConfig
from echo_depth_ros.learning.networks.teacher import TeacherConfig
from echo_depth_ros.learning.training.errors import ConfigError
from echo_depth_ros.learning.training.sections import plain, section

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
class TrainingConfig:
    """
    A run, but for its data and its seed.

    :ivar kind: which network, see ``KINDS``.
    :ivar student: sizes of the student.
    :ivar teacher: sizes of a vision teacher.
    :ivar distillation: what the student is taught, see ``DistillationConfig``.
    :ivar augmentation: of the windows; ``enabled: false`` turns it off.
    :ivar steps: of the optimiser.
    :ivar batch: samples in a step, of all processes together.
    :ivar ema: how much of the average of weights a step keeps; 0 takes the weights as they are.
    :ivar precision: as PyTorch Lightning names it; auto takes bf16-mixed where the processor
        multiplies it natively.
    :ivar val_every: steps between validations.
    :ivar val_images: about how many images to validate on; 0 takes all.
    """

    kind: str = field(default='student', metadata={'choices': KINDS})
    student: StudentConfig = field(default_factory=StudentConfig)
    teacher: TeacherConfig = field(default_factory=TeacherConfig)
    distillation: DistillationConfig = field(default_factory=DistillationConfig)
    augmentation: Augmentation = field(default_factory=Augmentation)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    steps: int = field(default=9000, metadata={'least': 1})
    batch: int = field(default=64, metadata={'least': 1})
    ema: float = field(default=0.998, metadata={'least': 0, 'below': 1})
    precision: str = field(default='auto', metadata={'choices': PRECISIONS})
    val_every: int = field(default=300, metadata={'least': 1})
    val_images: int = field(default=1000, metadata={'least': 0})

    def to_dict(self) -> dict[str, Any]:
        """Plain types only, for checkpoints and for comparing runs."""
        return plain(self)

    @property
    def needs_teachers(self) -> bool:
        """Whether the student learns from vision teachers."""
        return self.kind == 'student' and self.distillation.needs_teachers


def read_config(values: Mapping[str, Any], where: str) -> TrainingConfig:
    """
    Read a configuration from a mapping such as a YAML file's.

    :param where: file, for messages.
    :raises ConfigError: naming file, key and what is allowed.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f'{where} holds no "key: value" lines')
    return section(TrainingConfig, values, where)


def load_config(name: str | Path, overrides: Iterable[str] = ()) -> TrainingConfig:
    """
    Load a configuration by path or by name.

    A file may say ``extends: other.yaml`` and then needs only what differs.

    :param name: path of a YAML file, or a name such as ``v2e_ccl``, see :func:`find_config`.
    :param overrides: ``section.key=value``, which win over the file.
    :raises ConfigError: no such file, or something in it is wrong.
    """
    path = find_config(name)
    values = _extended(path, ())
    where = str(path)
    for override in overrides:
        where = f'{path} with --set'
        _set(values, override)
    return read_config(values, where)


def find_config(name: str | Path) -> Path:
    """
    Path of a training configuration.

    A path that exists wins. Then ``NAME.yaml`` in the first of :func:`config_places` that has it.

    :raises ConfigError: nothing found; the message lists names and places.
    """
    path = Path(name).expanduser()
    if path.is_file():
        return path
    file = path.name if path.suffix in ('.yaml', '.yml') else f'{path.name}.yaml'
    places = config_places()
    if path.parent == Path('.'):
        found = next((place / file for place in places if (place / file).is_file()), None)
        if found is not None:
            return found
    names = sorted({f.stem for place in places for f in place.glob('*.yaml')})
    raise ConfigError(f'no training configuration {name}; expected a YAML file or one of: '
                      f'{", ".join(names) or "(none)"}, which lie in '
                      f'{", ".join(map(str, places))}')


def config_places() -> list[Path]:
    """Every folder where configurations may lie, best first; as the model is found."""
    share = Path('share', 'echo_depth_ros', 'config', 'training')
    prefixes = [p for p in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]
    return list(dict.fromkeys([
        Path(__file__).resolve().parents[3] / 'config' / 'training',
        *(Path(prefix) / share for prefix in prefixes), Path(sys.prefix) / share]))


def _extended(path: Path, children: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in children:
        raise ConfigError(f'{path} extends itself')
    try:
        values = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f'{path} is no YAML: {error}') from error
    except OSError as error:
        raise ConfigError(f'{path} cannot be read: {error}') from error
    values = {} if values is None else values
    if not isinstance(values, dict):
        raise ConfigError(f'{path} holds no "key: value" lines')
    base = values.pop('extends', None)
    if base is None:
        return values
    if not isinstance(base, str):
        raise ConfigError(f'{path}: extends is {base!r}; expected the name of a YAML file')
    beside = path.parent / base
    base_path = beside if beside.is_file() else find_config(base)
    return _merged(_extended(base_path, (*children, path.resolve())), values)


def _merged(base: dict, values: dict) -> dict:
    merged = dict(base)
    for key, value in values.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = _merged(below, value) if both else value
    return merged


def _set(values: dict, override: str) -> None:
    key, equals, text = override.partition('=')
    names = key.strip().split('.')
    if not equals or not all(names):
        raise ConfigError(f'--set {override}: expected key=value, such as optimizer.lr=0.001')
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f'--set {override}: {text!r} is no YAML value: {error}') from error
    place = values
    for depth, name in enumerate(names[:-1]):
        below = place.get(name)
        if below is None:
            below = {}
        if not isinstance(below, dict):
            raise ConfigError(f'--set {override}: {".".join(names[:depth + 1])} is no '
                              'section')
        place[name] = dict(below)
        place = place[name]
    place[names[-1]] = value
