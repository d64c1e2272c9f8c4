# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A CSV file that only grows, line by line, and survives being killed at any moment."""

from collections.abc import Mapping, Sequence
import csv
import io
import os
from pathlib import Path

from echo_depth_ros.recording.errors import RecorderError


class Table:
    """
    Appends rows; each is one write of one whole line.

    A last line without its end, left by a process that died or a disk that was full, is cut off
    when the table is opened again.

    :ivar repaired: bytes that were cut off.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """
        Open a table, or begin it.

        :raises RecorderError: it has other columns.
        :raises OSError: it cannot be written.
        """
        self.path, self._columns = path, tuple(columns)
        self.repaired = 0
        if path.exists():
            self.repaired = _cut_torn_line(path)
        header = _line(self._columns)
        if not path.exists() or not path.stat().st_size:
            part = path.with_name(f'.{path.name}.part')
            part.write_bytes(header)
            os.replace(part, path)
        else:
            with open(path, 'rb') as file:
                there = file.readline()
            if there != header:
                raise RecorderError(
                    f'{path} begins with {there.decode("utf-8", "replace").strip()!r}; expected '
                    f'{header.decode().strip()!r}: it was written by something else, so record '
                    'into a location of another name')
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)

    def append(self, row: Mapping[str, object]) -> None:
        """
        Add a row; it is in the file, whole, when this returns.

        :raises OSError: it could not be written; the table is as it was.
        """
        line = _line([row.get(name, '') for name in self._columns])
        size = os.fstat(self._file).st_size
        try:
            written = os.write(self._file, line)
            if written != len(line):
                raise OSError(f'only {written} of {len(line)} bytes could be written to '
                              f'{self.path}: is the disk full?')
        except OSError:
            os.ftruncate(self._file, size)
            raise

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _line(values: Sequence[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerow(values)
    return text.getvalue().encode('utf-8')


def _cut_torn_line(path: Path) -> int:
    data = path.read_bytes()
    whole = data.rfind(b'\n') + 1
    if whole < len(data):
        os.truncate(path, whole)
    return len(data) - whole
