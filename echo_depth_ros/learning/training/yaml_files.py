# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Configurations as YAML files: found by name, extended, and overridden."""

from collections.abc import Iterable
import os
from pathlib import Path
import sys
from typing import Any

import yaml

from echo_depth_ros.learning.training.errors import ConfigError
from echo_depth_ros.learning.training.sections import Section, section


def load(cls: type[Section], folder: str, name: str | Path,
         overrides: Iterable[str] = ()) -> Section:
    """
    Load a configuration by path or by name.

    A file may say ``extends: other.yaml`` and then needs only what differs.

    :param cls: dataclass that the file mirrors.
    :param folder: of ``config`` where those that come along lie.
    :param name: path of a YAML file, or a name, see :func:`find_config`.
    :param overrides: ``section.key=value``, which win over the file.
    :raises ConfigError: no such file, or something in it is wrong.
    """
    path = find_config(name, folder)
    values = _extended(path, folder, ())
    where = str(path)
    for override in overrides:
        where = f'{path} with --set'
        _set(values, override)
    return section(cls, values, where)


def find_config(name: str | Path, folder: str) -> Path:
    """
    Path of a configuration.

    A path that exists wins. Then ``NAME.yaml`` in the first of :func:`config_places` that has it.

    :raises ConfigError: nothing found; the message lists names and places.
    """
    path = Path(name).expanduser()
    if path.is_file():
        return path
    file = path.name if path.suffix in ('.yaml', '.yml') else f'{path.name}.yaml'
    places = config_places(folder)
    if path.parent == Path('.'):
        found = next((place / file for place in places if (place / file).is_file()), None)
        if found is not None:
            return found
    names = sorted({f.stem for place in places for f in place.glob('*.yaml')})
    raise ConfigError(f'no {folder} configuration {name}; expected a YAML file or one of: '
                      f'{", ".join(names) or "(none)"}, which lie in '
                      f'{", ".join(map(str, places))}')


def config_places(folder: str) -> list[Path]:
    """Every place where configurations may lie, best first; as the model is found."""
    share = Path('share', 'echo_depth_ros', 'config', folder)
    prefixes = [p for p in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]
    return list(dict.fromkeys([
        Path(__file__).resolve().parents[3] / 'config' / folder,
        *(Path(prefix) / share for prefix in prefixes), Path(sys.prefix) / share]))


def _extended(path: Path, folder: str, children: tuple[Path, ...]) -> dict[str, Any]:
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
    base_path = beside if beside.is_file() else find_config(base, folder)
    return _merged(_extended(base_path, folder, (*children, path.resolve())), values)


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
