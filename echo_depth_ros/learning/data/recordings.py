# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Recordings of one's own robot.

``ROOT/recordings.json`` says how they were made::

    {"format": {"sample_rate": 44100, "ear_spacing": 0.235, ...},   as in PingFormat
     "aligned": false,            true: every waveform is a window, direct sound in its place
     "search": [0, 2000],         optional: samples between which the direct sound begins
     "fit": "stretch",            how frames become square: "stretch" or "crop"
     "camera": {"hfov_deg": 90.0, "vfov_deg": 90.0}}    optional: what the square shows

``ROOT/{train,val,test}/*.npz`` hold M pings each: `waveform` (M, 2, n) int16, or float32 with full
scale 1, left ear first; `depth` (M, h, w) float32 metres with NaN for holes, or uint16 millimetres
with 0 for holes; optionally `rgb` (M, h, w, 3) uint8, `first_range` (M,) metres, and `shape`, the
kind of room. Put all that was recorded in one room into one split.
"""

from collections.abc import Iterator
from dataclasses import asdict
import json
import os
from pathlib import Path

import numpy as np

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data.errors import DatasetError
from echo_depth_ros.learning.data.files import check_format, in_threads, READ_ERRORS
from echo_depth_ros.learning.data.reader import Failure, Sample, SIZE
from echo_depth_ros.learning.data.resize import FITS, resize_colour, resize_depth
from echo_depth_ros.learning.data.samples import check_depth, heard
from echo_depth_ros.learning.data.split import SPLITS

DESCRIPTION = 'recordings.json'


class Recordings:
    """Reader of one split of one's own recordings."""

    layout = 'recordings'

    def __init__(self, root: Path, split: str, fmt: PingFormat = PingFormat()) -> None:
        """
        Open a split.

        :raises DatasetError: when the description or the split is missing or makes no sense.
        """
        self.root, self.split, self._fmt = root, split, fmt
        check_format(root / DESCRIPTION, fmt)
        about = json.loads((root / DESCRIPTION).read_text(encoding='utf-8'))
        self._aligned = about.get('aligned', False)
        self._fit = about.get('fit', 'stretch')
        search = about.get('search')
        if self._fit not in FITS or not isinstance(self._aligned, bool):
            raise DatasetError(f'{root / DESCRIPTION}: fit is {self._fit!r}, aligned is '
                               f'{self._aligned!r}; expected one of {", ".join(FITS)}, and true '
                               'or false')
        if search is not None and not (isinstance(search, list) and len(search) == 2 and all(
                isinstance(end, int) for end in search)):
            raise DatasetError(f'{root / DESCRIPTION}: search is {search!r}; expected two '
                               'sample numbers, or leave it out')
        self._search = tuple(search) if search is not None else None
        self._files = sorted((root / split).glob('*.npz'))
        if not self._files:
            raise DatasetError(f'no .npz in {root / split}; expected recordings, in the splits '
                               f'{", ".join(SPLITS)}')

    @staticmethod
    def recognises(root: Path) -> bool:
        """Whether a folder is laid out like this."""
        return (root / DESCRIPTION).is_file()

    def files(self) -> list[Path]:
        """Return the recordings and their description."""
        return [self.root / DESCRIPTION, *self._files]

    def expected(self) -> int:
        """Return the number of files."""
        return len(self._files)

    def read(self) -> Iterator[Sample | Failure | None]:
        """Yield every ping of every file."""
        for path in self._files:
            try:
                arrays = _read(path)
            except READ_ERRORS as error:
                yield Failure(path.name, str(error) or type(error).__name__)
            else:
                yield from in_threads(
                    lambda index, path=path, arrays=arrays: self._one(path, arrays, index),
                    range(len(arrays['waveform'])))
            yield None

    def _one(self, path: Path, arrays: dict[str, np.ndarray], index: int) -> Sample | Failure:
        try:
            waveform, depth = arrays['waveform'][index], arrays['depth'][index]
            if waveform.dtype == np.int16:
                waveform = waveform / np.float32(32768)
            rgb = arrays.get('rgb')
            return Sample(
                file=path, index=index,
                depth=check_depth(resize_depth(
                    depth, SIZE, self._fit, 1000 if depth.dtype == np.uint16 else 1)),
                rgb=None if rgb is None else resize_colour(rgb[index], SIZE, self._fit),
                first_range=float(arrays['first_range'][index]) if 'first_range' in arrays
                else float('nan'),
                shape=str(arrays.get('shape', 'unknown')),
                **heard(waveform, self._fmt, self._search, self._aligned))
        except READ_ERRORS as error:
            return Failure(f'{path.name}[{index}]', str(error) or type(error).__name__)


def _read(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    for name, dtypes, axes in (('waveform', ('int16', 'float32'), 3),
                               ('depth', ('float32', 'uint16'), 3)):
        if name not in arrays:
            raise DatasetError(f'no array "{name}"; found {", ".join(arrays) or "nothing"}')
        array = arrays[name]
        if array.dtype.name not in dtypes or array.ndim != axes:
            raise DatasetError(f'{name} is {array.dtype} {array.shape}; expected '
                               f'{" or ".join(dtypes)} with {axes} axes')
    count = len(arrays['waveform'])
    for name in ('depth', 'rgb', 'first_range'):
        if name in arrays and arrays[name].shape[:1] != (count,):
            raise DatasetError(f'{name} is of shape {arrays[name].shape}; expected {count} as '
                               'there are waveforms')
    return arrays


def write_recordings(path: Path, waveform: np.ndarray, depth: np.ndarray,
                     fmt: PingFormat = PingFormat(), aligned: bool = False,
                     rgb: np.ndarray | None = None, shape: str = 'unknown',
                     camera: dict | None = None) -> None:
    """
    Write one file of recordings, whole or not at all, and the description where there is none.

    :param path: ``ROOT/<split>/<name>.npz``; arrays as in the module's description.
    :raises DatasetError: the folder describes recordings of another format, or aligned otherwise.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    about = path.parent.parent / DESCRIPTION
    check_format(about, fmt)
    if not about.exists():
        about.write_text(json.dumps(
            {'format': asdict(fmt), 'aligned': aligned, 'fit': 'stretch',
             'camera': camera or {}}, indent=1), encoding='utf-8')
    elif json.loads(about.read_text(encoding='utf-8')).get('aligned', False) != aligned:
        raise DatasetError(f'{about} does not say that aligned is {json.dumps(aligned)}; write '
                           'windows and raw recordings to folders of their own')
    arrays = {'waveform': waveform, 'depth': depth, 'shape': np.array(shape)}
    if rgb is not None:
        arrays['rgb'] = rgb
    part = path.with_suffix('.part')
    with open(part, 'wb') as file:
        np.savez(file, **arrays)
    os.replace(part, path)
