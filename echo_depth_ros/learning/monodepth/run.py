# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A run on films: the training engine with a step, batches and networks of its own."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from echo_depth_ros.learning.monodepth.batches import TripleBatches
from echo_depth_ros.learning.monodepth.checkpoint import load_monodepth
from echo_depth_ros.learning.monodepth.config import MonodepthConfig
from echo_depth_ros.learning.monodepth.drives import DriveSplit
from echo_depth_ros.learning.monodepth.network import Monodepth
from echo_depth_ros.learning.monodepth.objective import Objective
from echo_depth_ros.learning.monodepth.warp import Intrinsics
from echo_depth_ros.learning.training.batches import Batch
from echo_depth_ros.learning.training.engine import Run
from echo_depth_ros.learning.training.errors import TrainingError
from echo_depth_ros.learning.training.module import RunModule


class MonodepthModule(RunModule):
    """DepthNet, PoseNet and equation 6; which step is best is told by equation 6, too."""

    network: Monodepth
    average: Monodepth
    score = 'loss'

    def __init__(self, network: Monodepth, config: MonodepthConfig, run: Mapping[str, Any],
                 camera: Intrinsics) -> None:
        super().__init__(network, config, run)
        self.objective = Objective(camera, network.config.image, config.loss)
        self._unseen: list[tuple[float, int]] = []

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Equation 6; no truth is looked at."""
        return self.objective(batch['frames'], self.network(batch['seen']))

    def on_validation_epoch_start(self) -> None:
        """Forget the last validation."""
        super().on_validation_epoch_start()
        self._unseen = []

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Equation 6 of unseen rooms; and depth, scaled by the truth's median as is usual."""
        estimated = self.average(batch['seen'])
        loss = self.objective(batch['frames'], estimated)['loss']
        self._unseen.append((float(loss), len(batch['frames'])))
        depth = 1 / estimated.disparities[0][:, 0].float()
        self.add_depth(median_scaled(depth, batch['depth']), batch['depth'])

    def on_validation_epoch_end(self) -> None:
        """Average over all triples."""
        super().on_validation_epoch_end()
        count = sum(images for _, images in self._unseen)
        if count:
            self.figures['loss'] = sum(loss * images for loss, images in self._unseen) / count


def median_scaled(relative: Tensor, truth: Tensor) -> Tensor:
    """
    Give each relative depth image the median of its truth, over pixels that have one.

    :param relative: (N, H, W), above 0.
    :param truth: (N, H, W) metres, 0 = hole.
    :returns: (N, H, W) metres; as it was where there is no truth.
    """
    scaled = relative.clone()
    for image, depth, known in zip(scaled, truth, truth > 0):
        if known.any():
            image *= depth[known].median() / image[known].median()
    return scaled


class MonodepthRun(Run):
    """
    One training run, new or resumed; see :class:`~echo_depth_ros.learning.training.engine.Run`.

    :raises TrainingError: the films do not fit the network.
    """

    config: MonodepthConfig
    val_batch = 12
    load = staticmethod(load_monodepth)
    train_split: DriveSplit
    val_split: DriveSplit

    def check_data(self) -> None:
        """Refuse films of other cameras or sizes."""
        for split in (self.train_split, self.val_split):
            if split.size != tuple(self.config.network.image):
                raise TrainingError(
                    f'frames are of {split.size[0]}×{split.size[1]} pixels, but network.image is '
                    f'{list(self.config.network.image)}; set it to {list(split.size)}')
        if self.train_split.camera != self.val_split.camera:
            raise TrainingError('training and validation films are of different cameras')
        self.check_one_device()

    def build_network(self) -> Monodepth:
        """Make DepthNet and PoseNet."""
        return Monodepth(self.config.network)

    def build_module(self, network: Monodepth) -> MonodepthModule:
        """Make the module of equation 6."""
        return MonodepthModule(network, self.config, self.run_state, self.train_split.camera)

    def batches(self) -> tuple[TripleBatches, TripleBatches]:
        """Return batches of triples; those of validation come with truth, for its figures."""
        return (TripleBatches(self.train_split, self.config.augmentation),
                TripleBatches(self.val_split, truth=True))
