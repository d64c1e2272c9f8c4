# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What happens around the steps: progress, log lines, checkpoints."""

from pathlib import Path
import time
from typing import Any

from pytorch_lightning import Callback, Trainer
from pytorch_lightning.utilities import rank_zero_only
from tqdm import tqdm

from echo_depth_ros.learning.training.checkpoint import save_model
from echo_depth_ros.learning.training.module import RunModule

LAST, BEST, MODEL = 'last.ckpt', 'best.pt', 'model.pt'
"""Names of a run's files: to go on from, the best on validation, and the final model."""


class Progress(Callback):
    """
    A bar while training, a line after each validation, and a row of each in the log.

    :param every: steps between rows of training terms.
    """

    def __init__(self, every: int = 50) -> None:
        self.every = every
        self.bar: tqdm | None = None
        self._since, self._samples, self._idle = time.monotonic(), 0, 0.0
        self._validating = 0.0

    def on_train_start(self, trainer: Trainer, module: RunModule) -> None:
        """Open the bar where the run is."""
        if trainer.is_global_zero:
            self.bar = tqdm(total=module.config.steps, initial=module.step, unit='step',
                            desc=module.config.kind, dynamic_ncols=True, mininterval=1.0)
        self._restart()

    def on_train_batch_end(self, trainer: Trainer, module: RunModule, outputs: Any, batch: Any,
                           batch_idx: int) -> None:
        """Move the bar; log every now and then."""
        self._samples += len(next(iter(batch.values()))) * trainer.world_size
        if self.bar is not None:
            self.bar.update(1)
        if module.step % self.every == 0 or module.step == module.config.steps:
            self._log(trainer, module)

    def _log(self, trainer: Trainer, module: RunModule) -> None:
        terms = module.take_terms()
        if not terms:
            return
        rate = trainer.optimizers[0].param_groups[0]['lr']
        self._terms = terms
        if self.bar is not None:
            self.bar.set_postfix_str(f'loss {terms["loss"]:.3f} {self._speed():.0f} samples/s',
                                     refresh=False)
        trainer.logger.log_metrics(
            {'lr': rate, 'minutes': module.elapsed / 60, 'samples_s': self._speed()} | terms,
            step=module.step)

    def on_validation_start(self, trainer: Trainer, module: RunModule) -> None:
        """Stop the clock of the training speed."""
        self._validating = time.monotonic()

    def on_validation_end(self, trainer: Trainer, module: RunModule) -> None:
        """Print and log the figures."""
        self._idle += time.monotonic() - self._validating
        self._log(trainer, module)
        figures = module.figures
        words = {'rel': 'REL {:.4f}', 'rmse': 'RMSE {:.3f} m', 'delta1': 'δ1 {:.4f}',
                 'material': 'material {:.4f}', 'loss': 'loss {:.4f}'}
        shown = '  '.join(words[name].format(value) for name, value in figures.items()
                          if name in words)
        loss = getattr(self, '_terms', {}).get('loss', float('nan'))
        if self.bar is not None:
            self.bar.write(f'step {module.step:6d}  {module.elapsed / 60:6.1f} min  loss '
                           f'{loss:.4f}  val {shown}  ({self._speed():.0f} samples/s)')
        trainer.logger.log_metrics({f'val/{name}': value for name, value in
                                    {'minutes': module.elapsed / 60, **figures}.items()},
                                   step=module.step)
        self._restart()

    def on_train_end(self, trainer: Trainer, module: RunModule) -> None:
        """Close the bar."""
        if self.bar is not None:
            self.bar.close()

    def on_exception(self, trainer: Trainer, module: RunModule, exception: BaseException) -> None:
        """Close the bar, so that the error has a line of its own."""
        if self.bar is not None:
            self.bar.close()

    def _restart(self) -> None:
        self._since, self._samples, self._idle = time.monotonic(), 0, 0.0

    def _speed(self) -> float:
        return self._samples / max(time.monotonic() - self._since - self._idle, 1e-9)


class Keeper(Callback):
    """
    Writes checkpoints: after each validation, and every few minutes in between.

    :param out: folder of the run.
    :param minutes: between checkpoints, where validations are further apart.
    """

    CHECK_EVERY = 10
    """Steps between looks at the clock, which all processes must agree on."""

    def __init__(self, out: Path, minutes: float = 5.0) -> None:
        self.out, self.minutes = out, minutes
        self._saved = time.monotonic()

    def on_train_batch_end(self, trainer: Trainer, module: RunModule, outputs: Any, batch: Any,
                           batch_idx: int) -> None:
        """Save if it is time."""
        config = module.config
        # At these steps a validation follows, which must not be skipped by resuming behind it.
        if module.step % config.val_every == 0 or module.step == config.steps:
            return
        if module.step % self.CHECK_EVERY and self.minutes:
            return
        due = time.monotonic() - self._saved >= self.minutes * 60
        if trainer.world_size > 1:
            due = trainer.strategy.broadcast(due)
        if due:
            self._save(trainer)

    def on_validation_end(self, trainer: Trainer, module: RunModule) -> None:
        """Keep the best model, and where the run is."""
        if module.outcome() < module.best or not (self.out / BEST).exists():
            module.best = min(module.best, module.outcome())
            self._best(module)
        self._save(trainer)

    @rank_zero_only
    def _best(self, module: RunModule) -> None:
        save_model(self.out / BEST, module.config.kind, module.average, module.about())

    def _save(self, trainer: Trainer) -> None:
        trainer.save_checkpoint(self.out / LAST)
        self._saved = time.monotonic()
