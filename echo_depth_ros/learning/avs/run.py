# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A run of AVS-Net: the training engine with a step, batches and a network of its own."""

from torch import Tensor

from echo_depth_ros.learning.avs.batches import AvsBatches
from echo_depth_ros.learning.avs.checkpoint import load_avs
from echo_depth_ros.learning.avs.config import AvsConfig
from echo_depth_ros.learning.avs.loss import scale_invariant
from echo_depth_ros.learning.avs.network import AvsNet
from echo_depth_ros.learning.data import DatasetError
from echo_depth_ros.learning.training.batches import Batch
from echo_depth_ros.learning.training.engine import Run
from echo_depth_ros.learning.training.errors import TrainingError
from echo_depth_ros.learning.training.module import RunModule


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
    """One training run, see :class:`~echo_depth_ros.learning.training.engine.Run`."""

    config: AvsConfig
    val_batch = 32
    load = staticmethod(load_avs)

    def check_data(self) -> None:
        """Refuse data without colour."""
        if len(self.train_split) < 1 or len(self.val_split) < 1:
            raise TrainingError('training and validation split need at least one sample each')
        if self.train_split.rgb is None or self.val_split.rgb is None:
            raise DatasetError('AVS-Net needs colour images, but the data set has none; expected '
                               'one that "echo-depth inspect" lists rgb for')
        self.check_one_device()

    def build_network(self) -> AvsNet:
        """Make an AVS-Net."""
        return AvsNet(self.config.network)

    def build_module(self, network: AvsNet) -> AvsModule:
        """Make the module of equation 4."""
        return AvsModule(network, self.config, self.run_state)

    def batches(self) -> tuple[AvsBatches, AvsBatches]:
        """Return batches with windows where echoes are heard."""
        config, echoes = self.config, self.config.network.echo_branch
        return (AvsBatches(self.train_split, echoes,
                           config.augmentation if config.augmentation.enabled else None,
                           config.brightness, config.dark_share, config.narrow_share),
                AvsBatches(self.val_split, echoes))
