# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The paper's recordings (Quiet Campus, SFS-Static and SFS-Motion), as its authors publish them.

``ROOT/data-split/{obstacle-detection,relative-depth}/{train,val,test}.csv`` list what lies in
``ROOT/ProcessedData``; their paths begin with another folder than yours, so that only what follows
``ProcessedData`` counts.

Static: a folder a clip with ``sound.wav`` of 16 kHz and ``annotation.json``, whose `depth` is the
distance in metres; columns path, depth, start second, IfObstacle, or path, clip_1, clip_2, label.
Motion: a folder a walk with ``Audio/sound.wav`` and ``Depth/dNNN.png`` at 15 frames a second,
uint16 of 10 m full scale; columns path, depth_path_1, IfObstacle, or path, depth_path_1,
depth_path_2, distance.
"""

from collections.abc import Callable
import json
from pathlib import Path
import re

import numpy as np
from PIL import Image
import soundfile
import torch

from echo_depth_ros.acoustics.ambient import AmbientFormat
from echo_depth_ros.learning.ambient.clips import AmbientClips, draw_clips
from echo_depth_ros.learning.data.errors import DatasetError
from echo_depth_ros.learning.data.files import evenly, READ_ERRORS, read_list

_FRAME_RATE = 15
_DEPTH_SCALE = 10 / 2 ** 16
_FARTHEST = 3.0766138931115465
"""Metres at which the authors cut the distances of the walks."""
_LISTS = {'obstacle': 'obstacle-detection', 'order': 'relative-depth'}

Moment = tuple[str, float, float]
"""Folder, second at which a clip begins, distance in metres."""


def is_published(root: Path) -> bool:
    """Whether a folder is laid out as the authors' data sets."""
    return any((root / 'data-split' / name).is_dir() for name in _LISTS.values())


def open_published(root: Path, split: str, task: str = 'obstacle', limit: int | None = None,
                   fmt: AmbientFormat = AmbientFormat()) -> AmbientClips:
    """
    Read one list of clips into memory, both channels averaged.

    :param task: 'obstacle' for single clips, 'order' for pairs; the lists differ.
    :param limit: lines to read, evenly spread; all when omitted.
    :raises DatasetError: a list or a file is missing or broken, naming it.
    """
    if task not in _LISTS:
        raise DatasetError(f'task is {task!r}; expected one of {", ".join(_LISTS)}')
    path = root / 'data-split' / _LISTS[task] / f'{split}.csv'
    lines = read_list(path, ('path',))
    if not lines:
        raise DatasetError(f'{path} lists no clips')
    lines = evenly(lines, limit or len(lines))
    motion = 'depth_path_1' in lines[0]
    _require(path, lines[0], task, motion)
    moments: dict[Moment, int] = {}
    samples, near, pairs = [], [], []

    def number(moment: Moment) -> int:
        return moments.setdefault(moment, len(moments))

    for line in lines:
        try:
            moment = _motion(root, line) if motion else _static(root, line)
            if task == 'order':
                pairs.append([number(moment(key)) for key in (1, 2)])
            else:
                samples.append(number(moment(1)))
                near.append(_flag(line['IfObstacle']))
        except READ_ERRORS as error:
            raise DatasetError(f'{path}, line {line["line"]}: {error}') from error
    if task == 'order':
        samples = list(range(len(moments)))
        near = [distance < 0.5 for _, _, distance in moments]
    kept = list(moments)
    pictures = np.concatenate([_picture(root, folder, second, motion, fmt)
                               for folder, second, _ in kept])
    places = {place: i for i, place in enumerate(dict.fromkeys(
        _place(folder, motion) for folder, _, _ in kept))}
    index = torch.tensor(samples)
    return AmbientClips(
        pictures, torch.stack([index, torch.zeros_like(index)], dim=1), False,
        torch.tensor([kept[i][2] for i in samples]), torch.tensor(near),
        torch.tensor([places[_place(kept[i][0], motion)] for i in samples]),
        torch.tensor(pairs) if pairs else None, name=root.resolve().name)


