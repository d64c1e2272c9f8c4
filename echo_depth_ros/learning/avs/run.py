# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A run of AVS-Net: the training engine with a step, batches and a network of its own."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader

from echo_depth_ros.learning.avs.batches import AvsBatches
from echo_depth_ros.learning.avs.checkpoint import load_avs
from echo_depth_ros.learning.avs.config import AvsConfig
from echo_depth_ros.learning.avs.loss import scale_invariant
from echo_depth_ros.learning.avs.network import AvsNet
from echo_depth_ros.learning.data import DatasetError
from echo_depth_ros.learning.training.batches import Batch
from echo_depth_ros.learning.training.engine import Run
from echo_depth_ros.learning.training.errors import CheckpointError, TrainingError
from echo_depth_ros.learning.training.module import RunModule
from echo_depth_ros.learning.training.sampler import BatchPlan, spread, StepStream

_VAL_BATCH = 32


class AvsModule(RunModule):
    """AVS-Net and equation 4."""

    network: AvsNet

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """One term."""
        depth = self.network(batch['rgb'], batch.get('waveform'))
        return {'loss': scale_invariant(depth, batch['depth'], self.network.config.depth_max,
                                        self.config.loss)}

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Depth."""
        self.add_depth(self.average(batch['rgb'], batch.get('waveform')), batch['depth'])


class AvsRun(Run):
    """
    One training run, new or resumed; see :class:`~echo_depth_ros.learning.training.engine.Run`.

    It takes one process: a step over several would have to know which parts have no gradient.
    """

    config: AvsConfig

    def _check_data(self) -> None:
        if len(self.train_split) < 1 or len(self.val_split) < 1:
            raise TrainingError('training and validation split need at least one sample each')
        if self.train_split.rgb is None or self.val_split.rgb is None:
            raise DatasetError('AVS-Net needs colour images, but the data set has none; expected '
                               'one that "echo-depth inspect" lists rgb for')
        if self.machine.devices not in (1, '1', 'auto'):
            raise TrainingError(f'devices is {self.machine.devices}; AVS-Net trains on 1')

    def _build(self, init: Path | None) -> AvsModule:
        pl.seed_everything(self.seed, verbose=False)
        network = AvsNet(self.config.network)
        if init:
            earlier, _ = load_avs(init)
            if earlier.config != network.config:
                raise CheckpointError(f'{init} is of {earlier.config}, but the run is for '
                                      f'{network.config}; expected the same sizes')
            network.load_state_dict(earlier.state_dict())
        if self.precision != '32-true':  # fast in this layout with halves, slow without
            network = network.to(memory_format=torch.channels_last)
        self.run_state['parameters'] = sum(p.numel() for p in network.parameters())
        return AvsModule(network, self.config, self.run_state)

    def _loaders(self, rank: int, world: int) -> tuple[DataLoader, DataLoader]:
        config = self.config
        echoes = config.network.echo_branch
        load = AvsBatches(self.train_split, echoes,
                          config.augmentation if config.augmentation.enabled else None,
                          config.brightness, config.dark_share)
        plan = BatchPlan(len(self.train_split), config.batch, self.seed, rank, world)
        stream = StepStream(plan, load, lambda: self.module.step, config.val_every, config.steps)
        shown = spread(len(self.val_split), config.val_images)[rank::world]
        batches = _Shown(shown.split(_VAL_BATCH), AvsBatches(self.val_split, echoes))
        return (DataLoader(stream, batch_size=None), DataLoader(batches, batch_size=None))


class _Shown:
    """Validation batches, by number."""

    def __init__(self, parts: tuple[Tensor, ...], load: AvsBatches) -> None:
        self.parts, self.load = parts, load

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, index: int) -> Any:
        return self.load(self.parts[index], Generator())
