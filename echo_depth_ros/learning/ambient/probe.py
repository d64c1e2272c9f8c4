# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
r"""
What sound learns from sight: AV-Order and AV-Sync, judged by linear probes.

  echo-depth simulate-ambient data/av --images
  echo-depth probe-ambient data/av --task order --out runs/av_order

Prints AP and accuracy of the pretext task, then of linear probes on the frozen features for
obstacles and for relative order, beside those of a trunk with fresh weights.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

import torch

from echo_depth_ros.learning.ambient.networks import AmbientSizes, TRUNKS
from echo_depth_ros.learning.ambient.run import MODEL
from echo_depth_ros.learning.ambient.selfsupervised import (
    AudioVisual,
    judge,
    pretrain,
    probe,
    SelfSupervision,
    TASKS,
)
from echo_depth_ros.learning.ambient.simulated import open_simulated
from echo_depth_ros.learning.training.checkpoint import save_atomically
from echo_depth_ros.learning.training.sections import plain


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    how = SelfSupervision()
    parser.add_argument('data', type=Path, help='simulated ambient sound with images')
    parser.add_argument('--task', choices=TASKS, default='order', help='default: %(default)s')
    parser.add_argument('--trunk', choices=TRUNKS, default='small', help='default: %(default)s')
    parser.add_argument('--epochs', type=int, default=how.epochs, help='default: %(default)s')
    parser.add_argument('--lr', type=float, default=how.lr, help='default: %(default)s')
    parser.add_argument('--seed', type=int, default=0, help='of all that is random')
    parser.add_argument('--limit', type=int, help='use only so many rooms')
    parser.add_argument('--out', type=Path, help=f'folder to write the weights to, as {MODEL}')
    parser.add_argument('--threads', type=int, help='CPU threads (default: all)')


def main(args: Namespace) -> int:
    """Pretrain and probe; returns 0."""
    if args.threads:
        torch.set_num_threads(args.threads)
    train, test = (open_simulated(args.data, split, 'mono', images=True, limit=args.limit)
                   for split in ('train', 'test'))
    sizes = AmbientSizes(trunk=args.trunk, channels=train.channels)
    network = pretrain(args.task, train, sizes, args.seed,
                       SelfSupervision(epochs=args.epochs, lr=args.lr))
    _say(f'AV-{args.task} itself', judge(network, test))
    _say('probe of what it has learnt', probe(network.ear, train, test))
    fresh = pretrain(args.task, train, sizes, args.seed, SelfSupervision(epochs=0))
    _say('probe of fresh weights', probe(fresh.ear, train, test))
    if args.out:
        save(args.out / MODEL, network, sizes)
        print(f'{args.out / MODEL}')
    return 0


def save(path: Path, network: AudioVisual, sizes: AmbientSizes) -> None:
    """Write the weights and what they are."""
    save_atomically({'kind': f'av_{network.task}', 'config': plain(sizes),
                     'state': network.state_dict(), 'about': {}}, path)


def _say(what: str, found: dict[str, float]) -> None:
    print(f'{what}: ' + '  '.join(f'{name} {value:.1f}' for name, value in found.items()))
