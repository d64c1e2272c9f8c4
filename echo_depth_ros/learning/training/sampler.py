# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which samples a step sees, and what chance does to them: pure functions of (seed, step)."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor
from torch.utils.data import IterableDataset

from echo_depth_ros.learning.training.errors import TrainingError

_ORDER, _CHANCE = 1, 2


def generator(*numbers: int) -> Generator:
    """Source of randomness that belongs to these numbers (not negative) and to no others."""
    seed = np.random.SeedSequence(numbers).generate_state(2, np.uint32).astype(np.uint64)
    return torch.Generator().manual_seed(int(seed[0] << np.uint64(31) ^ seed[1]))


class BatchPlan:
    """
    The batches of a run.

    Each pass over the data has an order of its own, drawn from (seed, pass); what does not fill
    a batch at its end is left out. Every step's batch is dealt out to the ranks. So the batch of
    a step does not depend on what ran before, and a resumed run sees what it would have seen.

    :param count: samples.
    :param batch: samples in a step over all ranks; at most ``count`` are taken.
    :param seed: not negative.
    :param rank: of this process.
    :param world: how many processes share a step.
    """

    def __init__(self, count: int, batch: int, seed: int, rank: int = 0, world: int = 1) -> None:
        if count < 1 or seed < 0 or not 0 <= rank < world:
            raise TrainingError(f'{count} samples, seed {seed}, rank {rank} of {world}; expected '
                                'at least one sample, a seed of at least 0, 0 <= rank < world')
        self.batch = min(batch, count)
        self.batch -= self.batch % world
        if self.batch < 1 or batch % world:
            raise TrainingError(f'a batch of {min(batch, count)} samples cannot be dealt out to '
                                f'{world} processes evenly; set batch to a multiple of {world}')
        self.count, self.seed, self.rank, self.world = count, seed, rank, world
        self.steps_per_pass = count // self.batch
        self._order: tuple[int, Tensor] | None = None

    def indices(self, step: int) -> Tensor:
        """Return the samples of this rank in this step, int64 (batch / world,)."""
        number, place = divmod(step, self.steps_per_pass)
        if self._order is None or self._order[0] != number:
            order = torch.randperm(self.count, generator=generator(self.seed, _ORDER, number))
            self._order = number, order
        batch = self._order[1][place * self.batch:(place + 1) * self.batch]
        return batch[self.rank::self.world]

    def chance(self, step: int) -> Generator:
        """Source of this rank's randomness in this step."""
        return generator(self.seed, _CHANCE, step, self.rank)


class StepStream(IterableDataset):
    """
    The batches from wherever a run is to its next validation.

    :param plan: the batches.
    :param load: (indices, generator) to a batch.
    :param now: tells how many steps are done.
    :param every: steps between validations.
    :param steps: of the whole run.
    """

    def __init__(self, plan: BatchPlan, load: Callable[[Tensor, Generator], Any],
                 now: Callable[[], int], every: int, steps: int) -> None:
        self.plan, self.load, self.now = plan, load, now
        self.every, self.steps = every, steps

    def __iter__(self) -> Iterator[Any]:
        start = self.now()
        end = min((start // self.every + 1) * self.every, self.steps)
        for step in range(start, end):
            yield self.load(self.plan.indices(step), self.plan.chance(step))


def spread(count: int, wanted: int) -> Tensor:
    """Return about ``wanted`` evenly spread indices below ``count``; all of them for 0."""
    stride = max(1, count // wanted) if wanted else 1
    return torch.arange(0, count, stride)
