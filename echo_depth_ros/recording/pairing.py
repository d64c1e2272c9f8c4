# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Put together what belongs to one window, in whatever order it comes."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from echo_depth_ros.vision.sync import FrameBuffer, Stamped

_HELD = 60
"""Frames of one stream: a second of a fast camera."""
_WAITING = 64
"""Windows that may wait at a time: several seconds of them."""


class Together(NamedTuple):
    """A window, and for each other stream its frame and that frame's stamp, or None."""

    stamp: int
    window: object
    others: dict[str, Stamped | None]


class Pairing:
    """
    Holds windows until their company has come, or will not come any more.

    A stream has brought nothing for a window once it has gone past it in stamps, or when
    ``patience`` is over since the window came.
    """

    def __init__(self, tolerances: Mapping[str, int], patience: int) -> None:
        """
        Make the buffers.

        :param tolerances: nanoseconds by which the frame of each stream may be off; 0 for streams
            that carry the windows' own stamps.
        :param patience: nanoseconds that a window waits.
        """
        self._tolerances = dict(tolerances)
        self._patience = patience
        self._buffers: dict[str, FrameBuffer] = {name: FrameBuffer(_HELD) for name in tolerances}
        self._newest = dict.fromkeys(tolerances, -1)
        self._waiting: list[tuple[int, object, int]] = []

    def __len__(self) -> int:
        """Return how many windows wait."""
        return len(self._waiting)

    def add_window(self, stamp: int, window: object, now: int) -> None:
        """Take a window that came at ``now``, nanoseconds of any steady clock."""
        self._waiting.append((stamp, window, now))

    def add(self, name: str, stamp: int, frame: object) -> None:
        """Take a frame of a stream."""
        self._newest[name] = stamp
        self._buffers[name].add(stamp, frame)

    def settled(self, now: int) -> Iterator[Together]:
        """Yield, once each and in order of arrival, the windows that need not wait any longer."""
        waiting, self._waiting = self._waiting, []
        for at, (stamp, window, came) in enumerate(waiting):
            over = now - came > self._patience or len(waiting) - at > _WAITING
            if over or all(self._passed(name, stamp) for name in self._buffers):
                yield Together(stamp, window, {
                    name: buffer.nearest(stamp, self._tolerances[name])
                    for name, buffer in self._buffers.items()})
            else:
                self._waiting.append((stamp, window, came))

    def rest(self) -> Iterator[Together]:
        """Yield all that wait: nothing more will come."""
        yield from self.settled(now=2**63)

    def _passed(self, name: str, stamp: int) -> bool:
        if self._newest[name] > stamp + self._tolerances[name]:
            return True
        return self._buffers[name].nearest(stamp, 0) is not None
