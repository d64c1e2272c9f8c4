# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Options that all commands share which train with :class:`~.engine.Run`."""

from argparse import ArgumentParser, Namespace
import os
from pathlib import Path

import torch

from echo_depth_ros.learning.training.engine import Machine, Run
from echo_depth_ros.learning.training.errors import TrainingError
from echo_depth_ros.learning.training.logs import LOGGERS


def add_run_arguments(parser: ArgumentParser, folder: str, default: str, names: str,
                      settings: str) -> None:
    """
    Declare what a run needs besides its data, which is the first argument.

    :param folder: of ``config`` where its configurations lie.
    :param default: configuration, by name.
    :param names: of all that come along.
    :param settings: an example of two for --set.
    """
    parser.add_argument('--config', default=default, metavar='NAME',
                        help=f'YAML file, or the name of one in config/{folder}: {names} '
                        '(default: %(default)s)')
    parser.add_argument('--out', type=Path, required=True, help='folder of the run')
    parser.add_argument('--seed', type=int, default=0, help='of all that is random')
    parser.add_argument('--set', dest='overrides', action='append', default=[],
                        metavar='KEY=VALUE', help='replace one value of the configuration, such '
                        f'as {settings}; may be repeated')
    parser.add_argument('--fresh', action='store_true',
                        help='start anew, even if OUT holds a run: its files are removed')
    parser.add_argument('--init', type=Path, metavar='MODEL.pt',
                        help='start from the weights of an earlier model of the same kind and '
                        'sizes, such as to tune it to your own robot')
    parser.add_argument('--limit', type=int, default=None, help='use only so many samples')


def add_machine_arguments(parser: ArgumentParser) -> None:
    """Declare where a run takes place."""
    machine = Machine()
    parser.add_argument('--accelerator', default=machine.accelerator,
                        help='cpu, gpu, … (default: %(default)s)')
    parser.add_argument('--threads', type=int, default=None,
                        help='CPU threads of each process (default: all)')
    parser.add_argument('--logger', choices=LOGGERS, default=machine.logger,
                        help='default: %(default)s')
    parser.add_argument('--save-minutes', type=float, default=machine.save_minutes,
                        help='between checkpoints, besides those after validations '
                        '(default: %(default)s)')


def one_machine(args: Namespace) -> Machine:
    """Make the machine of a run that takes one process."""
    return Machine(args.accelerator, logger=args.logger, save_minutes=args.save_minutes)


def set_threads(threads: int | None) -> None:
    """
    Let torch, here and in processes to come, use that many threads; None leaves it as it is.

    :raises TrainingError: fewer than one.
    """
    if threads is None:
        return
    if threads < 1:
        raise TrainingError(f'--threads is {threads}; expected 1 or more')
    # The processes that a strategy starts inherit this, and Lightning then leaves it alone.
    os.environ['OMP_NUM_THREADS'] = str(threads)
    torch.set_num_threads(threads)


def announce(run: Run, what: str, samples: str = 'samples') -> None:
    """Say what is about to be trained."""
    going_on = f'; going on from step {run.done_steps}' if run.done_steps else ''
    print(f'{what}: {len(run.train_split)} training and {len(run.val_split)} validation '
          f'{samples}; {run.run_state["parameters"] / 1e6:.2f} M parameters; '
          f'{torch.get_num_threads()} threads, {run.precision}{going_on}', flush=True)


def conclude(run: Run) -> None:
    """Say what was trained, and where it lies."""
    module = run.module
    print(f'{run.out / "model.pt"}: {run.config.steps} steps, best validation {module.score} '
          f'{module.best:.4f}')
