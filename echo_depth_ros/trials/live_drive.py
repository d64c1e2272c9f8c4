# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A drive along a track that is watched while it goes on: how far, how near, and what touched."""

from dataclasses import asdict, dataclass, field
import json
import math
from pathlib import Path
from typing import Any, Optional

import numpy as np

from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.tracks import Progress, Track
from echo_depth_ros.sim.wall_trial import clearance

_SETTLED_AFTER = 1.5
"""Metres of way that the start may take; they do not count as distance errors."""


@dataclass(frozen=True)
class Drive:
    """
    What came of a drive.

    :ivar room: name of its track.
    :ivar seconds: from the first pose to the last.
    :ivar metres: along the track.
    :ivar share: of the track, 0 to 1.
    :ivar contacts: times that the robot touched something.
    :ivar complete: whether the whole track was driven without a contact.
    :ivar error: RMS in metres of the distance to the wall against the wanted one; None for a robot
        that did not get beyond the start.
    :ivar nearest: least metres from the robot's centre to anything.
    :ivar belief_error: median metres by which the believed distance of the wall was off.
    :ivar poses: x, y, yaw.
    :ivar states: what the robot said that it was doing, at each pose.
    """

    room: str
    seconds: float
    metres: float
    share: float
    contacts: int
    complete: bool
    error: Optional[float]
    nearest: Optional[float]
    belief_error: Optional[float]
    poses: tuple[tuple[float, float, float], ...] = field(repr=False)
    states: tuple[str, ...] = field(repr=False)

    def figures(self) -> dict[str, Any]:
        """All but where it went."""
        return {name: value for name, value in asdict(self).items()
                if name not in ('poses', 'states')}

    def save(self, file: Path) -> None:
        """Write it as JSON."""
        file.write_text(json.dumps(asdict(self), allow_nan=False) + '\n', encoding='utf-8')

    @classmethod
    def load(cls, file: Path) -> 'Drive':
        """
        Read what :meth:`save` wrote.

        :raises ValueError: when it is none.
        """
        try:
            data = json.loads(file.read_text(encoding='utf-8'))
            return cls(**{**data, 'poses': tuple(map(tuple, data['poses'])),
                          'states': tuple(data['states'])})
        except (TypeError, KeyError, ValueError) as error:
            raise ValueError(f'{file} is no record of a drive: {error}') from error


class LiveDrive:
    """
    Takes in poses as they come.

    :param track: whose wall is followed.
    :param wanted: metres from the wall that are to be kept.
    """

    def __init__(self, track: Track, wanted: float):
        self.track, self._wanted = track, wanted
        self.contacts = 0
        self._progress = Progress(track)
        self._poses: list[Pose] = []
        self._times: list[float] = []
        self._states: list[str] = []
        self._distances: list[float] = []
        self._nearest = math.inf
        self._beliefs: list[float] = []

    def see(self, pose: Pose, now_s: float, state: str = '',
            believed: Optional[float] = None) -> None:
        """
        Take in where the robot really is, and what it believes.

        :param now_s: seconds, never falling.
        :param believed: metres to the wall.
        """
        self._progress.see(pose)
        self._poses.append(pose)
        self._times.append(now_s)
        self._states.append(state)
        self._distances.append(self.track.wall_distance(pose))
        self._nearest = min(self._nearest, clearance(self.track.world, pose))
        if believed is not None:
            self._beliefs.append(abs(believed - self._distances[-1]))

    @property
    def metres(self) -> float:
        """Along the track."""
        return self._progress.metres

    @property
    def whole(self) -> bool:
        """Whether the end of the track was reached."""
        return self._progress.share >= 1.0

    @property
    def distance(self) -> float:
        """Metres from the wall to the robot's centre; NaN before the first pose."""
        return self._distances[-1] if self._distances else math.nan

    @property
    def seconds(self) -> float:
        """Between the first and the last pose."""
        return self._times[-1] - self._times[0] if self._times else 0.0

    def outcome(self) -> Drive:
        """Return what came of it so far."""
        def told(value: float, digits: int) -> Optional[float]:
            return round(value, digits) if math.isfinite(value) else None

        return Drive(
            room=self.track.name, seconds=round(self.seconds, 2), metres=round(self.metres, 3),
            share=round(self._progress.share, 4), contacts=self.contacts,
            complete=self.whole and not self.contacts, error=told(self._error(), 4),
            nearest=told(self._nearest, 3),
            belief_error=told(float(np.median(self._beliefs)) if self._beliefs else math.nan, 3),
            poses=tuple((round(p.x, 3), round(p.y, 3), round(p.yaw, 3)) for p in self._poses),
            states=tuple(self._states))

    def _error(self) -> float:
        places = np.array([(pose.x, pose.y) for pose in self._poses]).reshape(-1, 2)
        way = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(places, axis=0).T))])
        counts = way[:len(places)] >= _SETTLED_AFTER
        if not counts.any():
            return math.nan
        off = np.array(self._distances)[counts] - self._wanted
        return float(np.sqrt(np.mean(off ** 2)))
