# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The BatVision data set, version 2.

Every ``ROOT/<Location>/`` has ``{train,val,test}.csv`` with the columns `depth path`,
`depth file name`, `audio path` and `audio file name`, paths relative to **ROOT**, and optionally
`camera path` and `camera file name`. Depth is ``.npy``, uint16 millimetres, 720x1280, 0 = hole;
sound is stereo WAV at 44.1 kHz, int32, 20,000 samples, with the direct sound about 6.4 ms
after its beginning. Frames are stretched to the square, as the data set's own loader does. Other
files and folders in ROOT do no harm.

Locations of one's own, from `echo-depth record` and `echo-depth import-bag`, have a
``recording.json`` that says on which sample the direct sound begins (`direct_index`), and the
format of the pings. Their windows are cut there, as they were when they were heard.

Source: https://github.com/AmandineBtto/Batvision-Dataset, and the paper, arXiv 2303.07257.
"""

from collections.abc import Iterator
import json
from pathlib import Path

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data.errors import DatasetError
from echo_depth_ros.learning.data.files import (
    check_format,
    evenly,
    has_columns,
    in_threads,
    read_array,
    read_colour,
    READ_ERRORS,
    read_list,
    read_sound,
)
from echo_depth_ros.learning.data.reader import Failure, Sample, SIZE
from echo_depth_ros.learning.data.resize import resize_colour, resize_depth
from echo_depth_ros.learning.data.samples import check_depth, heard
from echo_depth_ros.learning.data.split import SPLITS

COLUMNS = ('depth path', 'depth file name', 'audio path', 'audio file name')
COLOUR = ('camera path', 'camera file name')
RECORDING = 'recording.json'
SEARCH = (150, 480)
"""The direct sound begins near sample 282 (6.4 ms)."""
_PROBES = 32


class BatVision2:
    """Reader of one split of BatVision V2, all locations."""

    layout = 'batvision2'

    def __init__(self, root: Path, split: str, fmt: PingFormat = PingFormat()) -> None:
        """
        Open a split.

        :raises DatasetError: when no location has it.
        """
        self.root, self.split, self._fmt = root, split, fmt
        self._lists = _lists(root, split)
        if not self._lists:
            raise DatasetError(f'no <Location>/{split}.csv in {root}; expected one for each '
                               'location of BatVision V2')
        self._bad: list[Failure] = []
        self._rows: list[tuple[str, dict[str, str]]] = []
        self._direct: dict[str, int | None] = {}
        for path in self._lists:
            try:
                rows = read_list(path, COLUMNS)
                self._direct[path.parent.name] = _direct_index(path.parent / RECORDING, fmt)
            except DatasetError as error:
                self._bad.append(Failure(str(path.relative_to(root)), str(error)))
                continue
            self._rows += [(path.parent.name, row) for row in rows]
        self._colour = any(
            all(row.get(column) for column in COLOUR) and self._path(row, 'camera').is_file()
            for _, row in evenly(self._rows, _PROBES))

    @staticmethod
    def recognises(root: Path) -> bool:
        """Whether a folder is laid out like this."""
        return any(has_columns(path, COLUMNS) for split in SPLITS for path in _lists(root, split))

    def files(self) -> Iterator[Path]:
        """Yield the lists and all that they name."""
        yield from self._lists
        yield from filter(Path.is_file, (path.parent / RECORDING for path in self._lists))
        for _, row in self._rows:
            for kind in ('depth', 'audio', *(['camera'] if self._colour else [])):
                yield self._path(row, kind)

    def expected(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def read(self) -> Iterator[Sample | Failure | None]:
        """Yield every row of every location."""
        yield from self._bad
        for item in in_threads(self._one, self._rows):
            yield item
            yield None

    def _path(self, row: dict[str, str], kind: str) -> Path:
        return self.root / row.get(f'{kind} path', '') / row.get(f'{kind} file name', '')

    def _one(self, entry: tuple[str, dict[str, str]]) -> Sample | Failure:
        location, row = entry
        file = self._path(row, 'depth')
        try:
            for column in (*COLUMNS, *(COLOUR if self._colour else [])):
                if not row.get(column):
                    raise DatasetError(f'the row has no value for "{column}"')
            depth = check_depth(resize_depth(read_array(file, 'depth'), SIZE))
            sound = heard(read_sound(self._path(row, 'audio'), self._fmt), self._fmt, SEARCH,
                          place=self._direct[location])
            rgb = None
            if self._colour:
                rgb = resize_colour(read_colour(self._path(row, 'camera')), SIZE)
            return Sample(file=file, index=0, depth=depth, rgb=rgb, shape=location, **sound)
        except READ_ERRORS as error:
            name = (str(file.relative_to(self.root)) if row['depth file name']
                    else f'{location}/{self.split}.csv line {row["line"]}')
            return Failure(name, str(error) or type(error).__name__)


def _lists(root: Path, split: str) -> list[Path]:
    return sorted(path for path in root.glob(f'*/{split}.csv')
                  if not path.parent.name.startswith('.') and path.is_file())


def _direct_index(path: Path, fmt: PingFormat) -> int | None:
    """
    Sample on which the recordings of a location have their direct sound, where it is stated.

    :raises DatasetError: the description makes no sense, or is of other pings.
    """
    if not path.is_file():
        return None
    check_format(path, fmt)
    place = json.loads(path.read_text(encoding='utf-8')).get('direct_index')
    if place is not None and not (type(place) is int and place >= fmt.direct_index):
        raise DatasetError(f'{path}: direct_index is {place!r}; expected a sample number from '
                           f'{fmt.direct_index} on, or leave it out')
    return place
