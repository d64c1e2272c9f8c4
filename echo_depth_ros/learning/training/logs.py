# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Logs of a run: CSV files that survive a resume, or TensorBoard."""

from collections.abc import Mapping
import csv
import os
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger, TensorBoardLogger
from pytorch_lightning.utilities import rank_zero_only

from echo_depth_ros.learning.training.errors import TrainingError

LOGGERS = ('csv', 'tensorboard')


class CsvLog(Logger):
    """
    ``train.csv`` and ``val.csv`` in one folder, a row at a time.

    Metrics named ``val/…`` go to the one, all others to the other. Rows of steps that a resumed
    run does again are dropped first.

    :param folder: made where missing.
    :param step: steps that are done when the run starts.
    """

    def __init__(self, folder: Path, step: int) -> None:
        super().__init__()
        self.folder = folder
        if rank_zero_only.rank == 0:
            folder.mkdir(parents=True, exist_ok=True)
            for path in (folder / 'train.csv', folder / 'val.csv'):
                _drop_after(path, step)

    @property
    def name(self) -> str:
        """Name of the log."""
        return 'csv'

    @property
    def version(self) -> str:
        """There is one."""
        return ''

    @property
    def save_dir(self) -> str:
        """Folder."""
        return str(self.folder)

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Append a row to each file that has news."""
        rows: dict[str, dict[str, Any]] = {'train': {}, 'val': {}}
        for name, value in metrics.items():
            stem, _, rest = name.rpartition('/')
            rows['val' if stem == 'val' else 'train'][rest] = f'{value:.6g}'
        for stem, row in rows.items():
            if row:
                _append(self.folder / f'{stem}.csv', {'step': step, **row})

    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to do: the checkpoints hold them."""


def open_logger(kind: str, folder: Path, step: int) -> Logger:
    """
    Open a log by name.

    :raises TrainingError: unknown, or TensorBoard is not installed.
    """
    if kind == 'csv':
        return CsvLog(folder, step)
    if kind != 'tensorboard':
        raise TrainingError(f'logger is {kind!r}; expected one of {", ".join(LOGGERS)}')
    try:
        return TensorBoardLogger(folder.parent, name=folder.name, version='', purge_step=step)
    except ModuleNotFoundError as error:
        raise TrainingError('--logger tensorboard needs TensorBoard, which is not installed: '
                            'pip install tensorboard, or use --logger csv') from error


def _append(path: Path, row: Mapping[str, Any]) -> None:
    fresh = not path.exists() or not path.stat().st_size
    with path.open('a', newline='') as file:
        writer = csv.writer(file)
        if fresh:
            writer.writerow(row)
        writer.writerow(row.values())


def _drop_after(path: Path, step: int) -> None:
    """Keep the rows up to a step; one that a kill cut short goes too."""
    if not path.exists():
        return
    with path.open(newline='') as file:
        rows = list(csv.reader(file))
    kept = rows[:1] + [row for row in rows[1:] if len(row) == len(rows[0])
                       and row[0].isdigit() and int(row[0]) <= step]
    partial = path.with_suffix('.partial')
    with partial.open('w', newline='') as file:
        csv.writer(file).writerows(kept)
    os.replace(partial, path)
