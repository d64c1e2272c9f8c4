# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Read a rosbag2 recording, SQLite or MCAP, without ROS."""

from collections.abc import Iterator
from pathlib import Path

from rosbags.highlevel import AnyReader
from rosbags.typesys import get_typestore, Stores

from echo_depth_ros.recording.errors import RecorderError


class Bag:
    """
    One recording, as a context manager.

    What a damaged file makes the library raise depends on where the damage is; all of it becomes
    a :class:`RecorderError`.

    :ivar topics: types by name, of topics that hold messages.
    """

    def __init__(self, path: Path) -> None:
        """
        Name a bag: its folder, or a file in it.

        :raises RecorderError: it is not there, or is no bag.
        """
        self.path = path
        folder = path.parent if path.is_file() and path.suffix != '.bag' else path
        if not folder.exists():
            raise RecorderError(f'no bag {path}; expected the folder that "ros2 bag record" made')
        if folder.is_dir() and not (folder / 'metadata.yaml').is_file():
            raise RecorderError(
                f'{folder} has no metadata.yaml; expected the folder of a bag. If the recorder '
                f'was killed, run "ros2 bag reindex {folder}" first')
        try:
            # SQLite bags of old tell no types; those of images are the same in all releases.
            self._reader = AnyReader(
                [folder], default_typestore=get_typestore(Stores.ROS2_JAZZY))
        except Exception as error:
            raise self._unreadable(error) from error

    def __enter__(self) -> 'Bag':
        try:
            self._reader.open()
        except Exception as error:
            raise self._unreadable(error) from error
        self.topics = {one.topic: one.msgtype for one in self._reader.connections
                       if one.msgcount}
        return self

    def __exit__(self, *_) -> None:
        self._reader.close()

    def count(self, topics: set[str]) -> int:
        """Return how many messages there are on these topics."""
        return sum(one.msgcount for one in self._reader.connections if one.topic in topics)

    def messages(self, topics: set[str]) -> Iterator[tuple[str, int, object]]:
        """
        Yield topic, nanoseconds at which it was recorded, and message.

        :raises RecorderError: the bag is damaged.
        """
        chosen = [one for one in self._reader.connections if one.topic in topics]
        messages = self._reader.messages(chosen)
        while True:
            try:
                connection, when, data = next(messages)
                message = self._reader.deserialize(data, connection.msgtype)
            except StopIteration:
                return
            except Exception as error:
                raise self._unreadable(error) from error
            yield connection.topic, when, message

    def _unreadable(self, error: Exception) -> RecorderError:
        return RecorderError(f'bag {self.path} cannot be read: {error or type(error).__name__}; '
                             'expected a rosbag2 recording, SQLite or MCAP')


def stamp_of(message) -> int:
    """Nanoseconds of a message's header."""
    return message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec
