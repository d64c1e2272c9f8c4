# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Typed sections: frozen dataclasses from plain mappings, with errors that help."""

from collections.abc import Mapping
from dataclasses import asdict, Field, fields, is_dataclass
import difflib
import math
import types
from typing import Any, get_args, get_origin, get_type_hints, TypeVar, Union

from echo_depth_ros.learning.training.errors import ConfigError

Section = TypeVar('Section')


def section(cls: type[Section], values: Any, where: str, prefix: str = '') -> Section:
    """
    Build a dataclass from a mapping, each value checked against its field's type and range.

    A field may carry ``metadata`` with ``least``, ``above``, ``most``, ``below`` or ``choices``.

    :param values: such as YAML gives; None stands for an empty mapping.
    :param where: file, for messages.
    :param prefix: dotted key of this section, for messages.
    :raises ConfigError: an unknown key, a wrong type, a value out of range.
    """
    values = {} if values is None else values
    if not isinstance(values, Mapping):
        raise ConfigError(f'{where}: {prefix or "the whole file"} is {values!r}; expected a '
                          'section of "key: value" lines')
    known = {field.name: field for field in fields(cls) if field.init}
    check_keys(values, known, where, prefix)
    hints = get_type_hints(cls)
    typed = {name: _checked(value, hints[name], known[name], where, join(prefix, name))
             for name, value in values.items()}
    try:
        return cls(**typed)
    except ConfigError:
        raise
    except (TypeError, ValueError) as error:
        raise ConfigError(f'{where}: {prefix or "configuration"}: {error}') from error


def check_keys(values: Mapping, known, where: str, prefix: str = '') -> None:
    """
    Refuse keys that nobody reads.

    :raises ConfigError: naming the key, one that is spelled alike, and all that are allowed.
    """
    for name in values:
        if name not in known:
            near = difflib.get_close_matches(str(name), list(known), n=1)
            hint = f'; did you mean {near[0]}?' if near else ''
            raise ConfigError(f'{where}: unknown key {join(prefix, str(name))}{hint} '
                              f'(allowed here: {", ".join(known)})')


def plain(config: Any) -> Any:
    """Return a dataclass, or anything inside one, as dicts, lists, numbers and strings only."""
    if is_dataclass(config) and not isinstance(config, type):
        return plain(asdict(config))
    if isinstance(config, Mapping):
        return {str(key): plain(value) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return [plain(value) for value in config]
    return config


def flat(values: Any, prefix: str = '') -> dict[str, Any]:
    """Dotted keys of nested mappings."""
    if not isinstance(values, Mapping) or (not values and prefix):
        return {prefix: values}
    found: dict[str, Any] = {}
    for key, value in values.items():
        found.update(flat(value, join(prefix, str(key))))
    return found


def join(prefix: str, name: str) -> str:
    """Dotted key."""
    return f'{prefix}.{name}' if prefix else name


def _checked(value: Any, hint: Any, field: Field, where: str, key: str) -> Any:
    if is_dataclass(hint):
        return section(hint, value, where, key)
    try:
        value = _typed(value, hint)
    except ValueError as error:
        raise ConfigError(f'{where}: {key} is {value!r}; expected {error}') from None
    rules = field.metadata
    choices = rules.get('choices')
    if choices and value not in choices:
        near = difflib.get_close_matches(str(value), [str(c) for c in choices], n=1)
        raise ConfigError(f'{where}: {key} is {value!r}; expected one of '
                          f'{", ".join(map(str, choices))}'
                          + (f' (did you mean {near[0]}?)' if near else ''))
    for rule, fine, words in (
            ('least', lambda v, limit: v >= limit, 'at least'),
            ('above', lambda v, limit: v > limit, 'above'),
            ('most', lambda v, limit: v <= limit, 'at most'),
            ('below', lambda v, limit: v < limit, 'below')):
        if rule in rules and value is not None and not fine(value, rules[rule]):
            raise ConfigError(f'{where}: {key} is {value}; expected {words} {rules[rule]}')
    return value


def _typed(value: Any, hint: Any) -> Any:
    """Return the value as the hint wants it, or raise ValueError with what was expected."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        return _typed(value, next(arg for arg in args if arg is not type(None)))
    if origin is tuple:
        return _tuple(value, args)
    if hint is bool:
        if isinstance(value, bool):
            return value
        raise ValueError('true or false')
    if hint is int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise ValueError('a whole number')
    if hint is float:
        return _float(value)
    if hint is str:
        if isinstance(value, str):
            return value
        raise ValueError('text')
    return value


def _float(value: Any) -> float:
    if isinstance(value, str):  # YAML 1.1 reads 1e-3 as text: it wants 1.0e-3
        try:
            value = float(value)
        except ValueError:
            raise ValueError('a number') from None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError('a finite number')
    return float(value)


def _tuple(value: Any, args: tuple) -> tuple:
    if not isinstance(value, (list, tuple)):
        raise ValueError('a list such as [1, 2]')
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_typed(item, args[0]) for item in value)
    if args and len(value) != len(args):
        raise ValueError(f'a list of {len(args)} values')
    return tuple(_typed(item, arg) for item, arg in zip(value, args))
