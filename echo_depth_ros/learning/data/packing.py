# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Pack a split once into plain arrays that every later run, and every process, maps into memory.

A :class:`~.reader.Reader` knows one layout of files. It yields samples, and failures with the name
of what could not be used and why. The packer writes the samples to

    ROOT/.cache/<layout>-<split>-<fingerprint>/{waveform,depth,rgb,material,first_range,…}.npy

and what it counted and measured to ``report.json`` beside them (below ``$XDG_CACHE_HOME``, or
``~/.cache``, when ROOT is read-only). The fingerprint covers every file's name, size and time, so
data that changed is packed again; old packs may be deleted at any time. A pack is written into a
temporary folder and renamed, so it is there whole or not at all.
"""

from dataclasses import asdict, dataclass, field
import json
import os
from pathlib import Path
import shutil
import sys
import tempfile

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data.cache import (
    cache_folders,
    folder_name,
    locked,
    stamps_of,
    to_disk,
    writable,
)
from echo_depth_ros.learning.data.errors import DatasetError
from echo_depth_ros.learning.data.growing import GrowingArray
from echo_depth_ros.learning.data.reader import Failure, Reader, Sample
from echo_depth_ros.learning.data.split import EchoSplit

_NAMED = 10
"""So many skipped samples are named on stderr; the report names all."""


def open_pack(reader: Reader, fmt: PingFormat, limit: int | None = None,
              progress: bool = True) -> EchoSplit:
    """
    Map a split into memory, packing it first where that has not been done.

    Safe to call from several processes at once: one packs, the others wait for it.

    :param limit: the first so many samples only.
    :raises DatasetError: when not one sample can be used, or nowhere can be written.
    """
    if limit is not None and limit < 1:
        raise DatasetError(f'limit is {limit}; expected at least 1 sample, or none for all')
    stamps = stamps_of(reader)
    whole = folder_name(reader, fmt, None, stamps)
    for folder in cache_folders(reader.root):
        # A pack of the whole split serves every limit.
        for name in {whole, folder_name(reader, fmt, limit, stamps)}:
            if (folder / name / 'report.json').exists():
                return _open(folder / name, reader.root, limit)
    folder = writable(cache_folders(reader.root))
    name = folder_name(reader, fmt, limit, stamps)
    with locked(folder / f'{name}.lock') as alone:
        if not (folder / name / 'report.json').exists():
            if alone:  # so what lies there is of a packer that was killed
                for left in folder.glob(f'{name}.part-*'):
                    shutil.rmtree(left, ignore_errors=True)
            _pack(reader, folder / name, fmt, limit, progress)
    return _open(folder / name, reader.root, limit)


@dataclass
class _Tally:
    """What the report says about each sample, beside its arrays."""

    shapes: list[str] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    source: list[tuple[int, int]] = field(default_factory=list)
    first_range: list[float] = field(default_factory=list)
    direct_index: list[float] = field(default_factory=list)
    snr_db: list[float] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)

    def add(self, sample: Sample, root: Path) -> None:
        name = os.path.relpath(sample.file, root)
        self.source.append((self.files.setdefault(name, len(self.files)), sample.index))
        self.shapes.append(sample.shape)
        self.first_range.append(sample.first_range)
        self.direct_index.append(sample.direct_index)
        self.snr_db.append(sample.snr_db)

    def skip(self, failure: Failure) -> None:
        name, again = failure.name, 1
        while name in self.skipped:  # listed twice
            again += 1
            name = f'{failure.name} ({again})'
        self.skipped[name] = failure.reason


def _pack(reader: Reader, folder: Path, fmt: PingFormat, limit: int | None,
          progress: bool) -> None:
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f'{folder.name}.part-'))
    try:
        tally = _write(reader, part, limit, progress)
        report = _report(reader, tally, part, fmt, limit)
        (part / 'report.json').write_text(json.dumps(report, indent=1), encoding='utf-8')
        part.chmod(0o755)
        to_disk(part)
        try:
            part.rename(folder)
        except OSError:
            if not (folder / 'report.json').exists():
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e9
    if progress:
        print(f'{reader.split}: {len(tally.shapes)} samples packed in {folder} ({size:.1f} GB)',
              file=sys.stderr)


def _write(reader: Reader, part: Path, limit: int | None, progress: bool) -> _Tally:
    tally = _Tally()
    arrays = {name: GrowingArray(part / f'{name}.npy')
              for name in ('waveform', 'depth', 'rgb', 'material')}
    try:
        with tqdm(total=reader.expected(), desc=f'pack {reader.split}', unit='file',
                  disable=not progress) as bar:
            for item in reader.read():
                if item is None:
                    bar.update()
                elif isinstance(item, Failure):
                    tally.skip(item)
                    if len(tally.skipped) <= _NAMED:
                        tqdm.write(f'skipped {item.name}: {item.reason}', file=sys.stderr)
                else:
                    tally.add(item, reader.root)
                    for name, array in arrays.items():
                        row = getattr(item, name)
                        if row is not None:
                            array.append(row)
                if limit is not None and len(tally.shapes) >= limit:
                    break
    finally:
        for array in arrays.values():
            array.close()
    if tally.skipped:
        print(f'{reader.split}: skipped {len(tally.skipped)}, used {len(tally.shapes)}; '
              'the reasons: echo-depth inspect', file=sys.stderr)
    if not tally.shapes:
        first = next(iter(tally.skipped.items()), None)
        raise DatasetError(
            f'not one sample of {reader.split} in {reader.root} can be used; ' + (
                f'{len(tally.skipped)} were skipped, the first: {first[0]}: {first[1]}' if first
                else 'the lists of samples are empty'))
    return tally


def _report(reader: Reader, tally: _Tally, part: Path, fmt: PingFormat,
            limit: int | None) -> dict:
    """Write the small arrays, drop incomplete ones, and say what is there."""
    count = len(tally.shapes)
    notes = []
    for name in ('rgb', 'material'):
        rows = _rows(part / f'{name}.npy')
        if rows < count:
            (part / f'{name}.npy').unlink()
            if rows:
                notes.append(f'only {rows} of {count} samples have {name}, so the split has '
                             'none; complete it, or take the others out of the list')
    for name in ('first_range', 'direct_index', 'snr_db'):
        np.save(part / f'{name}.npy', np.array(getattr(tally, name), np.float32))
    np.save(part / 'source.npy', np.array(tally.source, np.int32).reshape(-1, 2))
    np.save(part / 'shapes.npy', np.array(tally.shapes))
    for note in notes:
        print(f'{reader.split}: {note}', file=sys.stderr)
    return {
        'layout': reader.layout, 'split': reader.split, 'samples': count, 'limit': limit,
        'format': asdict(fmt), 'notes': notes,
        'skipped_count': len(tally.skipped), 'skipped': tally.skipped,
        'alignment': {'direct_index': _spread(tally.direct_index),
                      'snr_db': _spread(tally.snr_db)},
        'files': list(tally.files)}


def _rows(path: Path) -> int:
    with open(path, 'rb') as file:
        if not file.read(1).strip(b'\0'):
            return 0  # nothing was appended
    return len(np.load(path, mmap_mode='r'))


def _spread(values: list[float]) -> dict[str, float] | None:
    """Percentiles of what was measured, or None when nothing was."""
    there = np.array(values, float)
    there = there[np.isfinite(there)]
    if not len(there):
        return None
    points = np.percentile(there, (0, 5, 50, 95, 100))
    return {'count': len(there), **{name: round(float(value), 2) for name, value in zip(
        ('min', 'p5', 'median', 'p95', 'max'), points, strict=True)}}


def _open(folder: Path, root: Path, limit: int | None) -> EchoSplit:
    report = json.loads((folder / 'report.json').read_text(encoding='utf-8'))
    end = slice(limit)
    shapes = np.load(folder / 'shapes.npy')[end]
    source = np.load(folder / 'source.npy')[end]
    paths = [root / name for name in report['files']]
    return EchoSplit(
        waveform=_map(folder / 'waveform.npy')[end], depth=_map(folder / 'depth.npy')[end],
        first_range=torch.from_numpy(np.load(folder / 'first_range.npy')[end]),
        shapes=shapes, sources=[(paths[file], int(index)) for file, index in source],
        skipped=report['skipped'], rgb=_map_if(folder / 'rgb.npy', end),
        material=_map_if(folder / 'material.npy', end), report=report)


def _map(path: Path) -> Tensor:
    # Copy on write: torch knows no read-only tensors, and a write must never reach the file.
    return torch.from_numpy(np.load(path, mmap_mode='c'))


def _map_if(path: Path, end: slice) -> Tensor | None:
    return _map(path)[end] if path.exists() else None
