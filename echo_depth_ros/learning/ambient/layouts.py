# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Data sets of ambient sound by their layout."""

from pathlib import Path

from echo_depth_ros.learning.ambient.clips import AmbientClips
from echo_depth_ros.learning.ambient.published import is_published, open_published
from echo_depth_ros.learning.ambient.simulated import is_simulated, open_simulated
from echo_depth_ros.learning.data.errors import DatasetError


def open_clips(root: Path, split: str, hear: str = 'mono', near: float = 0.5,
               task: str = 'obstacle', limit: int | None = None) -> AmbientClips:
    """
    Open a simulated data set, or one of the paper's.

    :param hear: one of :data:`~.clips.HEARS`; the paper's recordings are mono.
    :param near: metres of an obstacle, for simulated data; the paper's lists say it.
    :param task: which of the paper's lists, 'obstacle' or 'order'.
    :param limit: rooms or lines to read; all when omitted.
    :raises DatasetError: neither layout, or broken.
    """
    if is_simulated(root):
        return open_simulated(root, split, hear, near, limit=limit)
    if is_published(root):
        if hear != 'mono':
            raise DatasetError(f"hear is {hear}, but {root} holds the paper's recordings, whose "
                               'microphones have no sides; use --set hear=mono')
        return open_published(root, split, task, limit)
    raise DatasetError(f'{root} holds no ambient sound; expected dataset.json of "echo-depth '
                       'simulate-ambient", or data-split/ of the Quiet Campus data set')
