# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""``echo-depth train``: a student from a simulated data set."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
import sys

import torch

from echo_depth_ros.learning.dataset import DatasetError, EchoSplit
from echo_depth_ros.learning.trainer import Trainer, TrainOptions


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    defaults = TrainOptions()
    parser.add_argument('data', type=Path, help='data set of "echo-depth simulate"')
    parser.add_argument('--out', type=Path, required=True, help='folder for checkpoints and log')
    parser.add_argument('--epochs', type=int, default=defaults.epochs)
    parser.add_argument('--batch', type=int, default=defaults.batch)
    parser.add_argument('--lr', type=float, default=defaults.lr, help='peak learning rate')
    parser.add_argument('--seed', type=int, default=defaults.seed)
    parser.add_argument('--threads', type=int, default=None, help='CPU threads (default: all)')
    parser.add_argument('--resume', action='store_true', help='go on from OUT/last.pt')
    parser.add_argument('--max-minutes', type=float, default=None,
                        help='finish the schedule in this time, even before the last epoch')
    parser.add_argument('--gradient', type=float, default=defaults.gradient,
                        help='weight of the slope term of the loss (default: %(default)s)')
    parser.add_argument('--limit', type=int, default=None, help='use only so many samples')


def main(args: Namespace) -> int:
    """
    Train, or go on training.

    :returns: 0, or 2 with the reason on stderr when the data or the options are no good.
    """
    if args.threads:
        torch.set_num_threads(args.threads)
    options = TrainOptions(epochs=args.epochs, batch=args.batch, lr=args.lr, seed=args.seed,
                           max_minutes=args.max_minutes, gradient=args.gradient)
    last = args.out / 'last.pt'
    try:
        if min(args.epochs, args.batch) < 1 or args.lr <= 0:
            raise ValueError('--epochs and --batch must be at least 1 and --lr above 0')
        if args.resume and not last.exists():
            raise ValueError(f'--resume, but there is no {last}; leave it out to start a run')
        if not args.resume and last.exists():
            raise ValueError(f'{last} exists; add --resume or choose another --out')
        train = EchoSplit.load(args.data, 'train', limit=args.limit)
        val = EchoSplit.load(args.data, 'val', limit=args.limit)
        trainer = Trainer(options, train, val, args.out)
        if args.resume:
            trainer.resume(last)
    except (DatasetError, ValueError) as error:
        print(f'echo-depth train: {error}', file=sys.stderr)
        return 2
    parameters = sum(p.numel() for p in trainer.network.parameters())
    print(f'{len(train)} training and {len(val)} validation samples; {parameters / 1e6:.2f} M '
          f'parameters; {torch.get_num_threads()} threads, '
          f'{"bfloat16" if trainer.bfloat16 else "float32"}')
    trainer.run()
    print(f'best validation REL {trainer.best:.4f}; export it with: '
          f'echo-depth export {args.out / "best.pt"} MODEL.onnx')
    return 0
