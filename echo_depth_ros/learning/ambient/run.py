# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A run on ambient sound, from its configuration to its model."""

from collections.abc import Mapping
import math
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader

from echo_depth_ros.learning.ambient.clips import AmbientClips
from echo_depth_ros.learning.ambient.config import AmbientConfig
from echo_depth_ros.learning.ambient.keeping import Keeper, LAST, resumable
from echo_depth_ros.learning.ambient.networks import AmbientNetwork, AmbientSizes, Statistics
from echo_depth_ros.learning.ambient.objective import figures, listen, losses
from echo_depth_ros.learning.training.checkpoint import (
    AtomicCheckpointIO,
    read_checkpoint,
    save_atomically,
)
from echo_depth_ros.learning.training.errors import CheckpointError, TrainingError
from echo_depth_ros.learning.training.logs import CsvLog
from echo_depth_ros.learning.training.schedule import OneCycle
from echo_depth_ros.learning.training.sections import plain

MODEL = 'model.pt'
_KIND = 'ambient'
_FITTED = 2000


class AmbientRun(pl.LightningModule):
    """
    One training run; the model of the best validation is kept.

    :param config: what to train.
    :param train: clips to train on.
    :param val: clips to validate on.
    :param seed: of everything that is random.
    :ivar best: figures of the best validation.
    :raises TrainingError: no obstacles, or nothing else, to train on.
    """

    def __init__(self, config: AmbientConfig, train: AmbientClips, val: AmbientClips,
                 seed: int = 0) -> None:
        super().__init__()
        pl.seed_everything(seed, verbose=False)
        self.config, self.train_clips, self.val_clips, self.seed = config, train, val, seed
        share = train.near.float().mean().item()
        if not 0 < share < 1 and config.obstacle:
            raise TrainingError(f'{share:.0%} of the training clips are of obstacles; expected '
                                'some that are and some that are not')
        sizes = AmbientSizes(**{**vars(config.sizes), 'channels': train.channels})
        self.network = AmbientNetwork(sizes)
        self.register_buffer('pos_weight', torch.tensor((1 - share) / share if share else 1.0))
        self._generator = Generator().manual_seed(seed)
        if isinstance(self.network.trunk, Statistics):
            some = torch.randperm(len(train), generator=self._generator)[:_FITTED]
            self.network.trunk.fit(self.network.trunk.statistics(train.pictures(some)))
        self.steps = math.ceil(len(train) / config.batch) * config.epochs
        self.best: dict[str, float] = {}
        self._best_state: dict[str, Tensor] = {}
        self._random: Tensor | None = None
        self.score = 'ap' if config.obstacle else 'order_ap' if config.order else 'r2'

    @property
    def what(self) -> dict[str, Any]:
        """Return what must be the same for a run to go on with the same result; plain types."""
        return {'config': self.config.to_dict(), 'seed': self.seed,
                'data': self.train_clips.name, 'train_samples': len(self.train_clips),
                'val_samples': len(self.val_clips)}

    def train_dataloader(self) -> DataLoader:
        """Numbers of samples, shuffled; what they sound like is looked up in the step."""
        return DataLoader(torch.arange(len(self.train_clips)), self.config.batch, shuffle=True,
                          generator=self._generator)

    def val_dataloader(self) -> DataLoader:
        """Return one batch that stands for the whole split."""
        return DataLoader(torch.zeros(1))

    def training_step(self, index: Tensor, number: int) -> Tensor | None:
        """Forward pass of one step."""
        if len(index) < 2:  # batch normalisation needs two
            return None
        terms = losses(self.network, self.train_clips, index.cpu(), self.config, self.pos_weight,
                       self._generator)
        loss = sum(getattr(self.config, name) * value for name, value in terms.items())
        if not torch.isfinite(loss):
            raise TrainingError(f'epoch {self.current_epoch}: the loss is not finite; lower '
                                'optimizer.lr')
        return loss

    def validation_step(self, _: Tensor, number: int) -> None:
        """Judge, and keep the network where it is the best so far."""
        heard = listen(self.network, self.val_clips, self.config.least_apart)
        found = figures(heard, self.val_clips, self.network.config.farthest)
        if self.logger:
            self.logger.log_metrics({f'val/{name}': value for name, value in found.items()},
                                    step=self.global_step)
        if not self.best or found[self.score] > self.best[self.score]:
            self.best = {**found, 'epoch': self.current_epoch + 1}
            self._best_state = {name: value.detach().clone()
                                for name, value in self.network.state_dict().items()}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW, or the authors' SGD."""
        settings = self.config.optimizer
        if settings.name == 'sgd':
            return torch.optim.SGD(self.network.parameters(), settings.lr, momentum=0.9,
                                   weight_decay=settings.weight_decay)
        return torch.optim.AdamW(self.network.parameters(), settings.lr,
                                 weight_decay=settings.weight_decay)

    def optimizer_step(self, epoch: int, batch_idx: int, optimizer: Any,
                       optimizer_closure: Any = None) -> None:
        """Step with the rate of this step."""
        settings = self.config.optimizer
        rate = OneCycle(settings.lr, self.steps, settings.warm_up).rate(self.global_step)
        for group in optimizer.param_groups:
            group['lr'] = rate
        super().optimizer_step(epoch, batch_idx, optimizer, optimizer_closure)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what Lightning does not know: the best network, and where all that is random is."""
        checkpoint[_KIND] = {
            'what': self.what, 'best': self.best, 'best_state': self._best_state,
            'samples': self._generator.get_state(), 'random': torch.get_rng_state()}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take it back."""
        kept = checkpoint[_KIND]
        self.best, self._best_state = kept['best'], kept['best_state']
        self._generator.set_state(kept['samples'])
        self._random = kept['random']

    def on_train_start(self) -> None:
        """Draw on where the earlier run stopped, whatever has been drawn since."""
        if self._random is not None:
            torch.set_rng_state(self._random)

    def run(self, out: Path | None = None, accelerator: str = 'cpu',
            fresh: bool = False) -> AmbientNetwork:
        """
        Train, and write ``model.pt``, ``last.ckpt`` and ``log/`` where a folder is given.

        A run that was stopped goes on after its last whole epoch, and ends as if it had not been
        stopped.

        :param fresh: start anew even if ``out`` holds a run.
        :returns: the network of the best validation.
        :raises CheckpointError: ``out`` holds another run.
        """
        step = resumable(out / LAST, _KIND, self.what) if out and not fresh else None
        trainer = pl.Trainer(
            max_epochs=self.config.epochs, accelerator=accelerator, devices=1,
            precision=self.config.precision, logger=CsvLog(out / 'log', step or 0) if out
            else False, callbacks=[Keeper(out)] if out else [], plugins=[AtomicCheckpointIO()],
            enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
            num_sanity_val_steps=0, default_root_dir=out)
        trainer.fit(self, ckpt_path=None if step is None else out / LAST)
        self.network.load_state_dict(self._best_state)
        self.network.cpu().eval()
        if out:
            save_network(out / MODEL, self.network, _about(self.what, self.best))
        return self.network


