# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where packed arrays lie: folders, names that change with the data, a lock between processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
import hashlib
import json
import os
from pathlib import Path
import tempfile

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data.errors import DatasetError
from echo_depth_ros.learning.data.reader import Reader

PACK_VERSION = 1
"""Raised whenever packs hold other arrays, or samples are resized or aligned otherwise."""


def stamps_of(reader: Reader) -> str:
    """Digest of every file's name, size and time of change."""
    digest = hashlib.sha256()
    for path in sorted(set(reader.files())):
        try:
            stat = path.stat()
            stamp = f'{stat.st_size} {stat.st_mtime_ns}'
        except OSError:
            stamp = 'missing'
        digest.update(f'{os.path.relpath(path, reader.root)} {stamp}\n'.encode())
    return digest.hexdigest()


def folder_name(reader: Reader, fmt: PingFormat, limit: int | None, stamps: str) -> str:
    about = json.dumps([PACK_VERSION, asdict(fmt), limit, stamps])
    return f'{reader.layout}-{reader.split}-{hashlib.sha256(about.encode()).hexdigest()[:16]}'


def cache_folders(root: Path) -> list[Path]:
    """Where packs of this data set may lie, the best place first."""
    root = root.resolve()
    base = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache')
    mark = hashlib.sha256(str(root).encode()).hexdigest()[:8]
    return [root / '.cache', base / 'echo_depth_ros' / f'{root.name}-{mark}']


def writable(folders: list[Path]) -> Path:
    reasons = []
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError as error:
            reasons.append(str(error))
    raise DatasetError(f'nowhere to write the packed arrays ({"; ".join(reasons)}); make one of '
                       'these writable, or set XDG_CACHE_HOME to a folder that is')


def to_disk(folder: Path) -> None:
    """Write through what a folder's files hold, so that no power cut leaves them half empty."""
    for path in [*folder.iterdir(), folder]:
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """
    Hold a lock against other processes, where the system and file system know any.

    :returns: whether they do.
    """
    alone = False
    with open(path, 'w') as file:
        try:
            import fcntl
            fcntl.flock(file, fcntl.LOCK_EX)
            alone = True
        except (ImportError, OSError):
            pass  # the rename at the end still lets only one pack be there
        yield alone
