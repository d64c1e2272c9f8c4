# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
r"""
Train relative depth on films of a moving camera, without any truth (Monodepth2).

  on simulated drives:
    echo-depth simulate-drive data/drive
    echo-depth train-monodepth data/drive --out runs/monodepth

A network that tells depth and one that tells motion learn together to synthesise each frame from
its neighbours. Truth is used for the figures of validation only: neither the training nor the
choice of best.pt, which goes by the same loss on unseen rooms, sees any. Triples are chosen by
what odometry tells of the distance driven.

The same command goes on where a stopped run left off, with the same result as if it had not been
stopped. OUT then holds model.pt (the final average of weights), best.pt (the best on validation),
last.ckpt (to go on from) and log/.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from echo_depth_ros.learning.monodepth.config import KIND, load_monodepth_config
from echo_depth_ros.learning.monodepth.drives import open_drive
from echo_depth_ros.learning.monodepth.run import MonodepthRun
from echo_depth_ros.learning.training.arguments import (
    add_machine_arguments,
    add_run_arguments,
    announce,
    conclude,
    one_machine,
    set_threads,
)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument('data', type=Path, help='films of "echo-depth simulate-drive"')
    add_run_arguments(parser, KIND, 'small', 'small, tiny', 'steps=3000 or loss.auto_mask=false')
    add_machine_arguments(parser)


def main(args: Namespace) -> int:
    """
    Train, or go on training.

    :returns: 0.
    :raises EchoDepthError: the films, the configuration or the options are no good.
    """
    set_threads(args.threads)
    config = load_monodepth_config(args.config, args.overrides)
    train, val = (open_drive(args.data, split, config.triples, args.limit)
                  for split in ('train', 'val'))
    run = MonodepthRun(config, train, val, args.out, args.seed, machine=one_machine(args),
                       fresh=args.fresh, init=args.init)
    announce(run, 'relative depth, no truth', 'triples')
    print('figures of validation are with the median of the truth', flush=True)
    run.run()
    conclude(run)
    return 0
