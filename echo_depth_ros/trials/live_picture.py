# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Picture of one watched drive, alone or above that of a study."""

from pathlib import Path
from typing import Optional

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
import numpy as np
from PIL import Image

from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.tracks import Track
from echo_depth_ros.trials.live_drive import Drive

_STATES = {'following': ('#0b6e4f', '-', 'following'), 'searching': ('#0057b8', '--', 'searching'),
           'escaping': ('#7a1fa2', ':', 'escaping'), 'listening': ('#0057b8', '-.', 'listening'),
           'waiting': ('#c77700', ':', 'waiting')}
_OTHER = ('#777777', ':', 'starting')
_DPI = 110


def draw(drive: Drive, track: Track, file: Path, title: str, wanted: float,
         study: Optional[Path] = None) -> Path:
    """
    Draw where a robot went, by what it did, and its distance from the wall.

    :param wanted: metres from the wall that were to be kept.
    :param study: a picture to put below.
    :returns: the file.
    """
    width = 10.0
    if study is not None:
        with Image.open(study) as below:
            width = below.width / _DPI
    figure = Figure(figsize=(width, 4.6), layout='constrained')
    room, distance = figure.subplots(1, 2, width_ratios=(1, 1.3))
    figure.suptitle(title)
    states = _draw_room(room, drive, track)
    _draw_distance(distance, drive, track, wanted)
    figure.legend(handles=_legend(states), loc='outside lower center', ncols=8, frameon=False)
    figure.savefig(file, dpi=_DPI)
    if study is not None:
        _put_below(file, study)
    return file


def _draw_room(axis: Axes, drive: Drive, track: Track) -> list[tuple[str, str, str]]:
    axis.fill(*track.world.outline.exterior.xy, facecolor='#fbfaf7', edgecolor='#555555')
    for item in track.world.furniture:
        axis.fill(*item.footprint.exterior.xy, facecolor='#d8d2c8', edgecolor='#777777')
    axis.plot(*np.transpose(track.wall), color='black', linewidth=3.0, solid_capstyle='butt')
    axis.plot(*track.centre[-1], marker='s', markersize=9, color='none', markeredgecolor='black')
    places = np.array([pose[:2] for pose in drive.poses]).reshape(-1, 2)
    looks = [_STATES.get(state, _OTHER) for state in drive.states]
    begins = 0
    for index in range(1, len(looks) + 1):
        if index == len(looks) or looks[index] != looks[begins]:
            colour, style, _ = looks[begins]
            axis.plot(*places[begins:index + 1].T, color=colour, linestyle=style, linewidth=1.8)
            begins = index
    if len(places):
        axis.plot(*places[0], marker='o', markersize=5, color='#222222')
        if drive.contacts:
            axis.plot(*places[-1], marker='x', markersize=10, markeredgewidth=2.5,
                      color='#b3001b')
    axis.set_aspect('equal')
    axis.set_axis_off()
    return list(dict.fromkeys(looks))


def _draw_distance(axis: Axes, drive: Drive, track: Track, wanted: float) -> None:
    places = np.array([pose[:2] for pose in drive.poses]).reshape(-1, 2)
    way = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(places, axis=0).T))])[:len(places)]
    axis.plot(way, [track.wall_distance(Pose(*pose)) for pose in drive.poses], color='#0b6e4f')
    axis.axhline(wanted, color='black', linestyle='--', linewidth=1.0)
    axis.annotate('wanted', (0.0, wanted), xytext=(2, 3), textcoords='offset points', fontsize=9)
    axis.set_xlabel('metres driven')
    axis.set_ylabel('metres from the wall')
    axis.set_ylim(0, None)
    axis.spines[['top', 'right']].set_visible(False)


def _legend(states: list[tuple[str, str, str]]) -> list[Line2D]:
    return [
        Line2D([], [], color='black', linewidth=3, label='wall to follow'),
        Line2D([], [], color='#222222', marker='o', linestyle='', label='start'),
        Line2D([], [], color='none', marker='s', markeredgecolor='black', label='destination'),
        *(Line2D([], [], color=colour, linestyle=style, linewidth=1.8, label=name)
          for colour, style, name in states)]


def _put_below(file: Path, study: Path) -> None:
    with Image.open(file) as above, Image.open(study) as below:
        both = Image.new('RGB', (max(above.width, below.width), above.height + below.height),
                         'white')
        both.paste(above.convert('RGB'), (0, 0))
        both.paste(below.convert('RGB'), (0, above.height))
    both.save(file)
