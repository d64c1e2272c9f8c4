# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Films of `echo-depth simulate-drive`, and the triples of frames in them that can teach depth."""

from dataclasses import dataclass, field
import json
import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from echo_depth_ros.learning.data import DatasetError
from echo_depth_ros.learning.data.files import READ_ERRORS
from echo_depth_ros.learning.data.split import MAX_DEPTH_MM, SPLITS
from echo_depth_ros.learning.monodepth.warp import Intrinsics

DESCRIPTION = 'dataset.json'
_MADE_BY = 'make one with "echo-depth simulate-drive DATA"'


@dataclass(frozen=True)
class TripleConfig:
    """
    Which frames make a triple, told by the robot's odometry alone, and never by depth or poses.

    Turning on the spot moves no near thing against a far one, and so teaches no depth.

    :ivar gap: frames from the target to each source.
    :ivar least_driven: metres that the robot must have driven from each frame to the next.
    :ivar most_turned: degrees that it may have turned from the target to each source.
    """

    gap: int = field(default=1, metadata={'least': 1})
    least_driven: float = field(default=0.05, metadata={'least': 0})
    most_turned: float = field(default=10.0, metadata={'above': 0})


class DriveSplit:
    """
    Films of one split, in memory, and their triples.

    :ivar rgb: uint8 (F, H, W, 3), all frames of all rooms.
    :ivar depth: int16 (F, H, W) millimetres up to 12000, 0 = hole; for evaluation only.
    :ivar targets: (N,) frame in the middle of each triple.
    :ivar gap: frames from there to its sources.
    :ivar camera: intrinsics.
    """

    def __init__(self, rgb: Tensor, depth: Tensor, targets: Tensor, gap: int,
                 camera: Intrinsics) -> None:
        self.rgb, self.depth, self.targets = rgb, depth, targets
        self.gap, self.camera = gap, camera

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return tuple(self.rgb.shape[1:3])

    def frames(self, indices: Tensor) -> Tensor:
        """Triples (B, 3, 3, H, W), 0 to 1: the frame before, the target, the frame after."""
        steps = torch.tensor([-self.gap, 0, self.gap])
        frames = self.rgb[self.targets[indices][:, None] + steps]
        return frames.permute(0, 1, 4, 2, 3).float() / 255

    def truth(self, indices: Tensor) -> Tensor:
        """Depth of targets (B, H, W) in metres, 0 = hole; for evaluation only."""
        return self.depth[self.targets[indices]].float() / 1000


def open_drive(root: Path, split: str, config: TripleConfig = TripleConfig(),
               limit: int | None = None) -> DriveSplit:
    """
    Read the films of a split.

    :param limit: use only so many triples.
    :raises DatasetError: no films, broken ones, or none with a triple.
    """
    if split not in SPLITS:
        raise DatasetError(f'split is {split!r}; expected one of {", ".join(SPLITS)}')
    camera = _camera(root)
    if limit is not None and limit < 1:
        raise DatasetError(f'limit is {limit}; expected 1 triple or more')
    paths = sorted((root / split).glob('drive_*.npz'))
    if not paths:
        raise DatasetError(f'no drive_*.npz in {root / split}; {_MADE_BY}')
    rgb, depth, targets, count = [], [], [], 0
    for path in paths:
        film = _film(path)
        rgb.append(film['rgb'])
        depth.append(np.minimum(film['depth'], MAX_DEPTH_MM).astype(np.int16))
        targets.append(count + triples(film['moved'], config))
        count += len(film['rgb'])
        if limit is not None and sum(map(len, targets)) >= limit:
            break
    found = np.concatenate(targets)[:limit]
    if not len(found):
        raise DatasetError(
            f'no triple in {len(paths)} films of {root / split}: the robot nowhere drove '
            f'{config.least_driven:g} m and turned at most {config.most_turned:g} degrees '
            f'{config.gap} frames before and after a frame; lower triples.least_driven or '
            'triples.gap')
    return DriveSplit(torch.from_numpy(np.concatenate(rgb)), torch.from_numpy(
        np.concatenate(depth)), torch.from_numpy(found), config.gap, camera)


def triples(moved: np.ndarray, config: TripleConfig = TripleConfig()) -> np.ndarray:
    """
    Find the middle frames of all triples of one film.

    :param moved: (m, 2) metres driven and radians turned since the frame before; NaN where a
        take begins, which no triple spans.
    :returns: int64 (n,).
    """
    gap, count = config.gap, len(moved)
    middle = np.arange(gap, count - gap)
    if not len(middle):
        return middle
    fine = np.ones(len(middle), bool)
    for first in (middle - gap + 1, middle + 1):  # steps to the target, steps from it
        steps = moved[first[:, None] + np.arange(gap)].astype(float)
        with np.errstate(invalid='ignore'):
            fine &= (steps[..., 0] >= config.least_driven).all(1)
            fine &= np.abs(steps[..., 1].sum(1)) <= math.radians(config.most_turned)
    return middle[fine]


def _camera(root: Path) -> Intrinsics:
    path = root / DESCRIPTION
    if not path.is_file():
        raise DatasetError(f'{path} does not exist; {_MADE_BY}')
    try:
        about = json.loads(path.read_text(encoding='utf-8'))
        if about.get('kind') != 'drive':
            raise DatasetError(f'{root} holds no films of a drive; {_MADE_BY}')
        camera = Intrinsics(*(float(about['camera'][name]) for name in ('fx', 'fy', 'cx', 'cy')))
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, DatasetError):
            raise
        raise DatasetError(f'{path}: its camera cannot be used: {error!r}; expected "camera": '
                           '{"fx": …, "fy": …, "cx": …, "cy": …} in pixels') from error
    if not (0 < camera.fx < math.inf and 0 < camera.fy < math.inf):
        raise DatasetError(f'{path}: focal lengths are {camera.fx:g} and {camera.fy:g} pixels; '
                           'expected positive numbers')
    return camera


def _film(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as room:
            film = {name: room[name] for name in ('rgb', 'depth', 'moved')}
    except READ_ERRORS as error:
        raise DatasetError(f'{path} cannot be read: {error}; remove it and run "echo-depth '
                           'simulate-drive" again') from error
    count, *size = film['depth'].shape if film['depth'].ndim == 3 else (0, 0, 0)
    if (film['rgb'].shape != (count, *size, 3) or film['rgb'].dtype != np.uint8
            or film['moved'].shape != (count, 2) or not count):
        found = ', '.join(f'{name} {array.dtype} {array.shape}' for name, array in film.items())
        raise DatasetError(f'{path} holds {found}; expected rgb uint8 (m, H, W, 3), depth uint16 '
                           '(m, H, W) and moved float32 (m, 2)')
    return film
