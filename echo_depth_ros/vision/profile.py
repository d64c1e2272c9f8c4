# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a camera driver publishes its images: a small YAML file for each driver."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
import re
from typing import Union

import yaml

from echo_depth_ros.vision.errors import ProfileError

OWN_TOPICS = {
    'color': 'camera/color/image_raw',
    'depth': 'camera/depth/image_raw',
    'color_info': 'camera/color/camera_info',
    'depth_info': 'camera/depth/camera_info',
}
"""What the nodes of this package call a camera's topics."""

_TOPIC = re.compile(r'(~?/)?[A-Za-z_]\w*(/[A-Za-z_]\w*)*')


@dataclass(frozen=True)
class CameraTopics:
    """
    Topics of colour, of depth in the same view, and of their camera_info.

    The last two may be left empty: then they are ``camera_info`` beside the image, where
    image_transport puts it.
    """

    color: str
    depth: str
    color_info: str = ''
    depth_info: str = ''

    def __post_init__(self) -> None:
        """Fill in what is left out, and refuse what is no topic."""
        for name in ('color', 'depth'):
            if not getattr(self, f'{name}_info'):
                object.__setattr__(self, f'{name}_info', beside(str(getattr(self, name))))
        for name in OWN_TOPICS:
            require_topic(name, getattr(self, name))

    def remappings(self) -> list[tuple[str, str]]:
        """Return pairs of our name of a topic and the driver's."""
        return [(own, getattr(self, name)) for name, own in OWN_TOPICS.items()]


def beside(topic: str) -> str:
    """Return where image_transport puts the camera_info of an image."""
    return ''.join(topic.rpartition('/')[:2]) + 'camera_info'


def require_topic(name: str, topic: object) -> None:
    """
    Refuse what is no topic.

    :raises ProfileError: which names what it was to be.
    """
    if not isinstance(topic, str) or not _TOPIC.fullmatch(topic):
        raise ProfileError(
            f'{name} is {topic!r}; expected the name of a topic, such as /camera/image')


def read_profile(path: Union[str, Path], what: str, needed: Sequence[str],
                 names: Sequence[str]) -> dict[str, str]:
    """
    Read a file of names.

    :param what: kind of profile, for messages.
    :param needed: names that it must have, and ``names`` all that it may have.
    :returns: what it holds; an empty text where a name has no value.
    :raises ProfileError: there is no such file, or it holds something else.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding='utf-8'))
    except OSError as error:
        raise ProfileError(f'{what} {path} cannot be read: {error.strerror}') from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProfileError(f'{what} {path} is no YAML: {error}') from error
    others = [name for name in names if name not in needed]
    expected = f'expected {" and ".join(needed)}, and perhaps {_listed(others)}'
    if not isinstance(content, dict):
        raise ProfileError(f'{what} {path} holds no names; {expected}')
    strange = [str(key) for key in content if key not in names]
    missing = [key for key in needed if key not in content]
    if strange or missing:
        wrong = ' and '.join([*(f'lacks {key}' for key in missing),
                              *(f'has {key}' for key in strange)])
        raise ProfileError(f'{what} {path} {wrong}; {expected}')
    return {key: value or '' for key, value in content.items()}


def load_profile(path: Union[str, Path]) -> CameraTopics:
    """
    Read the profile of a camera.

    :raises ProfileError: there is no such file, or it holds something else.
    """
    content = read_profile(path, 'camera profile', ('color', 'depth'), tuple(OWN_TOPICS))
    try:
        return CameraTopics(**content)
    except ProfileError as error:
        raise ProfileError(f'camera profile {path}: {error}') from error


def _listed(names: Sequence[str]) -> str:
    return ' and '.join([', '.join(names[:-1])] * (len(names) > 1) + list(names[-1:]))
