# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The BatVision data set, version 1.

``ROOT/{train,val,test}.csv`` name, relative to ROOT and with the columns `depth path`,
`audio path left`, `audio path right` and, optionally, `camera path left`: depth as ``.npy`` in
millimetres with NaN and infinities for holes; one 1-D ``.npy`` at 44.1 kHz per ear, in which the
chirp begins near sample 970 to 980; and a picture. Frames are stretched to the square, as the
data set's own loader does.

Where the list names pictures and they were downloaded, a sample whose picture cannot be read is
skipped; where they were not, the split has no colour.

Source: https://github.com/AmandineBtto/Batvision-Dataset, and the paper, arXiv 2303.07257.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data.errors import DatasetError
from echo_depth_ros.learning.data.files import (
    evenly,
    has_columns,
    in_threads,
    read_array,
    read_colour,
    READ_ERRORS,
    read_list,
)
from echo_depth_ros.learning.data.reader import Failure, Sample, SIZE
from echo_depth_ros.learning.data.resize import resize_colour, resize_depth
from echo_depth_ros.learning.data.samples import check_depth, heard
from echo_depth_ros.learning.data.split import SPLITS

COLUMNS = ('depth path', 'audio path left', 'audio path right')
COLOUR = 'camera path left'
SEARCH = (900, 1080)
"""The chirp begins near sample 970 to 980; the direct sound may be 0.5 ms on its way."""
_SCALES = (1.0, 2.0**15, 2.0**31)
_OVER = 3.0
"""A peak of more than this many scales is of the next one. Below that, in the next one it would be
silent (-80 dB) throughout, so no sound is ever taken for one of another scale."""
_PROBES = 32


class BatVision1:
    """Reader of one split of BatVision V1."""

    layout = 'batvision1'

    def __init__(self, root: Path, split: str, fmt: PingFormat = PingFormat()) -> None:
        """
        Open a split.

        :raises DatasetError: when its list is missing or lacks a column.
        """
        self.root, self.split, self._fmt = root, split, fmt
        self._list = root / f'{split}.csv'
        if not self._list.is_file():
            raise DatasetError(f'no {self._list}; expected {split}.csv beside the other splits '
                               'of BatVision V1')
        self._rows = read_list(self._list, COLUMNS)
        self._colour = any(
            row.get(COLOUR) and (root / row[COLOUR]).is_file()
            for row in evenly(self._rows, _PROBES))

    @staticmethod
    def recognises(root: Path) -> bool:
        """Whether a folder is laid out like this."""
        return any(has_columns(root / f'{split}.csv', COLUMNS) for split in SPLITS)

    def files(self) -> Iterator[Path]:
        """Yield the list and all that it names."""
        yield self._list
        for row in self._rows:
            for column in (*COLUMNS, *([COLOUR] if self._colour else [])):
                if row[column]:
                    yield self.root / row[column]

    def expected(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def read(self) -> Iterator[Sample | Failure | None]:
        """Yield every row."""
        scale = self._full_scale()

        def one(row: dict[str, str]) -> Sample | Failure:
            try:
                return self._sample(row, scale)
            except READ_ERRORS as error:
                name = row['depth path'] or f'{self._list.name} line {row["line"]}'
                return Failure(name, str(error) or type(error).__name__)

        for item in in_threads(one, self._rows):
            yield item
            yield None

    def _full_scale(self) -> float:
        """
        Find what full scale is where the type of the sound does not say so.

        It is not documented. One scale holds for the whole split: that of the loudest of some
        samples.
        """
        peak = 0.0
        for row in evenly(self._rows, _PROBES):
            try:
                ear = read_array(self.root / row['audio path left'], 'left ear')
            except READ_ERRORS:
                continue
            if ear.size and np.isfinite(ear).all():
                peak = max(peak, float(np.abs(ear.astype(np.float64)).max()))
        return next((scale for scale in _SCALES if peak <= _OVER * scale), 1.0)

    def _sample(self, row: dict[str, str], scale: float) -> Sample:
        for column in COLUMNS:
            if not row[column]:
                raise DatasetError(f'the row has no value for "{column}"')
        ears = [self._ear(row, side, scale) for side in ('left', 'right')]
        if len(ears[0]) != len(ears[1]):
            raise DatasetError(f'the left ear has {len(ears[0])} samples, the right '
                               f'{len(ears[1])}; expected as many')
        file = self.root / row['depth path']
        depth = check_depth(resize_depth(read_array(file, 'depth'), SIZE))
        rgb = None
        if self._colour:
            if not row[COLOUR]:
                raise DatasetError(f'the row has no value for "{COLOUR}"')
            rgb = resize_colour(read_colour(self.root / row[COLOUR]), SIZE)
        return Sample(file=file, index=0, depth=depth, rgb=rgb,
                      shape=Path(row['depth path']).parts[0],
                      **heard(np.stack(ears), self._fmt, SEARCH))

    def _ear(self, row: dict[str, str], side: str, scale: float) -> np.ndarray:
        """Return one ear, float32 (n,), full scale 1."""
        ear = read_array(self.root / row[f'audio path {side}'], f'{side} ear')
        if ear.ndim != 1:
            raise DatasetError(f'the {side} ear is of shape {ear.shape}; expected (n,)')
        if ear.dtype.kind == 'u':
            raise DatasetError(
                f'the {side} ear is {ear.dtype}; expected floats or signed integers')
        if ear.dtype == np.int16:
            scale = 2.0**15
        return (ear / scale).astype(np.float32)
