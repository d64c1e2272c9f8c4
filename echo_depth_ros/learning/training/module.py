# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a step does, by kind of run, as Lightning modules."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Mapping
import math
import time
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import nn, Tensor

from echo_depth_ros.learning.distillation.objective import Objective
from echo_depth_ros.learning.losses import coarse, log_l1, material_entropy
from echo_depth_ros.learning.networks.student import EchoStudent
from echo_depth_ros.learning.networks.teacher import RgbTeacher
from echo_depth_ros.learning.training.average import averaged_copy, update_average
from echo_depth_ros.learning.training.batches import Batch
from echo_depth_ros.learning.training.checkpoint import RUN
from echo_depth_ros.learning.training.config import OptimizerConfig, TrainingConfig
from echo_depth_ros.learning.training.errors import TrainingError
from echo_depth_ros.learning.training.schedule import Constant, OneCycle
from echo_depth_ros.learning.training.zoo import sizes_of
from echo_depth_ros.perception.metrics import FigureMean

_NOISE = 3
"""Tag of the random numbers that a network itself draws, such as dropout."""


class RunModule(pl.LightningModule, ABC):
    """
    What all kinds share: the optimiser, the average of weights, validation, what is saved.

    :param network: to train.
    :param config: of the run.
    :param run: what the run is, plain types; saved along, and compared on resuming.
    :ivar step: optimiser steps done; the one thing that decides what comes next.
    :ivar average: the averaged network, which is validated and becomes the model.
    :ivar figures: of the last validation.
    :ivar best: the lowest score of a validation so far.
    :ivar terms: of the loss, since :meth:`take_terms` was last called.
    """

    score = 'rel'
    """The figure that decides which model is best, the lower the better."""

    def __init__(self, network: nn.Module, config: TrainingConfig,
                 run: Mapping[str, Any]) -> None:
        super().__init__()
        self.network, self.average = network, averaged_copy(network)
        self.config, self.run_state = config, dict(run)
        self.step = 0
        self.seconds = 0.0
        self.best = math.inf
        self.figures: dict[str, float] = {}
        self.terms: dict[str, list[float]] = defaultdict(list)
        self._began: float | None = None
        self._figures = FigureMean()
        self._right, self._pixels = 0.0, 0.0

    @abstractmethod
    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Terms of the loss; 'loss' is what is minimised."""

    def on_train_start(self) -> None:
        """Start the clock; keep the average out of training mode, which Lightning sets."""
        self._began = time.monotonic() - self.seconds
        self.average.eval()

    def on_train_epoch_start(self) -> None:
        """Lightning puts everything into training mode after each validation."""
        self.average.eval()

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Give what the network itself draws a seed of its own in each step."""
        seed = np.random.SeedSequence((self.run_state['seed'], _NOISE, self.step,
                                       self.global_rank)).generate_state(1)[0]
        torch.manual_seed(int(seed))

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Forward pass of one step."""
        terms = self.losses(batch)
        values = {name: float(value.detach()) for name, value in terms.items()}
        if not all(map(math.isfinite, values.values())):
            listed = ', '.join(f'{name} {value:.4g}' for name, value in values.items())
            raise TrainingError(
                f'step {self.step}: the loss is not finite ({listed}); lower optimizer.lr or set '
                'precision to 32-true; the last checkpoint is from before')
        for name, value in values.items():
            self.terms[name].append(value)
        return terms['loss']

    def take_terms(self) -> dict[str, float]:
        """Mean of each term since the last call."""
        means = {name: float(np.mean(values)) for name, values in self.terms.items() if values}
        self.terms.clear()
        return means

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW; weight decay for kernels and matrices, none for biases, norms, mean image."""
        trained = [(name, p) for name, p in self.named_parameters() if p.requires_grad]
        decays = {name: p.ndim > 1 and name.rpartition('.')[2] != 'place' for name, p in trained}
        groups = [{'params': [p for name, p in trained if decays[name]]},
                  {'params': [p for name, p in trained if not decays[name]], 'weight_decay': 0.0}]
        settings = self.config.optimizer
        return torch.optim.AdamW([g for g in groups if g['params']], lr=settings.lr,
                                 weight_decay=settings.weight_decay,
                                 # The fused one leaves 16-bit gradients scaled when they are
                                 # clipped.
                                 fused=self.run_state['precision'] != '16-mixed')

    def configure_gradient_clipping(self, optimizer: torch.optim.Optimizer,
                                    gradient_clip_val: float | None = None,
                                    gradient_clip_algorithm: str | None = None) -> None:
        """Scale all gradients down together where their norm is too large."""
        if self.config.optimizer.clip:
            parameters = [p for group in optimizer.param_groups for p in group['params']]
            nn.utils.clip_grad_norm_(parameters, self.config.optimizer.clip)

    def optimizer_step(self, epoch: int, batch_idx: int, optimizer: Any,
                       optimizer_closure: Any = None) -> None:
        """Step with the rate of this step, and average the weights."""
        rate = schedule(self.config.optimizer, self.config.steps).rate(self.step)
        for group in optimizer.param_groups:
            group['lr'] = rate
        super().optimizer_step(epoch, batch_idx, optimizer, optimizer_closure)
        self.step += 1
        update_average(self.average, self.network, self.step, self.config.ema)

    @property
    def elapsed(self) -> float:
        """Seconds of training, of interrupted runs too."""
        return self.seconds if self._began is None else time.monotonic() - self._began

    # ---- validation ----

    def on_validation_epoch_start(self) -> None:
        """Forget the last validation; let all ranks look through the same network."""
        if self.trainer.world_size > 1:  # batch norms have last counted each rank's own share
            for buffer in self.average.buffers():
                torch.distributed.broadcast(buffer, 0)
        self._figures = FigureMean()
        self._right, self._pixels = 0.0, 0.0

    def add_depth(self, predicted: Tensor, truth: Tensor) -> None:
        """Take depth images in, metres (B, 128, 128)."""
        for guess, image in zip(predicted.float().cpu().numpy(), truth.cpu().numpy()):
            self._figures.add(guess, image)

    def add_material(self, logits: Tensor, truth: Tensor) -> None:
        """Take material logits (B, classes, h, w) in; 0 is a class too."""
        target = coarse(truth, logits.shape[-1])
        self._right += float((logits.argmax(1) == target).sum())
        self._pixels += target.numel()

    def on_validation_epoch_end(self) -> None:
        """Average the figures over all images of all ranks."""
        mean, images = self._figures.mean, self._figures.images
        values = [getattr(mean, name) for name in ('rel', 'rmse', 'delta1')] if images else [0] * 3
        sums = torch.tensor([*(v * images for v in values), images, self._right, self._pixels],
                            dtype=torch.float64, device=self.device)
        if self.trainer.world_size > 1:
            sums = self.trainer.strategy.reduce(sums, reduce_op='sum')
        *depth, images, right, pixels = sums.tolist()
        self.figures = {}
        if images:
            self.figures.update(zip(('rel', 'rmse', 'delta1'), (v / images for v in depth)))
        if pixels:
            self.figures['material'] = right / pixels
        if self.trainer.world_size > 1:
            self.figures['rank_difference'] = self._rank_difference()

    def _rank_difference(self) -> float:
        """Largest difference between the ranks in any weight: 0, or they have come apart."""
        weights = torch.cat([p.detach().flatten() for network in (self.network, self.average)
                             for p in network.parameters()])
        most = self.trainer.strategy.reduce(weights.clone(), reduce_op='max')
        least = -self.trainer.strategy.reduce(-weights, reduce_op='max')
        return float((most - least).max())

    def outcome(self) -> float:
        """Score of the last validation, the lower the better; infinite where there is none."""
        value = self.figures.get(self.score, math.inf)
        return value if math.isfinite(value) else math.inf

    # ---- what is saved ----

    def about(self) -> dict[str, Any]:
        """Tell what a model file says of itself; plain types."""
        return {**self.run_state, 'step': self.step, 'best': self.best,
                'minutes': round(self.elapsed / 60, 2), 'figures': dict(self.figures)}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """
        Add the run's own state, and leave Lightning's place in its loops out.

        The number of steps says all about where a run stands, and batches follow from it.
        """
        checkpoint.pop('loops', None)
        checkpoint[RUN] = {'kind': self.config.kind, 'sizes': sizes_of(self.network),
                           'about': self.about(), 'best': self.best, 'step': self.step,
                           'seconds': self.elapsed, 'figures': dict(self.figures)}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the run's own state back."""
        state = checkpoint[RUN]
        self.step, self.seconds, self.best = state['step'], state['seconds'], state['best']
        self.figures = dict(state['figures'])


