# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A run from its configuration to its model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
import shutil
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.strategies import DDPStrategy
from pytorch_lightning.utilities import rank_zero_only
import torch
from torch import Generator, nn
from torch.utils.data import DataLoader

from echo_depth_ros.learning.data import DatasetError, EchoSplit
from echo_depth_ros.learning.distillation.teachers import open_teacher
from echo_depth_ros.learning.networks.student import EchoStudent
from echo_depth_ros.learning.training.batches import Batch, EchoBatches, RgbBatches
from echo_depth_ros.learning.training.callbacks import BEST, Keeper, LAST, MODEL, Progress
from echo_depth_ros.learning.training.checkpoint import (
    AtomicCheckpointIO,
    digest,
    Load,
    load_model,
    read_checkpoint,
    RUN,
    save_model,
    start_from,
)
from echo_depth_ros.learning.training.config import TrainingConfig
from echo_depth_ros.learning.training.errors import CheckpointError, TrainingError
from echo_depth_ros.learning.training.logs import open_logger
from echo_depth_ros.learning.training.module import (
    BaselineModule,
    DistillationModule,
    RunModule,
    TeacherModule,
)
from echo_depth_ros.learning.training.precision import chosen_precision, quieten
from echo_depth_ros.learning.training.sampler import BatchPlan, spread, StepStream
from echo_depth_ros.learning.training.sections import flat
from echo_depth_ros.learning.training.teacher_bank import fingerprint, open_bank, TeacherBank
from echo_depth_ros.learning.training.zoo import build_network, TEACHERS

TrainBatches = ShownBatches = Callable[[torch.Tensor, Generator], Batch]
"""From indices of samples, and chance, to a batch."""
_COMPARED = ('seed', 'config', 'train_samples', 'val_samples', 'teachers', 'init', 'precision')
"""What must be the same for a run to go on with the same result."""


@dataclass(frozen=True)
class Machine:
    """
    Where a run takes place; handed to Lightning's Trainer as it is.

    :ivar save_minutes: between checkpoints, besides those of validations.
    """

    accelerator: str = 'auto'
    devices: int | str = 1
    num_nodes: int = 1
    strategy: str = 'auto'
    logger: str = 'csv'
    save_minutes: float = 5.0


