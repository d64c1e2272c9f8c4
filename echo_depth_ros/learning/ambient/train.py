# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
r"""
Train a network that hears walls in ambient sound.

  the one that ships, on simulated rooms:
    echo-depth simulate-ambient data/ambient
    echo-depth train-ambient data/ambient --out runs/ambient

  the paper's network, VGGish on both ears' average:
    echo-depth train-ambient data/ambient --config vggish --out runs/vggish

  the paper's recordings, where you have them:
    echo-depth train-ambient SFS-Static --config vggish --out runs/static

OUT then holds model.pt, the network of the best validation, last.ckpt, and log/. After a kill the
same command goes on after the last whole epoch.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

import torch

from echo_depth_ros.learning.ambient.config import load_ambient_config
from echo_depth_ros.learning.ambient.layouts import open_clips
from echo_depth_ros.learning.ambient.run import AmbientRun, MODEL
from echo_depth_ros.learning.training.precision import quieten


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument('data', type=Path, help='data set: simulated, SFS-Static or SFS-Motion')
    parser.add_argument('--config', default='small', metavar='NAME',
                        help='YAML file, or the name of one in config/ambient: small, mono, '
                        'vggish (default: %(default)s)')
    parser.add_argument('--out', type=Path, required=True, help='folder of the run')
    parser.add_argument('--seed', type=int, default=0, help='of all that is random')
    parser.add_argument('--set', dest='overrides', action='append', default=[],
                        metavar='KEY=VALUE', help='replace one value of the configuration; may '
                        'be repeated')
    parser.add_argument('--task', choices=('obstacle', 'order'), default='obstacle',
                        help="which of the paper's lists to train on (default: %(default)s)")
    parser.add_argument('--limit', type=int, help='use only so many rooms')
    parser.add_argument('--accelerator', default='auto', help='cpu, gpu, … (default: %(default)s)')
    parser.add_argument('--fresh', action='store_true', help='start anew even if OUT holds a run')
    parser.add_argument('--threads', type=int, help='CPU threads (default: all)')


def main(args: Namespace) -> int:
    """
    Train.

    :returns: 0.
    :raises EchoDepthError: the data, the configuration or the options are no good.
    """
    if args.threads:
        torch.set_num_threads(args.threads)
    quieten()
    config = load_ambient_config(args.config, args.overrides)
    train, val = (open_clips(args.data, split, config.hear, config.near, args.task, args.limit)
                  for split in ('train', 'val'))
    run = AmbientRun(config, train, val, args.seed)
    weights = sum(p.numel() for p in run.network.parameters())
    print(f'{config.sizes.trunk}, hears {config.hear}: {len(train)} training and {len(val)} '
          f'validation samples; {weights / 1e6:.3f} M parameters', flush=True)
    run.run(args.out, args.accelerator, args.fresh)
    shown = '  '.join(f'{name} {value:.2f}' for name, value in run.best.items())
    print(f'{args.out / MODEL}: best validation: {shown}')
    return 0
