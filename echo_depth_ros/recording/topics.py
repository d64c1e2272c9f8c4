# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Find our topics among those that there are, whatever namespace they are in."""

from collections.abc import Mapping

from echo_depth_ros.recording.errors import RecorderError

IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED = 'sensor_msgs/msg/CompressedImage'
CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'
WINDOW = 'binaural'


def namespaces(topics: Mapping[str, str]) -> list[str]:
    """
    Return the namespaces that have a topic of windows, '' for the root.

    :param topics: types by name.
    """
    return sorted(name[:-len(WINDOW) - 1] for name, kind in topics.items()
                  if name.endswith(f'/{WINDOW}') and kind == IMAGE)


def choose_namespace(topics: Mapping[str, str], wanted: str = '') -> str:
    """
    Return the namespace of the robot: the wanted one, or else the only one.

    :raises RecorderError: there is none, or more than one to choose from.
    """
    there = namespaces(topics)
    if wanted:
        name = '/' + wanted.strip('/')
        if name not in there:
            raise RecorderError(f'no windows on {name}/{WINDOW}; {_listed(topics)}')
        return name
    if len(there) == 1:
        return there[0]
    if there:
        names = ', '.join(name or '/' for name in there)
        raise RecorderError(f'windows of several robots: {names}; choose one with --namespace')
    raise RecorderError(
        f'no topic ends in "/{WINDOW}" ({IMAGE}), so there are no windows; {_listed(topics)}: '
        'record the topics binaural, binaural/raw, binaural/rgb and binaural/depth')


def check_topic(topics: Mapping[str, str], name: str, kinds: tuple[str, ...], option: str) -> str:
    """
    Return the full name of a topic that was given.

    :raises RecorderError: it is not there, or is none of ``kinds``.
    """
    name = '/' + name.strip('/')
    if name not in topics:
        raise RecorderError(f'{option}: there is no topic {name}; {_listed(topics, kinds)}')
    if topics[name] not in kinds:
        raise RecorderError(f'{option}: {name} is {topics[name]}; expected '
                            f'{" or ".join(kinds)}; {_listed(topics, kinds)}')
    return name


def _listed(topics: Mapping[str, str], kinds: tuple[str, ...] = ()) -> str:
    fit = [f'{name} ({kind})' for name, kind in sorted(topics.items())
           if not kinds or kind in kinds]
    what = 'topics of that kind are' if kinds else 'topics are'
    return f'{what}: {", ".join(fit) or "none"}'
