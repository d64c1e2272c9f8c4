# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Simulate the rooms of a data set in several processes, a file each."""

from collections.abc import Callable, Mapping
from concurrent.futures import as_completed, ProcessPoolExecutor
import os
from pathlib import Path
import tempfile

import numpy as np
from tqdm import tqdm

Simulate = Callable[[int], Mapping[str, np.ndarray]]


def write_room(path: Path, simulate: Simulate, seed: int) -> None:
    """Simulate a room into a file, whole or not at all."""
    arrays = simulate(seed)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix='.part', delete=False) as part:
        np.savez(part, **arrays)
    os.replace(part.name, path)


def write_rooms(simulate: Simulate, paths: Mapping[int, Path], poses: int, unit: str,
                workers: int) -> None:
    """
    Simulate the rooms that are missing, with a bar.

    :param simulate: arrays of a room by its seed; it goes to other processes.
    :param paths: of the files of all rooms by seed.
    :param poses: in each room, for the bar.
    :param unit: what a pose makes.
    :param workers: processes, of one thread each.
    """
    missing = [seed for seed, path in paths.items() if not path.exists()]
    os.environ['OMP_NUM_THREADS'] = os.environ['OPENBLAS_NUM_THREADS'] = '1'
    with tqdm(total=len(paths) * poses, unit=f' {unit}', smoothing=0.05,
              initial=(len(paths) - len(missing)) * poses) as bar, \
            ProcessPoolExecutor(workers) as pool:
        jobs = [pool.submit(write_room, paths[seed], simulate, seed) for seed in missing]
        for job in as_completed(jobs):
            job.result()
            bar.update(poses)
