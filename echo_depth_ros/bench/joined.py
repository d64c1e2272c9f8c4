# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A JACK server that somebody else has started, for rooms that are to be put into it."""

import os

from echo_depth_ros.bench import jack_traces
from echo_depth_ros.bench.errors import BenchError
from echo_depth_ros.bench.server import Server


class JoinedJackServer(Server):
    """
    The server that ``JACK_DEFAULT_SERVER`` names; closing this ends the rooms in it, not it.

    :ivar sample_rate: Hz, as the caller knows it.
    """

    def __init__(self, sample_rate: int = 44100):
        """
        Join.

        :raises BenchError: there is no such server.
        """
        name = os.environ.get('JACK_DEFAULT_SERVER', '')
        if not name or not jack_traces.socket_of(name).exists():
            raise BenchError(
                f'JACK_DEFAULT_SERVER is {name!r}, and no JACK server of that name runs: start '
                'one and export its name, or let `echo-depth demo --audio` do so')
        super().__init__()
        self.name = name
        self.sample_rate = sample_rate
        self.rooms: list = []

    @property
    def running(self) -> bool:
        """Whether the server takes clients."""
        return jack_traces.socket_of(self.name).exists()

    @property
    def environment(self) -> dict[str, str]:
        """Nothing to add: the environment names the server already."""
        return {}

    @environment.setter
    def environment(self, _: dict[str, str]) -> None:
        """Leave it."""

    def start(self) -> None:
        """Leave that to its owner."""

    def kill(self) -> None:
        """Leave that to its owner, too."""

    def close(self) -> None:
        """End the rooms."""
        for room in [*self.rooms]:
            room.close()
        super().close()
