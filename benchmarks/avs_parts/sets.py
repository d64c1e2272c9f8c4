# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The study's test sets, simulated where they are missing."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
import os
from pathlib import Path
import sys

import torch

from avs_parts.approach import simulate_approach
from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.learning.avs.study.kept import TestSet
from echo_depth_ros.learning.data import open_split
from echo_depth_ros.sim import dataset
from echo_depth_ros.sim.claim import DESCRIPTION

IN_DOMAIN = 'in domain'
ELSEWHERE = ('small_elsewhere', 'large_elsewhere')
OTHER_HEADS = (('small_elsewhere', 0.75), ('large_elsewhere', 1.3))
"""The same with another robot: head 0.38 and 0.65 m above the floor, in rooms as much smaller and
larger. 0.5 m is the middle of what training draws, which is what guesses by looks come to."""
PANES = ('mirrors', 'glass_fronts')
SIZES = (0.65, 0.8, 1.0, 1.25, 1.55)


class Sets:
    """
    Test sets by name.

    :param folder: that holds them.
    :param rooms: of each set, and ``poses`` in each room.
    :param limit: use at most so many images of each, evenly spread over the rooms.
    :param workers: processes that simulate.
    """

    def __init__(self, folder: Path, rooms: int, poses: int, limit: int, workers: int) -> None:
        self.folder, self.rooms, self.poses = folder, rooms, poses
        self.limit, self.workers = limit, workers

    def away(self, condition: str, size: float | None = None) -> TestSet:
        """
        Return the set of a condition of ``echo-depth simulate --away``.

        :param size: how many times as large everything is; None: as it is drawn.
        :raises EchoDepthError: the folder holds another set.
        """
        name = condition if size is None else f'{condition} ×{size:g}'
        path = self.folder / (condition if size is None else f'{condition}_{size:g}')
        parser = argparse.ArgumentParser()
        dataset.add_arguments(parser)
        args = parser.parse_args([str(word) for word in (
            path, '--away', condition, '--rooms', self.rooms, '--poses', self.poses,
            '--workers', self.workers, *([] if size is None else ['--scale', size]))])
        with redirect_stdout(sys.stderr), _as_old(path / DESCRIPTION):
            if dataset.main(args):
                raise EchoDepthError(f'cannot make {path}; see above')
        return self.opened(path, name)

    def approach(self, rooms: int) -> TestSet:
        """Return what a robot sees and hears that drives straight at a wall."""
        path = self.folder / 'approach'
        with _as_old(path / DESCRIPTION):
            simulate_approach(path, rooms, self.workers)
        return self.opened(path, 'approach')

    def opened(self, path: Path, name: str) -> TestSet:
        """Return the test split of any data set."""
        test = TestSet(name, open_split(path, 'test'))
        if len(test) <= self.limit:
            return test
        return test.some(torch.linspace(0, len(test) - 1, self.limit).long())


@contextmanager
def _as_old(path: Path) -> Iterator[None]:
    """Let a file that is written again with the same contents not count as changed."""
    before = (path.read_bytes(), path.stat()) if path.exists() else None
    yield
    if before and path.read_bytes() == before[0]:  # else the set would be packed again
        os.utime(path, ns=(before[1].st_atime_ns, before[1].st_mtime_ns))
