# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a relative-depth network publishes, and where: a small YAML file for each node."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Union

from echo_depth_ros.perception.scaling import KINDS, SCALINGS
from echo_depth_ros.vision.errors import ProfileError
from echo_depth_ros.vision.profile import beside, read_profile, require_topic


@dataclass(frozen=True)
class RelativeProfile:
    """
    Topic and kind of a network's images.

    :ivar topic: of the images.
    :ivar camera_info: of their camera; where empty it is ``camera_info`` beside the image.
    :ivar relative_kind: of :data:`~echo_depth_ros.perception.scaling.KINDS`.
    :ivar scaling: of :data:`~echo_depth_ros.perception.scaling.SCALINGS`.
    """

    topic: str
    camera_info: str = ''
    relative_kind: str = 'depth'
    scaling: str = 'median'

    def __post_init__(self) -> None:
        """Fill in what is left out, and refuse what makes no sense."""
        if not self.camera_info:
            object.__setattr__(self, 'camera_info', beside(str(self.topic)))
        for name in ('topic', 'camera_info'):
            require_topic(name, getattr(self, name))
        for name, choices in (('relative_kind', KINDS), ('scaling', tuple(SCALINGS))):
            if getattr(self, name) not in choices:
                raise ProfileError(f'{name} is {getattr(self, name)!r}; expected one of '
                                   f'{", ".join(choices)}')

    def remappings(self) -> list[tuple[str, str]]:
        """Return pairs of our name of a topic and the network's."""
        return [('relative_depth', self.topic),
                ('relative_depth/camera_info', self.camera_info)]

    def parameters(self) -> dict[str, str]:
        """Return the parameters of the scale node."""
        return {'relative_kind': self.relative_kind, 'scaling': self.scaling}


def load_relative_profile(path: Union[str, Path]) -> RelativeProfile:
    """
    Read a profile.

    :raises ProfileError: there is no such file, or it holds something else.
    """
    names = tuple(field.name for field in fields(RelativeProfile))
    content = read_profile(path, 'relative-depth profile', ('topic',), names)
    try:
        return RelativeProfile(**content)
    except ProfileError as error:
        raise ProfileError(f'relative-depth profile {path}: {error}') from error