class Run:
    """
    One training run, new or resumed.

    Runs of other networks derive from it: they say what data they need, and make network, module
    and batches.


    :param config: what to train.
    :param train: split to train on.
    :param val: split to validate on.
    :param out: folder for ``last.ckpt``, ``best.pt``, ``model.pt`` and ``log/``.
    :param seed: of everything that is random.
    :param teachers: frozen teachers by task ('depth', 'material'), see ``open_teacher``.
    :param bank: folder for what the teachers see.
    :param machine: where it takes place.
    :param fresh: start anew even if ``out`` holds a run.
    :param init: model of the same kind and sizes to start from instead of chance.
    :raises TrainingError: the data lacks what the run needs, or a teacher is missing.
    :raises CheckpointError: ``out`` holds another run.
    """

    val_batch = 64
    """Samples that are validated at a time."""
    load: Load = staticmethod(load_model)
    """What reads the model of ``init``."""

    def __init__(self, config: TrainingConfig, train: EchoSplit, val: EchoSplit, out: Path,
                 seed: int = 0, teachers: dict[str, str] | None = None,
                 bank: Path | None = None, machine: Machine = Machine(),
                 fresh: bool = False, init: Path | None = None) -> None:
        if seed < 0:
            raise TrainingError(f'seed is {seed}; expected 0 or more')
        self.config, self.train_split, self.val_split = config, train, val
        self.out, self.seed, self.machine = out, seed, machine
        self.precision = chosen_precision(config.precision, machine.accelerator)
        self.check_data()
        quieten()
        pl.seed_everything(seed, verbose=False)
        self.banks, prints = self._open_banks(teachers or {}, bank or out / 'teachers')
        self.run_state = {
            'seed': seed, 'config': config.to_dict(), 'train_samples': len(train),
            'val_samples': len(val), 'teachers': prints, 'init': digest(init) if init else None,
            'precision': self.precision,
            'torch': str(torch.__version__)}
        if fresh:
            self._forget()
        self.done_steps = 0 if fresh else self._resumable()
        self.module = self._build(init)

    # ---- what it is made of ----

    def check_data(self) -> None:
        """Refuse data that lack what the run needs; see the class for what is raised."""
        config, split = self.config, self.train_split
        if len(split) < 1 or len(self.val_split) < 1:
            raise TrainingError('training and validation split need at least one sample each')
        if config.kind in TEACHERS or config.needs_teachers:
            if split.rgb is None:
                raise DatasetError(f'kind {config.kind} needs colour images, but the data set has '
                                   'none; use --config no_distillation, or data with rgb')
        if config.kind == 'teacher_material' and split.material is None:
            raise DatasetError('kind teacher_material needs material images, but the data set has '
                               'none; only simulated rooms do')

    def check_one_device(self) -> None:
        """
        Refuse several: a step over them would have to know which parts have no gradient.

        :raises TrainingError: more than one is asked for.
        """
        if self.machine.devices not in (1, '1', 'auto'):
            raise TrainingError(f'devices is {self.machine.devices}; kind {self.config.kind} '
                                'trains on 1')

    def _open_banks(self, teachers: dict[str, str],
                    folder: Path) -> tuple[dict[str, TeacherBank], dict[str, str]]:
        if not self.config.needs_teachers:
            return {}, {}
        if not teachers:
            raise TrainingError(
                'compose or contrast is on, but there is no teacher; name one with '
                '--teacher-depth and/or --teacher-material (make them with '
                '"echo-depth train DATA --config teacher_depth --out runs/teacher_depth"), or '
                'use --config no_distillation')
        banks, prints = {}, {}
        for task, name in sorted(teachers.items()):
            teacher = open_teacher(name)
            prints[task] = fingerprint(teacher, name, self.train_split)
            banks[task] = open_bank(folder, teacher, name, self.train_split,
                                    bfloat16=self.precision == 'bf16-mixed')
        return banks, prints

    def build_network(self) -> nn.Module:
        """Make the network that is trained, with fresh weights."""
        config = self.config
        sizes = {'student': config.student, 'teacher_depth': config.teacher,
                 'teacher_material': config.teacher}.get(config.kind)
        network = build_network(config.kind, vars(sizes) if sizes else {})
        if isinstance(network, EchoStudent):
            network.set_mean_depth(self.train_split.mean_depth())
        return network

    def build_module(self, network: nn.Module) -> RunModule:
        """Make the module whose steps train the network."""
        config = self.config
        if config.kind == 'student':
            channels = {task: bank.channels for task, bank in self.banks.items()}
            return DistillationModule(network, config, self.run_state, channels)
        if config.kind in TEACHERS:
            return TeacherModule(network, config, self.run_state)
        return BaselineModule(network, config, self.run_state)

    def batches(self) -> tuple[TrainBatches, ShownBatches]:
        """Return what makes the batches of training, and of validation."""
        config = self.config
        if config.kind in TEACHERS:
            task = TEACHERS[config.kind]
            return (RgbBatches(self.train_split, task, config.augmentation.enabled),
                    RgbBatches(self.val_split, task))
        return (EchoBatches(self.train_split,
                            config.augmentation if config.augmentation.enabled else None,
                            self._uses_material, self.banks),
                EchoBatches(self.val_split, None,
                            self._uses_material and self.val_split.material is not None))

    def _build(self, init: Path | None) -> RunModule:
        pl.seed_everything(self.seed, verbose=False)
        network = self.build_network()
        if init:
            start_from(network, init, self.load)
        if self.precision != '32-true':  # fast in this layout with halves, slow without
            network = network.to(memory_format=torch.channels_last)
        self.run_state['parameters'] = sum(p.numel() for p in network.parameters())
        return self.build_module(network)

    @property
    def _uses_material(self) -> bool:
        return (self.config.kind == 'student' and self.train_split.material is not None
                and self.config.distillation.lambda_material > 0)

    def _loaders(self, rank: int, world: int) -> tuple[DataLoader, DataLoader]:
        config = self.config
        load, show = self.batches()
        plan = BatchPlan(len(self.train_split), config.batch, self.seed, rank, world)
        stream = StepStream(plan, load, lambda: self.module.step, config.val_every, config.steps)
        shown = spread(len(self.val_split), config.val_images)[rank::world]
        batches = _Shown([part for part in shown.split(self.val_batch) if len(part)], show)
        return (DataLoader(stream, batch_size=None), DataLoader(batches, batch_size=None))

    # ---- resuming ----

    @rank_zero_only
    def _forget(self) -> None:
        for name in (LAST, BEST, MODEL):
            (self.out / name).unlink(missing_ok=True)
        shutil.rmtree(self.out / 'log', ignore_errors=True)

    @rank_zero_only
    def _sweep(self) -> None:
        """Make the folder, and remove what a kill while writing has left in it."""
        self.out.mkdir(parents=True, exist_ok=True)
        for path in self.out.glob('.*.partial'):
            path.unlink(missing_ok=True)

    def _resumable(self) -> int:
        """Count the steps that are done in ``out``; 0 where there is no run."""
        path = self.out / LAST
        if not path.is_file():
            return 0
        state = read_checkpoint(path)
        if RUN not in state:
            raise CheckpointError(f'{path} is no checkpoint of "echo-depth train"; choose another '
                                  '--out')
        there = {name: state[RUN]['about'].get(name) for name in _COMPARED}
        here = {name: self.run_state[name] for name in _COMPARED}
        there, here = flat(there), flat(here)
        different = [f'{name.removeprefix("config.")} was {there.get(name)}, now {here.get(name)}'
                     for name in {**there, **here} if there.get(name) != here.get(name)]
        if different:
            raise CheckpointError(
                f'{path} is of another run: {"; ".join(different)}; choose another --out, the '
                'same settings and data to go on, or --fresh to start anew')
        return state[RUN]['step']

    # ---- running ----

    def run(self) -> RunModule:
        """
        Train to the last step, and write ``model.pt``.

        :returns: the module, with its last figures.
        """
        config, module = self.config, self.module
        self._sweep()
        trainer = self._trainer()
        checkpoint = self.out / LAST if self.done_steps else None
        loaders = _Loaders(self._loaders)
        trainer.fit(module, datamodule=loaders, ckpt_path=checkpoint)
        if module.step < config.steps:
            if self.done_steps < config.steps:
                raise TrainingError(f'training stopped at step {module.step} of {config.steps}; '
                                    'run the same command again to go on')
            state = read_checkpoint(checkpoint)
            module.load_state_dict(state['state_dict'])
            module.on_load_checkpoint(state)
        if trainer.is_global_zero:
            module.cpu()
            save_model(self.out / MODEL, config.kind, module.average, module.about())
        return module

    def _trainer(self) -> pl.Trainer:
        config, machine = self.config, self.machine
        left = -(-config.steps // config.val_every) - self.done_steps // config.val_every
        if self.done_steps >= config.steps:
            left = 0
        strategy: Any = machine.strategy
        if strategy == 'ddp' or strategy == 'auto' and machine.devices not in (1, '1', 'auto'):
            # Parts that have no loss must be looked for: heads without data, and the composition
            # once it has faded out.
            whole = (config.distillation.lambda_scale > 0 and self._uses_material
                     and not config.distillation.compose)
            strategy = DDPStrategy(find_unused_parameters=config.kind == 'student' and not whole)
        # Freshly allocated memory need not be filled: nothing here reads it before writing.
        torch.utils.deterministic.fill_uninitialized_memory = False
        return pl.Trainer(
            accelerator=machine.accelerator, devices=machine.devices,
            num_nodes=machine.num_nodes, strategy=strategy, precision=self.precision,
            max_epochs=left, deterministic='warn', default_root_dir=self.out,
            logger=open_logger(machine.logger, self.out / 'log', self.done_steps),
            callbacks=[Progress(min(50, config.val_every)),
                       Keeper(self.out, machine.save_minutes)],
            plugins=[AtomicCheckpointIO()], enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=0,
            use_distributed_sampler=False)


class _Shown:
    """Validation batches, by number."""

    def __init__(self, parts: list[torch.Tensor], load: Any) -> None:
        self.parts, self.load = parts, load

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, index: int) -> Any:
        return self.load(self.parts[index], Generator())


class _Loaders(pl.LightningDataModule):
    """Loaders for this rank, made once Lightning knows which one it is."""

    def __init__(self, make: Any) -> None:
        super().__init__()
        self._make = make

    def train_dataloader(self) -> DataLoader:
        """Batches up to the next validation."""
        return self._make(self.trainer.global_rank, self.trainer.world_size)[0]

    def val_dataloader(self) -> DataLoader:
        """Return this rank's share of the validation images."""
        return self._make(self.trainer.global_rank, self.trainer.world_size)[1]
