# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Read the files of data sets: sound, arrays, pictures, lists, descriptions.

Whatever is wrong with a file is raised as one of ``READ_ERRORS``, so that its sample can be
named and skipped.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
import csv
from dataclasses import asdict
import json
import os
from pathlib import Path
import tokenize
import zipfile
import zlib

import numpy as np
from PIL import Image
import soundfile

from echo_depth_ros.acoustics.errors import NoChirpError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data.errors import DatasetError

READ_ERRORS = (OSError, ValueError, KeyError, EOFError, MemoryError, NoChirpError,
               zipfile.BadZipFile, zlib.error, tokenize.TokenError)
"""What reading a file that is missing, cut short or of other content may raise; the errors of
this package are ValueErrors, but for the chirp that was not found."""

_CHUNK = 64
_THREADS = 4


def check_format(path: Path, fmt: PingFormat) -> None:
    """
    Compare the pings that a data set describes, where it does, with ``fmt``.

    :raises DatasetError: when they differ, or the description cannot be read.
    """
    if not path.exists():
        return
    try:
        there = json.loads(path.read_text(encoding='utf-8')).get('format', {})
        different = [f'{key} is {there[key]}, expected {value}'
                     for key, value in asdict(fmt).items() if there.get(key, value) != value]
    except (OSError, ValueError, AttributeError) as error:
        raise DatasetError(f'{path} is no description of a data set: {error}') from error
    if different:
        raise DatasetError(f'the pings of {path.parent} are of another format: '
                           f'{"; ".join(different)}; open it with that format, or make the '
                           'data again')


def read_sound(path: Path, fmt: PingFormat) -> np.ndarray:
    """
    Read a stereo WAV file.

    :returns: float32 (2, n), full scale 1.
    """
    _exists(path, 'sound')
    size = path.stat().st_size
    with open(path, 'rb') as file:
        head = file.read(8)
    # libsndfile reads what is left of a file that was cut short, and says nothing.
    promised = int.from_bytes(head[4:], 'little') + 8
    if head[:4] == b'RIFF' and promised > size + 1:
        raise DatasetError(f'{path.name} is cut short: {size} of {promised} bytes')
    try:
        samples, rate = soundfile.read(path, dtype='float32', always_2d=True)
    except soundfile.LibsndfileError as error:
        raise DatasetError(f'{path.name} is no sound file ({error})') from error
    if rate != fmt.sample_rate:
        raise DatasetError(f'{path.name} was sampled at {rate} Hz; expected {fmt.sample_rate}')
    if samples.shape[1] != 2:
        raise DatasetError(f'{path.name} has {samples.shape[1]} channels; expected two ears')
    return np.ascontiguousarray(samples.T)


def read_array(path: Path, what: str) -> np.ndarray:
    """Read a .npy file of numbers."""
    _exists(path, what)
    array = np.load(path, allow_pickle=False)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in 'iuf':
        raise DatasetError(f'{path.name} holds no array of numbers')
    return array


def read_colour(path: Path) -> np.ndarray:
    """Read a colour image, any format of Pillow or .npy; uint8 (h, w, 3)."""
    if path.suffix == '.npy':
        return read_array(path, 'colour image')
    _exists(path, 'colour image')
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert('RGB'))
    except (SyntaxError, Image.DecompressionBombError) as error:  # Pillow's, of broken files
        raise DatasetError(f'{path.name} is no image ({error})') from error


def _exists(path: Path, what: str) -> None:
    if not path.is_file():
        raise DatasetError(f'no {what}: {path} is not there')


def read_list(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """
    Read a comma-separated list of samples.

    :returns: the rows, each with its line number as ``'line'``; a value that a short row lacks
        is ''.
    :raises DatasetError: when it cannot be read or a column is missing.
    """
    try:
        with open(path, newline='', encoding='utf-8-sig') as file:
            rows = csv.DictReader(file, skipinitialspace=True, restval='')
            there = [name.strip() for name in rows.fieldnames or []]
            rows.fieldnames = there
            missing = [name for name in columns if name not in there]
            if missing:
                raise DatasetError(f'{path} has no column "{missing[0]}"; expected '
                                   f'{", ".join(columns)}, found {", ".join(there) or "nothing"}')
            return [{**{name: (row[name] or '').strip() for name in there},
                     'line': str(rows.line_num)} for row in rows]
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise DatasetError(f'{path} cannot be read as a list of samples: {error}') from error


def has_columns(path: Path, columns: Sequence[str]) -> bool:
    """Whether a file is a list with these columns."""
    if not path.is_file():
        return False
    try:
        with open(path, newline='', encoding='utf-8-sig') as file:
            there = {name.strip() for name in next(csv.reader(file), [])}
    except (csv.Error, UnicodeDecodeError, OSError):
        return False
    return there.issuperset(columns)


def evenly(items: Sequence, count: int) -> list:
    """Return up to ``count`` items, evenly spread."""
    if len(items) <= count:
        return list(items)
    return [items[at * len(items) // count] for at in range(count)]


def in_threads(function: Callable, items: Sequence) -> Iterator:
    """Map in order, a few items ahead: reading waits for disks more than for the processor."""
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
        for start in range(0, len(items), _CHUNK):
            yield from pool.map(function, items[start:start + _CHUNK])