class DistillationModule(RunModule):
    """The student and its objective, equation 3."""

    def __init__(self, network: EchoStudent, config: TrainingConfig, run: Mapping[str, Any],
                 teachers: dict[str, int] | None = None) -> None:
        super().__init__(network, config, run)
        self.objective = Objective(config.distillation, network, teachers)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """See :class:`~echo_depth_ros.learning.distillation.objective.Objective`."""
        teacher = {name.removeprefix('teacher_'): value for name, value in batch.items()
                   if name.startswith('teacher_')}
        return self.objective(batch['waveform'], batch['depth'], batch.get('material'),
                              teacher or None, self.step / self.config.steps)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Depth, and material where the data has it."""
        heard = self.average.listen(batch['waveform'])
        self.add_depth(self.average.decode_depth(*heard)[0].exp(), batch['depth'])
        if 'material' in batch:
            self.add_material(self.average.decode_material(heard.embedding), batch['material'])


class BaselineModule(RunModule):
    """A baseline with the loss that was published for it."""

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """One term."""
        return {'loss': self.network.training_loss(batch['waveform'], batch['depth'])}

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Depth."""
        self.add_depth(self.average(batch['waveform']), batch['depth'])


class TeacherModule(RunModule):
    """A vision teacher: log-L1 for depth, cross-entropy at 32×32 for material."""

    def __init__(self, network: RgbTeacher, config: TrainingConfig,
                 run: Mapping[str, Any]) -> None:
        super().__init__(network, config, run)
        self.score = 'rel' if network.task == 'depth' else 'material_error'

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """One term."""
        answer = self.network(batch['rgb'])
        if self.network.task == 'depth':
            return {'loss': log_l1(answer, batch['depth'])}
        return {'loss': material_entropy(answer, batch['material'])}

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Depth or material."""
        answer = self.average(batch['rgb'])
        if self.network.task == 'depth':
            self.add_depth(answer.exp(), batch['depth'])
        else:
            self.add_material(answer, batch['material'])

    def outcome(self) -> float:
        """REL, or the share of materials that are wrong."""
        if self.score == 'rel':
            return super().outcome()
        return 1 - self.figures['material'] if 'material' in self.figures else math.inf


def schedule(settings: OptimizerConfig, steps: int) -> OneCycle | Constant:
    """Learning rate of each step."""
    if settings.schedule == 'constant':
        return Constant(settings.lr)
    return OneCycle(settings.lr, steps, settings.warm_up, settings.final)
