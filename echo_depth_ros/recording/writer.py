# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Write one location of a data set in BatVision V2's layout, sample by sample.

::

    ROOT/<Location>/{train,val,test}.csv      what counts: one line for each complete sample
    ROOT/<Location>/audio/audio_000000.wav    stereo, int32
    ROOT/<Location>/depth/depth_000000.npy    uint16 millimetres, 0 = hole
    ROOT/<Location>/camera/camera_000000.jpg
    ROOT/<Location>/window/window_000000.npy  the aligned window, float32, exactly as it came
    ROOT/<Location>/stamps.csv                times and levels, in nanoseconds and decibels
    ROOT/<Location>/recording.json            see :mod:`.description`
    ROOT/<Location>/calibration.yaml          of speaker and ears, where one was given

A sample's files get their names only when they are complete, and the line in the list comes
last. So whenever the process is killed, every line names files that are whole, and what is left
over is an unnamed sample at most. The next recording into the same location goes on behind it.
"""

from collections.abc import Callable
from dataclasses import dataclass
import fcntl
import json
import os
from pathlib import Path
import re
import shutil
from threading import Lock
from typing import BinaryIO

import numpy as np

from echo_depth_ros.recording.description import check_same_camera, Description, NAME
from echo_depth_ros.recording.encode import (
    COLOUR_SUFFIXES,
    to_millimetres,
    write_array,
    write_colour,
    write_sound,
)
from echo_depth_ros.recording.errors import DiskFullError, RecorderError
from echo_depth_ros.recording.table import Table

SPLITS = ('train', 'val', 'test')
COLUMNS = ('depth path', 'depth file name', 'audio path', 'audio file name', 'camera path',
           'camera file name')
STAMPS = ('split', 'number', 'window ns', 'rgb ns', 'depth ns', 'snr db', 'left dbfs',
          'right dbfs')
KEEP_FREE = 10**9
"""Bytes of the disk that are left alone."""
_SUFFIXES = {'audio': '.wav', 'depth': '.npy', 'window': '.npy'}
_OTHER_LAYOUTS = ('recordings.json', 'dataset.json', *(f'{split}.csv' for split in SPLITS))


@dataclass(frozen=True)
class Sample:
    """
    One ping and what was seen at that moment.

    :ivar stamp: of the window's first sample, nanoseconds.
    :ivar window: float32 (2, window), the direct sound in its place.
    :ivar sound: float (2, n), what goes into the WAV file.
    :ivar depth: float metres or uint16 millimetres (h, w).
    :ivar rgb: uint8 (h, w, 3), in a location with colour.
    :ivar rgb_stamp: when that picture was taken, where it is known; ``depth_stamp`` likewise.
    """

    stamp: int
    window: np.ndarray
    sound: np.ndarray
    depth: np.ndarray
    rgb: np.ndarray | None = None
    rgb_stamp: int | None = None
    depth_stamp: int | None = None
    snr_db: float = float('nan')
    level_dbfs: tuple[float, float] = (float('nan'), float('nan'))


def check_target(root: Path, location: str, split: str, keep_free: int = KEEP_FREE) -> None:
    """
    Refuse what cannot become a location of a data set.

    :raises RecorderError: a bad name, a folder that holds something else, or no space.
    """
    if split not in SPLITS:
        raise RecorderError(f'split is {split!r}; expected one of {", ".join(SPLITS)}')
    if (not location or location != location.strip() or location.startswith('.')
            or not location.isprintable() or re.search(r'[/\\:*?"<>|]', location)):
        raise RecorderError(f'location is {location!r}; expected the name of a folder, such as '
                            '"kitchen": no path, and nothing that begins with a dot')
    if root.exists() and not root.is_dir():
        raise RecorderError(f'{root} is a file; expected a folder, which is made where needed')
    for name in _OTHER_LAYOUTS:
        if (root / name).exists():
            raise RecorderError(f'{root} holds {name}, so it is a data set of another layout; '
                                'record into a folder of its own')
    folder = root / location
    if not (folder / NAME).exists() and any((folder / f'{one}.csv').exists() for one in SPLITS):
        raise RecorderError(f'{folder} is part of a data set that was not recorded with this '
                            f'command (it has no {NAME}); choose another location')
    check_space(root, keep_free)
    place = _existing(folder)
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise RecorderError(f'{place} is read-only, or no folder; expected one that can be '
                            'written to')


def check_space(folder: Path, keep_free: int) -> int:
    """
    Return how many bytes are free on the disk of a folder, which need not exist yet.

    :raises DiskFullError: fewer than are to be left alone.
    """
    free = shutil.disk_usage(_existing(folder)).free
    if free < keep_free:
        raise DiskFullError(
            f'only {free / 1e9:.2f} GB are free on the disk of {folder}; expected at least '
            f'{keep_free / 1e9:.2f} GB, so that the disk does not fill up: free some, or lower '
            '--keep-free. What was recorded is safe')
    return free


def _existing(path: Path) -> Path:
    """Return the path, or what there is of it."""
    return next(one for one in (path.absolute(), *path.absolute().parents) if one.exists())


class LocationWriter:
    """
    Appends samples to one split of one location; one process at a time.

    :ivar written: samples, and ``bytes_written``, since it was opened.
    :ivar depth_shape: height and width of the latest depth image.
    :ivar repaired: bytes of torn lines that a killed process had left, and were cut off.
    """

    def __init__(self, root: Path, location: str, split: str, about: Description, *,
                 keep_free: int = KEEP_FREE, colour_suffix: str = '.jpg') -> None:
        """
        Open a location, or make it.

        :raises RecorderError: as :func:`check_target` and :meth:`Description.go_on` do; or another
            process is recording there.
        :raises OSError: it cannot be written.
        """
        if colour_suffix not in COLOUR_SUFFIXES:
            raise RecorderError(f'pictures are {colour_suffix!r}; expected one of '
                                f'{", ".join(COLOUR_SUFFIXES)}')
        check_target(root, location, split, keep_free)
        self.root, self.location, self.split = root, location, split
        self.folder = root / location
        self.about = about
        self._keep_free = keep_free
        self._suffixes = {**_SUFFIXES, 'camera': colour_suffix}
        self._learning = Lock()  # the camera tells of itself in one thread, windows in another
        self.written = self.bytes_written = 0
        self.depth_shape: tuple[int, ...] = ()
        for kind in self._suffixes:
            (self.folder / kind).mkdir(parents=True, exist_ok=True)
        self._lock = _lock(self.folder)
        try:
            about.go_on(self.folder)
            self._number = self._clear_up()
            self._describe()
            self._stamps = Table(self.folder / 'stamps.csv', STAMPS)
            self._list = Table(self.folder / f'{split}.csv', COLUMNS)
        except BaseException:
            os.close(self._lock)
            raise
        self.repaired = self._stamps.repaired + self._list.repaired

    def __enter__(self) -> 'LocationWriter':
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @property
    def other_splits(self) -> list[str]:
        """Splits, besides the one that is written, that hold samples of this place."""
        return [one for one in SPLITS
                if one != self.split and (self.folder / f'{one}.csv').exists()]

    def free(self) -> int:
        """Return how many bytes of the disk are free."""
        return shutil.disk_usage(self.folder).free

    def add(self, sample: Sample) -> int:
        """
        Write a sample; it is complete, and listed, when this returns.

        :returns: its number.
        :raises DiskFullError: there is no space; nothing is listed.
        :raises ImageError: an image is of a kind that cannot be stored; nothing is written.
        """
        if self.about.colour != (sample.rgb is not None):
            raise RecorderError(f'the sample has {"no" if self.about.colour else "a"} picture; '
                                'either all samples of a location have one, or none')
        depth = to_millimetres(sample.depth)
        self.depth_shape = depth.shape
        check_space(self.folder, self._keep_free)
        number = self._number
        self._number += 1
        try:
            self._write('audio', number, lambda file: write_sound(
                file, sample.sound, self.about.fmt.sample_rate))
            self._write('window', number, lambda file: write_array(
                file, np.ascontiguousarray(sample.window, np.float32)))
            self._write('depth', number, lambda file: write_array(file, depth))
            if sample.rgb is not None:
                self._write('camera', number, lambda file: write_colour(
                    file, sample.rgb, self._suffixes['camera']))
            left, right = sample.level_dbfs
            self._stamps.append({
                'split': self.split, 'number': number, 'window ns': sample.stamp,
                'rgb ns': _known(sample.rgb_stamp), 'depth ns': _known(sample.depth_stamp),
                'snr db': f'{sample.snr_db:.2f}', 'left dbfs': f'{left:.2f}',
                'right dbfs': f'{right:.2f}'})
            row = {}
            for kind in ('depth', 'audio', *(['camera'] if sample.rgb is not None else [])):
                row[f'{kind} path'] = f'{self.location}/{kind}'
                row[f'{kind} file name'] = self._path(kind, number).name
            self._list.append(row)
        except OSError as error:
            check_space(self.folder, self._keep_free)
            raise RecorderError(f'sample {number} of {self.folder} could not be written: {error}'
                                ) from error
        self.written += 1
        return number

    def learn(self, camera: dict | None = None, frames: dict[str, str] | None = None) -> None:
        """
        Note what became known while recording.

        :raises RecorderError: the camera is another one than before.
        """
        with self._learning:
            about = self.about
            if camera:
                check_same_camera(self.folder, about.camera, camera)
            new = {**about.frames, **(frames or {})}
            if new != about.frames or (camera and camera != about.camera):
                about.frames, about.camera = new, camera or about.camera
                self._describe()

    def keep_calibration(self, path: Path) -> None:
        """
        Copy the file that the nodes were calibrated with.

        :raises RecorderError: it cannot be read.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise RecorderError(f'calibration {path} cannot be read: {error}') from error
        earlier = self.about.calibrations
        if earlier and (self.folder / earlier[-1]['file']).is_file() and (
                self.folder / earlier[-1]['file']).read_bytes() == data:
            return
        name = f'calibration_{self._number:06d}.yaml' if earlier else 'calibration.yaml'
        _replace(self.folder / name, lambda file: file.write(data))
        earlier.append({'file': name, 'from': self._number})
        self._describe()

    def close(self) -> None:
        """Close the lists and let others record here; safe to repeat."""
        if self._lock is not None:
            self._stamps.close()
            self._list.close()
            os.close(self._lock)
            self._lock = None

    def _path(self, kind: str, number: int) -> Path:
        return self.folder / kind / f'{kind}_{number:06d}{self._suffixes[kind]}'

    def _write(self, kind: str, number: int, write: Callable[[BinaryIO], None]) -> None:
        self.bytes_written += _replace(self._path(kind, number), write)

    def _describe(self) -> None:
        text = json.dumps(self.about.as_json(), indent=1, default=str) + '\n'
        _replace(self.folder / NAME, lambda file: file.write(text.encode()))

    def _clear_up(self) -> int:
        """Remove what a killed process left unfinished; returns the next number."""
        last = -1
        for folder in (self.folder, *(self.folder / kind for kind in self._suffixes)):
            for path in folder.iterdir():
                if path.name.startswith('.') and path.name.endswith('.part'):
                    path.unlink()
                elif match := re.fullmatch(rf'{folder.name}_(\d+)\.\w+', path.name):
                    last = max(last, int(match[1]))
        return last + 1


def _replace(path: Path, write: Callable[[BinaryIO], object]) -> int:
    """Write a file that is there whole or not at all; returns its size."""
    part = path.with_name(f'.{path.name}.part')
    try:
        with open(part, 'wb') as file:
            write(file)
            size = file.tell()
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return size


def _lock(folder: Path) -> int:
    """Keep other processes out until the descriptor is closed, or this process is gone."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise RecorderError(f'another process is recording into {folder}; expected one at a '
                            'time: stop it, or choose another location') from error
    return descriptor


def _known(stamp: int | None) -> object:
    return '' if stamp is None else stamp
