# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sizes of networks, as checkpoints store them."""

from dataclasses import asdict
from typing import TypeVar

AnySizes = TypeVar('AnySizes', bound='Sizes')


class Sizes:
    """Base of the dataclasses that hold a network's sizes."""

    def to_dict(self) -> dict:
        """Plain types only, for a checkpoint."""
        return asdict(self)

    @classmethod
    def from_dict(cls: type[AnySizes], values: dict) -> AnySizes:
        """Inverse of :meth:`to_dict`."""
        return cls(**{key: tuple(value) if isinstance(value, list) else value
                      for key, value in values.items()})
