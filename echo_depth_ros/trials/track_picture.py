# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One picture of many trials: rooms, the walls to be followed, and the tracks that were driven."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
import numpy as np
from shapely.geometry.base import BaseGeometry

from echo_depth_ros.sim.tracks import Track, tracks
from echo_depth_ros.trials.wall_study import CONDITIONS, find_track, Record

_WHOLE, _PART, _CONTACT = '#0b6e4f', '#c77700', '#b3001b'


def draw(records: Sequence[Record], file: Path, title: str | None = None) -> Path:
    """
    Draw the four rooms side by side, a row for each policy and condition.

    A trial that drove the whole track is a solid line, one that ended before it a dashed one, one
    that ended in a contact a dotted one with a cross at its end: told apart without colours.

    :param file: written as its suffix says, PNG for one.
    :raises ValueError: where there is nothing to draw.
    """
    if not records:
        raise ValueError('no trials to draw; run some first')
    rows = list(dict.fromkeys((record.policy, record.condition) for record in records))
    rooms = tracks()
    figure = Figure(figsize=(4.2 * len(rooms), 3.9 * len(rows) + 0.9), layout='constrained')
    axes = figure.subplots(len(rows), len(rooms), squeeze=False)
    for row, (policy, condition) in zip(axes, rows):
        for axis, room in zip(row, rooms):
            some = [r for r in records
                    if (r.policy, r.condition, r.room) == (policy, condition, room.name)]
            _room(axis, find_track(room.name, CONDITIONS[condition].furniture))
            for record in some:
                _track(axis, record)
            whole, touched = (sum(values) for values in zip(
                (0, 0), *((r.complete, r.collided) for r in some)))
            axis.set_title(f'{policy}, {condition}: {room.name}\n'
                           f'{whole} of {len(some)} whole, {touched} contacts', fontsize=10)
    figure.legend(handles=_legend(), loc='outside lower center', ncols=6, frameon=False)
    figure.suptitle(title or 'Tracks that simulated robots drove by ear')
    figure.savefig(file, dpi=110)
    return Path(file)


def _room(axis: Axes, track: Track) -> None:
    x, y = track.world.outline.exterior.xy
    axis.fill(x, y, facecolor='#fbfaf7', edgecolor='#555555', linewidth=1.0)
    for item in track.world.furniture:
        axis.fill(*_outline(item.footprint), facecolor='#d8d2c8', edgecolor='#777777',
                  linewidth=0.6)
    axis.plot(*np.transpose(track.wall), color='black', linewidth=3.0, solid_capstyle='butt')
    axis.plot(*track.centre[-1], marker='s', markersize=8, color='none',
              markeredgecolor='black')
    low_x, low_y, *_ = track.world.outline.bounds
    axis.plot([low_x, low_x + 1], [low_y - 0.3] * 2, color='black', linewidth=1.0)
    axis.text(low_x + 1.1, low_y - 0.3, '1 m', fontsize=7, verticalalignment='center')
    axis.set_aspect('equal')
    axis.set_axis_off()


def _track(axis: Axes, record: Record) -> None:
    x, y, _ = np.transpose(record.poses)
    colour, style = _look(record)
    axis.plot(x, y, color=colour, linestyle=style, linewidth=0.9, alpha=0.8)
    axis.plot(x[0], y[0], marker='o', markersize=3, color='#222222')
    if record.collided:
        axis.plot(x[-1], y[-1], marker='x', markersize=7, markeredgewidth=1.8, color=_CONTACT)


def _look(record: Record) -> tuple[str, str]:
    if record.collided:
        return _CONTACT, ':'
    return (_WHOLE, '-') if record.complete else (_PART, '--')


def _outline(shape: BaseGeometry) -> tuple[Sequence[float], Sequence[float]]:
    return shape.exterior.xy


def _legend() -> list[Line2D]:
    return [
        Line2D([], [], color='black', linewidth=3, label='wall to follow'),
        Line2D([], [], color='#222222', marker='o', linestyle='', markersize=4, label='start'),
        Line2D([], [], color='none', marker='s', markeredgecolor='black', markersize=8,
               label='destination'),
        Line2D([], [], color=_WHOLE, linestyle='-', label='whole track'),
        Line2D([], [], color=_PART, linestyle='--', label='ended before'),
        Line2D([], [], color=_CONTACT, linestyle=':', marker='x', label='contact')]