def _require(path: Path, line: dict[str, str], task: str, motion: bool) -> None:
    columns = {
        ('obstacle', False): ('depth', 'start second', 'IfObstacle'),
        ('order', False): ('clip_1', 'clip_2'),
        ('obstacle', True): ('depth_path_1', 'IfObstacle'),
        ('order', True): ('depth_path_1', 'depth_path_2')}[task, motion]
    missing = [name for name in columns if name not in line]
    if missing:
        raise DatasetError(f'{path} has no column "{missing[0]}"; expected path, '
                           f'{", ".join(columns)}')


def _flag(text: str) -> bool:
    """Read an IfObstacle; a word taken for no would be a wrong truth."""
    flags = {'1': True, '1.0': True, 'true': True, '0': False, '0.0': False, 'false': False}
    if text.strip().lower() not in flags:
        raise DatasetError(f'IfObstacle is {text!r}; expected 1 or 0')
    return flags[text.strip().lower()]


def _inside(root: Path, path: str) -> str:
    """Return what follows ProcessedData in a path of the authors' machine."""
    parts = Path(path).parts
    if 'ProcessedData' not in parts:
        raise DatasetError(f'path is {path}; expected one through ProcessedData')
    inside = Path(*parts[parts.index('ProcessedData') + 1:])
    if '..' in inside.parts:
        raise DatasetError(f'path {path} leads out of the data set')
    return str(inside)


def _static(root: Path, line: dict[str, str]) -> Callable[[int], Moment]:
    folder = _inside(root, line['path'])

    def moment(which: int) -> Moment:
        if 'start second' in line:
            return folder, float(line['start second']), float(line['depth'])
        clip = f'{folder}/{line[f"clip_{which}"]}'
        annotation = json.loads(
            (root / 'ProcessedData' / clip / 'annotation.json').read_text(encoding='utf-8'))
        return clip, 0.0, float(annotation['depth'])

    return moment


def _motion(root: Path, line: dict[str, str]) -> Callable[[int], Moment]:
    folder = _inside(root, line['path'])

    def moment(which: int) -> Moment:
        name = line[f'depth_path_{which}']
        matched = re.fullmatch(r'd(\d+)\.png', name)
        if not matched:
            raise DatasetError(f'depth_path_{which} is {name!r}; expected such as d012.png')
        frame = int(matched[1])
        # The middle of the clip, as the authors take it: 14 frames, of which the eighth.
        depth = root / 'ProcessedData' / folder / 'Depth' / f'd{frame + 7:03d}.png'
        return folder, frame / _FRAME_RATE, min(_middle(depth), _FARTHEST)

    return moment


def _middle(path: Path) -> float:
    """Mean distance in the middle half of a depth image, metres."""
    with Image.open(path) as image:
        depth = np.asarray(image)
    if depth.ndim != 2:
        raise DatasetError(f'{path.name} has shape {depth.shape}; expected one channel')
    height, width = depth.shape
    part = depth[height // 4:height // 4 * 3, width // 4:width // 4 * 3]
    return float(part.mean() * _DEPTH_SCALE)


def _picture(root: Path, folder: str, second: float, motion: bool,
             fmt: AmbientFormat) -> np.ndarray:
    path = root / 'ProcessedData' / folder / ('Audio/sound.wav' if motion else 'sound.wav')
    start = int(second * fmt.sample_rate)
    try:
        sound, rate = soundfile.read(path, start=start, stop=start + fmt.clip, dtype='float32',
                                     always_2d=True)
    except (OSError, RuntimeError) as error:
        raise DatasetError(f'{path} cannot be read: {error}') from error
    if rate != fmt.sample_rate or sound.shape[1] > 2:
        raise DatasetError(f'{path} has {sound.shape[1]} channels at {rate} Hz; expected one or '
                           f'two at {fmt.sample_rate}')
    # The last second of a recording may be a little short: it is mirrored, as edges are.
    if len(sound) < fmt.clip // 2:
        raise DatasetError(f'{path} ends {len(sound) / rate:.2f} s after second {second:g}; '
                           f'expected {fmt.clip_duration} s')
    sound = np.pad(sound, ((0, fmt.clip - len(sound)), (0, 0)), mode='reflect')
    ears = np.repeat(sound, 2, axis=1) if sound.shape[1] == 1 else sound
    return draw_clips(ears.T[None], 'mono', fmt)


def _place(folder: str, motion: bool) -> str:
    """Return the room: pairs come from one."""
    return folder if motion else str(Path(folder).parent)
