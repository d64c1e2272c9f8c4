# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a camera driver publishes its images: a small YAML file for each driver."""

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
                beside = str(getattr(self, name)).rpartition('/')
                object.__setattr__(self, f'{name}_info', ''.join(beside[:2]) + 'camera_info')
        for name in OWN_TOPICS:
            topic = getattr(self, name)
            if not isinstance(topic, str) or not _TOPIC.fullmatch(topic):
                raise ProfileError(
                    f'{name} is {topic!r}; expected the name of a topic, such as /camera/image')

    def remappings(self) -> list[tuple[str, str]]:
        """Return pairs of our name of a topic and the driver's."""
        return [(own, getattr(self, name)) for name, own in OWN_TOPICS.items()]


def load_profile(path: Union[str, Path]) -> CameraTopics:
    """
    Read a profile.

    :raises ProfileError: there is no such file, or it holds something else.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding='utf-8'))
    except OSError as error:
        raise ProfileError(f'camera profile {path} cannot be read: {error.strerror}') from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProfileError(f'camera profile {path} is no YAML: {error}') from error
    expected = 'expected color and depth, and perhaps color_info and depth_info'
    if not isinstance(content, dict):
        raise ProfileError(f'camera profile {path} holds no names; {expected}')
    strange = [str(key) for key in content if key not in OWN_TOPICS]
    missing = [key for key in ('color', 'depth') if key not in content]
    if strange or missing:
        wrong = ' and '.join([*(f'lacks {key}' for key in missing),
                              *(f'has {key}' for key in strange)])
        raise ProfileError(f'camera profile {path} {wrong}; {expected}')
    try:
        return CameraTopics(**{key: value or '' for key, value in content.items()})
    except ProfileError as error:
        raise ProfileError(f'camera profile {path}: {error}') from error
