# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Simulated ambient sound, as `echo-depth simulate-ambient` writes it.

``ROOT/dataset.json`` and ``ROOT/{train,val,test}/ambient_*.npz``, one room a file, with `sound`
int16 (M, 2, clip), `distance` float32 (M, 5) in metres ahead, left, behind, right and nearest, and
optionally `rgb` uint8 (M, h, w, 3).
"""

import json
from pathlib import Path

import numpy as np
import torch

from echo_depth_ros.acoustics.ambient import AmbientFormat
from echo_depth_ros.learning.ambient.clips import AmbientClips, draw_clips
from echo_depth_ros.learning.data.errors import DatasetError
from echo_depth_ros.learning.data.files import check_format, evenly, READ_ERRORS

_LEFT, _RIGHT, _NEAREST = 1, 3, 4
_FULL_SCALE = 32767


def is_simulated(root: Path) -> bool:
    """Whether a folder holds simulated ambient sound."""
    try:
        return json.loads((root / 'dataset.json').read_text(encoding='utf-8'))['kind'] == 'ambient'
    except (OSError, ValueError, KeyError, TypeError):
        return False


def open_simulated(root: Path, split: str, hear: str = 'mono', near: float = 0.5,
                   images: bool = False, limit: int | None = None,
                   fmt: AmbientFormat = AmbientFormat()) -> AmbientClips:
    """
    Read one split into memory.

    :param hear: one of :data:`~.clips.HEARS`; sides make two samples of each clip.
    :param near: metres within which a surface counts as an obstacle.
    :param images: whether to read what the camera saw.
    :param limit: rooms to read, evenly spread; all when omitted.
    :raises DatasetError: no such data, another format, or a broken file.
    """
    check_format(root / 'dataset.json', fmt)
    files = sorted((root / split).glob('ambient_*.npz'))
    if not files:
        raise DatasetError(f'{root / split} holds no ambient_*.npz; make some with '
                           f'"echo-depth simulate-ambient {root}"')
    mels, distances, groups, frames = [], [], [], []
    for number, path in enumerate(evenly(files, limit or len(files))):
        try:
            with np.load(path) as room:
                sound, distance = room['sound'], room['distance']
                if sound.dtype != np.int16 or sound.shape[1:] != (2, fmt.clip) \
                        or distance.shape != (len(sound), 5):
                    raise DatasetError(f'sound {sound.dtype} {sound.shape}, distance '
                                       f'{distance.shape}')
                if images and 'rgb' not in room:
                    raise DatasetError('no images: simulate with --images')
                frames.append(room['rgb'].transpose(0, 3, 1, 2) if images else None)
        except READ_ERRORS as error:
            raise DatasetError(f'{path} is no room of "echo-depth simulate-ambient": {error}'
                               ) from error
        mels.append(draw_clips(sound.astype(np.float32) / _FULL_SCALE, hear, fmt))
        distances.append(distance)
        groups.append(np.full(len(sound), number))
    distance, group = np.concatenate(distances), np.concatenate(groups)
    count = len(distance)
    if hear == 'mono':
        rows = np.stack([np.arange(count), np.zeros(count, int)], axis=1)
        truth = distance[:, _NEAREST]
    else:
        rows = np.stack([np.repeat(np.arange(count), 2), np.tile([0, 1], count)], axis=1)
        truth = distance[:, [_LEFT, _RIGHT]].ravel()
        group = np.repeat(group, 2)
    truth = torch.from_numpy(truth.astype(np.float32))
    return AmbientClips(
        np.concatenate(mels), torch.from_numpy(rows), hear == 'ears', truth, truth < near,
        torch.from_numpy(group), image=np.concatenate(frames) if images else None,
        name=root.resolve().name)
