# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Simulated rooms, as `echo-depth simulate` writes them.

``ROOT/dataset.json`` and ``ROOT/{train,val,test}/room_*.npz``, one room a file, with `waveform`
int16 (M, 2, window) already aligned, `depth` uint16 mm (M, 128, 128) with 0 for no return, and
optionally `rgb` uint8 (M, 128, 128, 3), `material` uint8 (M, 128, 128), `first_range` (M,) and
`shape`.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data.errors import DatasetError
from echo_depth_ros.learning.data.files import check_format, READ_ERRORS
from echo_depth_ros.learning.data.reader import Failure, Sample, SIZE
from echo_depth_ros.learning.data.samples import check_depth, check_ears, check_material
from echo_depth_ros.learning.data.split import FULL_SCALE, MAX_DEPTH_MM, SPLITS


class SimulatedRooms:
    """Reader of one split of simulated rooms."""

    layout = 'simulated'

    def __init__(self, root: Path, split: str, fmt: PingFormat = PingFormat()) -> None:
        """
        Open a split.

        :raises DatasetError: when the split has no rooms or the pings are of another format.
        """
        self.root, self.split, self._fmt = root, split, fmt
        self._rooms = sorted((root / split).glob('room_*.npz'))
        if not self._rooms:
            raise DatasetError(
                f'no room_*.npz in {root / split}; expected a data set with the splits '
                f'{", ".join(SPLITS)}: make one with "echo-depth simulate {root}"')
        check_format(root / 'dataset.json', fmt)

    @staticmethod
    def recognises(root: Path) -> bool:
        """Whether a folder is laid out like this."""
        return any(next((root / split).glob('room_*.npz'), None) for split in SPLITS)

    def files(self) -> list[Path]:
        """Return the rooms and the description."""
        return [self.root / 'dataset.json', *self._rooms]

    def expected(self) -> int:
        """Return the number of rooms."""
        return len(self._rooms)

    def read(self) -> Iterator[Sample | Failure | None]:
        """Yield every pose of every room."""
        for path in self._rooms:
            try:
                yield from _read_room(path, self._fmt)
            except READ_ERRORS as error:
                yield Failure(path.name, str(error) or type(error).__name__)
            yield None


def _read_room(path: Path, fmt: PingFormat) -> list[Sample | Failure]:
    with np.load(path, allow_pickle=False) as room:
        arrays = {name: room[name] for name in room.files}
    for name in ('waveform', 'depth'):
        if name not in arrays:
            raise ValueError(f'no array "{name}"; found {", ".join(arrays)}')
    count = len(arrays['waveform'])
    _expect(arrays, 'waveform', np.int16, (count, 2, fmt.window))
    _expect(arrays, 'depth', np.uint16, (count, SIZE, SIZE))
    _expect(arrays, 'rgb', np.uint8, (count, SIZE, SIZE, 3))
    _expect(arrays, 'material', np.uint8, (count, SIZE, SIZE))
    depth = np.minimum(arrays['depth'], MAX_DEPTH_MM).astype(np.int16)
    first = arrays.get('first_range', np.full(count, np.nan))
    if len(first) != count:
        raise ValueError(f'first_range has {len(first)} values; expected {count}')
    rgb, material = arrays.get('rgb'), arrays.get('material')
    found = []
    for index in range(count):
        try:
            check_ears(arrays['waveform'][index], FULL_SCALE)
            check_depth(depth[index])
            if material is not None:
                check_material(material[index])
        except DatasetError as error:
            found.append(Failure(f'{path.name}[{index}]', str(error)))
            continue
        found.append(Sample(
            file=path, index=index, waveform=arrays['waveform'][index], depth=depth[index],
            rgb=None if rgb is None else rgb[index],
            material=None if material is None else material[index],
            first_range=float(first[index]), shape=str(arrays.get('shape', 'unknown'))))
    return found


def _expect(arrays: dict, name: str, dtype: type, shape: tuple[int, ...]) -> None:
    """Check an array, where it is there."""
    array = arrays.get(name)
    if array is not None and (array.dtype != dtype or array.shape != shape):
        raise ValueError(f'{name} is {array.dtype} {array.shape}; expected '
                         f'{np.dtype(dtype)} {shape}')
