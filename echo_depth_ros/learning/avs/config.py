# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a run of AVS-Net is made of, mirrored by the YAML files of ``config/avs``."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from echo_depth_ros.learning.augment import Augmentation
from echo_depth_ros.learning.avs.loss import ScaleInvariantConfig
from echo_depth_ros.learning.avs.sizes import AvsSizes
from echo_depth_ros.learning.training.config import config_places, OptimizerConfig, PRECISIONS
from echo_depth_ros.learning.training.errors import ConfigError
from echo_depth_ros.learning.training.sections import plain, section

KIND = 'avs'
"""What checkpoints of AVS-Net are called."""


@dataclass(frozen=True)
class AvsConfig:
    """
    A run, but for its data and its seed.

    :ivar network: sizes, backbone, and whether echoes are heard.
    :ivar loss: equation 4.
    :ivar augmentation: of the windows; its mirror turns colour and depth too.
    :ivar brightness: largest change of a colour image's contrast, as a factor about 1, and half as
        much of its brightness.
    :ivar dark_share: of the colour images that are seen in less light, down to none: there echoes
        are all there is.
    :ivar steps: of the optimiser.
    :ivar batch: samples in a step.
    :ivar ema: how much of the average of weights a step keeps; 0 takes the weights as they are.
    :ivar precision: as PyTorch Lightning names it; auto takes bf16-mixed where the processor
        multiplies it natively.
    :ivar val_every: steps between validations.
    :ivar val_images: about how many images to validate on; 0 takes all.
    """

    network: AvsSizes = field(default_factory=AvsSizes)
    loss: ScaleInvariantConfig = field(default_factory=ScaleInvariantConfig)
    augmentation: Augmentation = field(default_factory=Augmentation)
    brightness: float = field(default=0.2, metadata={'least': 0, 'below': 1})
    dark_share: float = field(default=0.15, metadata={'least': 0, 'most': 1})
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    steps: int = field(default=6000, metadata={'least': 1})
    batch: int = field(default=32, metadata={'least': 1})
    ema: float = field(default=0.998, metadata={'least': 0, 'below': 1})
    precision: str = field(default='auto', metadata={'choices': PRECISIONS})
    val_every: int = field(default=300, metadata={'least': 1})
    val_images: int = field(default=500, metadata={'least': 0})

    @property
    def kind(self) -> str:
        """What its checkpoints say they are."""
        return KIND

    @property
    def needs_teachers(self) -> bool:
        """AVS-Net has none."""
        return False

    def to_dict(self) -> dict[str, Any]:
        """Plain types only, for checkpoints and for comparing runs."""
        return plain(self)


def avs_places() -> list[Path]:
    """Every folder where configurations may lie, best first."""
    return [place.parent / 'avs' for place in config_places()]


def load_avs_config(name: str | Path, overrides: Iterable[str] = ()) -> AvsConfig:
    """
    Load a configuration by path, or by the name of a file in ``config/avs``.

    A file may say ``extends: other.yaml``, a file beside it, and then needs only what differs.

    :param overrides: ``section.key=value``, which win over the file.
    :raises ConfigError: no such file, or something in it is wrong.
    """
    path = _find(name)
    values = _read(path, ())
    for override in overrides:
        _set(values, override)
    return section(AvsConfig, values, f'{path} with --set' if overrides else str(path))


def _find(name: str | Path) -> Path:
    path = Path(name)
    if path.is_file():
        return path
    found = next((place / f'{path.name}.yaml' for place in avs_places()
                  if (place / f'{path.name}.yaml').is_file()), None)
    if found is not None and path.parent == Path('.'):
        return found
    names = sorted({file.stem for place in avs_places() for file in place.glob('*.yaml')})
    raise ConfigError(f'no configuration {name}; expected a YAML file or one of: '
                      f'{", ".join(names) or "(none)"}')


def _read(path: Path, children: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in children:
        raise ConfigError(f'{path} extends itself')
    try:
        values = yaml.safe_load(path.read_text(encoding='utf-8')) or {}
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f'{path} is no YAML, or cannot be read: {error}') from error
    if not isinstance(values, dict):
        raise ConfigError(f'{path} holds no "key: value" lines')
    base = values.pop('extends', None)
    if base is None:
        return values
    if not isinstance(base, str):
        raise ConfigError(f'{path}: extends is {base!r}; expected the name of a YAML file')
    return _merged(_read(path.parent / base, (*children, path.resolve())), values)


def _merged(base: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in values.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = _merged(below, value) if both else value
    return merged


def _set(values: Any, override: str) -> None:
    key, equals, text = override.partition('=')
    *sections, last = key.strip().split('.')
    if not equals or not last:
        raise ConfigError(f'--set {override}: expected key=value, such as optimizer.lr=0.001')
    for name in sections:
        values = values.setdefault(name, {}) if isinstance(values, dict) else None
    if not isinstance(values, dict):
        raise ConfigError(f'--set {override}: {".".join(sections)} is no section')
    try:
        values[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f'--set {override}: the value is no YAML') from error
