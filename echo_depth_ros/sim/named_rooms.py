# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rooms by name: random shapes, tracks along which walls are followed, and files."""

from pathlib import Path

from echo_depth_ros.sim.random_world import random_world, SHAPES
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.tracks import START_ANGLES, START_DISTANCES, Track, tracks
from echo_depth_ros.sim.world import World, WorldError

TRACK = 'track_'
"""What the name of a room of :mod:`~echo_depth_ros.sim.tracks` begins with."""
STARTS = len(START_DISTANCES) * len(START_ANGLES)


def track_names() -> tuple[str, ...]:
    """Return the names of the rooms with a track, each with :data:`TRACK` before it."""
    return tuple(TRACK + track.name for track in tracks())


def track_named(name: str) -> Track:
    """
    Find a track by its room's name, such as ``track_corner``.

    :raises WorldError: there is none of that name.
    """
    for track in tracks():
        if name == TRACK + track.name:
            return track
    raise WorldError(f'room is {name!r}; expected one of {", ".join(track_names())}')


def room_named(name: str, seed: int, track_start: int) -> tuple[World, Pose | None]:
    """
    Build the room of a name.

    :param name: a shape of a random room, a track, the path of a room description, or '' for a
        random shape.
    :param seed: of a random room.
    :param track_start: number of a track's start, 0 to 8, see :meth:`Track.starts`.
    :returns: the room, and where the robot starts; None where that is to be drawn.
    :raises WorldError: a room or a start that there is not, or a broken description.
    """
    if name in ('', *SHAPES):
        return random_world(seed, name or None), None
    if name in track_names():
        if not 0 <= track_start < STARTS:
            raise WorldError(f'track_start is {track_start}; expected 0 to {STARTS - 1}')
        track = track_named(name)
        return track.world, track.starts()[track_start][2]
    path = Path(name).expanduser()
    if not path.is_file():
        raise WorldError(f'room is {name!r}, which is neither one of {", ".join(SHAPES)}, '
                         f'{", ".join(track_names())} nor a file')
    return World.load(path), None