def _about(what: Mapping[str, Any], best: Mapping[str, float]) -> dict[str, Any]:
    return {'run': what['config'], 'hear': what['config']['hear'], 'seed': what['seed'],
            'data': what['data'], 'samples': what['train_samples'], 'figures': dict(best)}


def _best_of(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``model.pt`` would hold if the run ended here."""
    run = kept['what']['config']
    channels = 2 if run['hear'] == 'ears' else 1
    return {'kind': _KIND, 'config': {**run['sizes'], 'channels': channels},
            'state': kept['best_state'], 'about': _about(kept['what'], kept['best'])}


def save_network(path: Path, network: AmbientNetwork, about: Mapping[str, Any]) -> None:
    """Write weights, sizes and what is known about them; plain types only."""
    state = {name: value.detach().cpu().contiguous().clone()
             for name, value in network.state_dict().items()}
    save_atomically({'kind': _KIND, 'config': plain(network.config), 'state': state,
                     'about': plain(about)}, path)


def load_network(path: Path) -> tuple[AmbientNetwork, dict[str, Any]]:
    """
    Read what :func:`save_network` wrote, or the best so far from the checkpoint of a run.

    :returns: the network, ready to predict, and what is known about it.
    :raises CheckpointError: another file.
    :raises FileNotFoundError: no such file.
    """
    state = read_checkpoint(path)
    try:
        if _KIND in state:
            state = _best_of(state[_KIND])
        if state['kind'] != _KIND:
            raise CheckpointError(f'it is of kind {state["kind"]}')
        network = AmbientNetwork(AmbientSizes.from_dict(state['config']))
        network.load_state_dict(state['state'])
        return network.eval(), dict(state['about'])
    except (CheckpointError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).partition('\n')[0]
        raise CheckpointError(f'{path} is no model of "echo-depth train-ambient": {reason}'
                              ) from error
