# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The training loop: steps, moving average of weights, validation, checkpoints."""

from collections.abc import Iterator
import copy
import csv
from dataclasses import asdict, dataclass, field
import os
from pathlib import Path
import time

import numpy as np
import torch
from torch import nn, Tensor
from tqdm import tqdm

from echo_depth_ros.learning.augment import Augmentation
from echo_depth_ros.learning.dataset import EchoSplit
from echo_depth_ros.learning.losses import depth_loss
from echo_depth_ros.learning.networks import EchoUNet, NetworkConfig
from echo_depth_ros.learning.schedule import OneCycle
from echo_depth_ros.perception.metrics import DepthFigures, FigureMean

LOG_FIELDS = ('epoch', 'step', 'minutes', 'rate', 'loss', 'rel', 'rmse', 'delta1', 'samples_s')


def has_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 natively, which doubles the speed of a step."""
    return bool(torch.backends.mkldnn.is_available() and torch.cpu._is_avx512_bf16_supported())


@dataclass
class TrainOptions:
    """
    What a run is made of; stored in its checkpoints.

    :ivar lr: peak learning rate of the one-cycle schedule.
    :ivar max_minutes: time budget, see :class:`~echo_depth_ros.learning.schedule.OneCycle`.
    :ivar gradient: weight of the slope term of the loss.
    :ivar ema: how much of the average of weights a step keeps.
    :ivar val_images: about how many images to validate on after each epoch.
    """

    epochs: int = 30
    batch: int = 64
    lr: float = 2e-3
    weight_decay: float = 0.02
    seed: int = 0
    max_minutes: float | None = None
    gradient: float = 0.0
    ema: float = 0.998
    val_images: int = 1000
    augment: bool = True
    network: NetworkConfig = field(default_factory=NetworkConfig)


class Trainer:
    """
    Trains one network on one split and keeps what is needed to go on after a kill.

    Randomness: weights come from ``seed``; the order of an epoch from (seed, epoch); the
    augmentation of a batch from (seed, step). So a resumed run draws what it would have drawn.

    :param options: see :class:`TrainOptions`.
    :param train: training split.
    :param val: validation split.
    :param out: folder for ``last.pt``, ``best.pt`` and ``log.csv``.
    """

    def __init__(self, options: TrainOptions, train: EchoSplit, val: EchoSplit,
                 out: Path) -> None:
        self.options, self.train_split, self.val_split, self.out = options, train, val, out
        self.bfloat16 = has_bfloat16()
        torch.manual_seed(options.seed)
        self.network = EchoUNet(options.network)
        self.network.set_mean_depth(train.mean_depth())
        if self.bfloat16:  # oneDNN is fast in this layout with bfloat16, and slow without
            self.network = self.network.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            self._groups(), lr=options.lr, weight_decay=options.weight_decay, fused=True)
        self.augmentation = Augmentation() if options.augment else None
        self.batch = min(options.batch, len(train))
        self.steps_per_epoch = len(train) // self.batch
        self.schedule = OneCycle(
            options.lr, options.epochs * self.steps_per_epoch,
            options.max_minutes * 60 if options.max_minutes else None)
        self.step = 0
        self.elapsed = 0.0
        self.best = float('inf')

    def _groups(self) -> list[dict]:
        """Weight decay for matrices and kernels, none for biases, norms and the mean image."""
        decayed = [p for n, p in self.network.named_parameters() if p.ndim > 1 and n != 'place']
        plain = [p for n, p in self.network.named_parameters() if p.ndim <= 1 or n == 'place']
        return [{'params': decayed}, {'params': plain, 'weight_decay': 0.0}]

    def run(self, save_every_minutes: float = 2.0) -> DepthFigures:
        """
        Train until the epochs or the minutes are over.

        :returns: the last validation figures.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        result = None
        bar = tqdm(total=100, initial=round(100 * self._progress()), unit='%', desc='train',
                   bar_format='{l_bar}{bar}| {elapsed}<{remaining} {postfix}')
        saved = time.monotonic()
        while self._progress() < 1:
            losses, seconds, samples = [], 0.0, 0
            for indices in self._rest_of_epoch():
                start = time.monotonic()
                losses.append(self._train_step(indices))
                spent = time.monotonic() - start
                self.elapsed += spent
                seconds, samples = seconds + spent, samples + len(indices)
                bar.n = min(100, round(100 * self._progress(), 1))
                bar.set_postfix_str(f'loss {np.mean(losses[-50:]):.3f} {samples / seconds:.0f}/s',
                                    refresh=False)
                bar.update(0)
                if time.monotonic() - saved > save_every_minutes * 60:
                    self.save(self.out / 'last.pt')
                    saved = time.monotonic()
                if self._progress() >= 1:
                    break
            start = time.monotonic()
            result = self.validate()
            self.elapsed += time.monotonic() - start
            self._log(bar, float(np.mean(losses)), samples / max(seconds, 1e-9), result)
            if result.rel < self.best:
                self.best = result.rel
                self.save(self.out / 'best.pt')
            self.save(self.out / 'last.pt')
            saved = time.monotonic()
        bar.close()
        return result if result is not None else self.validate()

    def _progress(self) -> float:
        return self.schedule.progress(self.step, self.elapsed)

    def _rest_of_epoch(self) -> Iterator[Tensor]:
        epoch, done = divmod(self.step, self.steps_per_epoch)
        generator = torch.Generator().manual_seed(self.options.seed * 1_000_003 + epoch)
        order = torch.randperm(len(self.train_split), generator=generator)
        for index in range(done, self.steps_per_epoch):
            yield order[index * self.batch:(index + 1) * self.batch]

    def _train_step(self, indices: Tensor) -> float:
        waveform, depth = self.train_split.batch(indices)
        if self.augmentation:
            seed = (self.options.seed << 32) + self.step
            waveform, depth = self.augmentation(
                waveform, depth, torch.Generator().manual_seed(seed))
        rate = self.schedule.rate(self._progress())
        for group in self.optimizer.param_groups:
            group['lr'] = rate
        self.network.train()
        with torch.autocast('cpu', torch.bfloat16, enabled=self.bfloat16):
            predicted = self.network.log_depth(waveform)
        loss = depth_loss(predicted, depth, self.options.gradient)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        self._update_average()
        return loss.item()

    @torch.no_grad()
    def _update_average(self) -> None:
        weight = 1 - min(self.options.ema, (1 + self.step) / (10 + self.step))
        averaged = list(self.average.parameters())
        torch._foreach_lerp_(averaged, list(self.network.parameters()), weight)
        for kept, new in zip(self.average.buffers(), self.network.buffers()):
            kept.lerp_(new, weight) if kept.is_floating_point() else kept.copy_(new)

    @torch.no_grad()
    def validate(self) -> DepthFigures:
        """Figures of the averaged network on evenly spread validation images, as they are."""
        self.average.eval()
        figures = FigureMean()
        stride = max(1, len(self.val_split) // self.options.val_images)
        for indices in torch.arange(0, len(self.val_split), stride).split(64):
            waveform, depth = self.val_split.batch(indices)
            with torch.autocast('cpu', torch.bfloat16, enabled=self.bfloat16):
                predicted = self.average(waveform)
            for guess, truth in zip(predicted.numpy(), depth.numpy()):
                figures.add(guess, truth)
        return figures.mean

    def _log(self, bar: tqdm, loss: float, speed: float, result: DepthFigures) -> None:
        epoch = -(-self.step // self.steps_per_epoch)
        bar.write(f'epoch {epoch:3d}  {self.elapsed / 60:5.1f} min  loss {loss:.4f}  '
                  f'val REL {result.rel:.4f}  RMSE {result.rmse:.3f} m  '
                  f'δ1 {result.delta1:.4f}  ({speed:.0f} samples/s)')
        path = self.out / 'log.csv'
        fresh = not path.exists()
        with path.open('a', newline='') as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(LOG_FIELDS)
            writer.writerow([epoch, self.step, f'{self.elapsed / 60:.2f}',
                             f'{self.schedule.rate(self._progress()):.2e}', f'{loss:.5f}',
                             f'{result.rel:.5f}', f'{result.rmse:.5f}',
                             f'{result.delta1:.5f}', f'{speed:.0f}'])

    def save(self, path: Path) -> None:
        """Write a checkpoint; a kill while writing leaves the old one whole."""
        options = asdict(self.options) | {'network': self.options.network.to_dict()}
        state = {
            'network': self.network.state_dict(), 'average': self.average.state_dict(),
            'optimizer': self.optimizer.state_dict(), 'options': options, 'step': self.step,
            'elapsed': self.elapsed, 'best': self.best, 'train_samples': len(self.train_split)}
        partial = path.with_suffix('.partial')
        torch.save(state, partial)
        os.replace(partial, path)

    def resume(self, path: Path) -> None:
        """
        Go on where :meth:`save` left off.

        :raises ValueError: when the checkpoint is of another network or another data size.
        """
        state = torch.load(path, weights_only=True)
        network = NetworkConfig.from_dict(state['options']['network'])
        if network != self.options.network:
            raise ValueError(f'{path} holds {network}, but the run is for {self.options.network}; '
                             'choose another --out')
        if state['train_samples'] != len(self.train_split):
            raise ValueError(
                f'{path} was trained on {state["train_samples"]} samples, but the data set has '
                f'{len(self.train_split)}; choose another --out or the same data')
        self.network.load_state_dict(state['network'])
        self.average.load_state_dict(state['average'])
        self.optimizer.load_state_dict(state['optimizer'])
        self.step, self.elapsed = state['step'], state['elapsed']
        self.best = state['best']


def load_network(path: Path | str) -> tuple[EchoUNet, dict]:
    """
    Averaged network of a checkpoint, ready to predict, and the checkpoint's other entries.

    :raises ValueError: when the file is no checkpoint of this package.
    """
    try:
        state = torch.load(path, weights_only=True)
        network = EchoUNet(NetworkConfig.from_dict(state['options']['network']))
        network.load_state_dict(state['average'])
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f'{path} is no checkpoint of "echo-depth train": {error}') from error
    return network.eval(), {k: state[k] for k in ('options', 'step', 'elapsed', 'best')}
