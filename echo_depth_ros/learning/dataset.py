# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A split of a simulated data set, whole in memory."""

from dataclasses import asdict
import json
from pathlib import Path
import sys
import zipfile

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from tqdm import tqdm

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.acoustics.format import PingFormat

SPLITS = ('train', 'val', 'test')
MAX_DEPTH_MM = 12000
FULL_SCALE = 32767.0


class DatasetError(EchoDepthError, ValueError):
    """A data set is missing, empty or of another format."""


class EchoSplit(Dataset):
    """
    Windows and depth images of one split.

    Kept as integers, as on disk (45 kB a sample), and turned into floats batch by batch. Depth
    beyond 12 m is clipped to 12 m, as the BatVision authors do; 0 stays 0 and means no return.

    :ivar waveform: int16 (N, 2, window), full scale 32767.
    :ivar depth: int16 (N, H, W) millimetres, 0 = no return.
    :ivar first_range: float32 (N,) true metres to the nearest surface, NaN where not given.
    :ivar shapes: (N,) kind of room: 'box', 'corridor', 'L', …
    :ivar sources: (N,) file and index in it.
    :ivar skipped: names of the files that could not be read, with the reason.
    """

    def __init__(self, waveform: Tensor, depth: Tensor, first_range: Tensor | None = None,
                 shapes: list[str] | None = None,
                 sources: list[tuple[Path, int]] | None = None,
                 skipped: dict[str, str] | None = None) -> None:
        count = len(waveform)
        self.waveform = waveform
        self.depth = depth
        self.first_range = torch.full((count,), torch.nan) if first_range is None else first_range
        self.shapes = np.array(shapes if shapes is not None else ['unknown'] * count)
        self.sources = sources or []
        self.skipped = skipped or {}

    @classmethod
    def load(cls, root: Path | str, split: str, fmt: PingFormat = PingFormat(),
             limit: int | None = None, progress: bool = True) -> 'EchoSplit':
        """
        Read ``root/split/room_*.npz``.

        A file that is corrupt or of another format is skipped, named on stderr and counted.

        :param limit: stop after so many samples.
        :raises DatasetError: when the folder is missing, no file in it can be read, or the pings
            are of another format.
        """
        folder = Path(root) / split
        files = sorted(folder.glob('room_*.npz'))
        if not files:
            raise DatasetError(
                f'no room_*.npz in {folder}; expected a data set with the splits '
                f'{", ".join(SPLITS)}: make one with "echo-depth simulate {root}"')
        _check_description(Path(root) / 'dataset.json', fmt)
        windows, depths, ranges, shapes, sources, skipped = [], [], [], [], [], {}
        count = 0
        for path in tqdm(files, desc=f'load {split}', unit='room', disable=not progress):
            try:
                window, depth, first, shape = _read_room(path, fmt)
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
                skipped[path.name] = str(error)
                print(f'skipped {path}: {error}', file=sys.stderr)
                continue
            windows.append(window)
            depths.append(depth)
            ranges.append(first)
            shapes += [shape] * len(window)
            sources += [(path, index) for index in range(len(window))]
            count += len(window)
            if limit is not None and count >= limit:
                break
        if not windows:
            raise DatasetError(
                f'none of the {len(files)} files in {folder} can be read; the first: '
                f'{next(iter(skipped.values()))}')
        if skipped:
            print(f'{split}: skipped {len(skipped)} of {len(files)} files', file=sys.stderr)
        end = slice(limit)
        return cls(torch.cat(windows)[end], torch.cat(depths)[end], torch.cat(ranges)[end],
                   shapes[end], sources[end], skipped)

    def __len__(self) -> int:
        return len(self.waveform)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """One sample: waveform (2, window) ±1 and depth (H, W) metres, 0 = no return."""
        return (self.waveform[index].float() / FULL_SCALE, self.depth[index].float() / 1000)

    def batch(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Gather samples: waveform (B, 2, window) ±1 and depth (B, H, W) metres."""
        return (self.waveform[indices].float() / FULL_SCALE, self.depth[indices].float() / 1000)

    def depth_metres(self, index: int) -> np.ndarray:
        """Depth (H, W) float32 metres, NaN where nothing returned."""
        depth = self.depth[index].numpy().astype(np.float32) / 1000
        return np.where(depth > 0, depth, np.nan)

    def mean_depth(self) -> Tensor:
        """Mean of each pixel's valid depths (H, W), metres; NaN where it never has one."""
        total = torch.zeros(self.depth.shape[1:], dtype=torch.float64)
        valid = torch.zeros_like(total)
        for part in self.depth.split(1024):
            total += part.sum(0, dtype=torch.int64)
            valid += (part > 0).sum(0)
        return (total / valid / 1000).float()


def _check_description(path: Path, fmt: PingFormat) -> None:
    """Compare the pings of the data set, where it has a description, with ``fmt``."""
    if not path.exists():
        return
    try:
        there = json.loads(path.read_text(encoding='utf-8')).get('format', {})
    except (ValueError, AttributeError) as error:
        raise DatasetError(f'{path} is no description of a data set: {error}') from error
    different = [f'{key} is {there[key]}, expected {value}'
                 for key, value in asdict(fmt).items() if there.get(key, value) != value]
    if different:
        raise DatasetError(f'the pings of {path.parent} are of another format: '
                           f'{"; ".join(different)}; simulate the data again')


def _read_room(path: Path, fmt: PingFormat) -> tuple[Tensor, Tensor, Tensor, str]:
    with np.load(path, allow_pickle=False) as room:
        for name in ('waveform', 'depth'):
            if name not in room:
                raise ValueError(f'no array "{name}"; found {", ".join(room.files)}')
        waveform, depth = room['waveform'], room['depth']
        if waveform.dtype != np.int16 or waveform.shape[1:] != (2, fmt.window):
            raise ValueError(f'waveform is {waveform.dtype} {waveform.shape}; expected int16 '
                             f'(M, 2, {fmt.window})')
        if depth.dtype != np.uint16 or depth.ndim != 3 or len(depth) != len(waveform):
            raise ValueError(f'depth is {depth.dtype} {depth.shape}; expected uint16 '
                             f'({len(waveform)}, H, W)')
        first = room['first_range'] if 'first_range' in room else np.full(len(depth), np.nan)
        shape = str(room['shape']) if 'shape' in room else 'unknown'
    depth = np.minimum(depth, MAX_DEPTH_MM).astype(np.int16)
    return (torch.from_numpy(waveform), torch.from_numpy(depth),
            torch.from_numpy(first.astype(np.float32)), shape)
