# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
r"""
Train AVS-Net: metric depth from a colour image and the echoes heard with it.

  the one that is small enough for a robot's CPU, and the baseline that hears nothing:
    echo-depth train-avs data/rooms --out runs/avs
    echo-depth train-avs data/rooms --config only_rgb --out runs/only_rgb

  on a visual backbone of Hugging Face, as the paper does:
    echo-depth train-avs BV2 --config midas --out runs/midas
    echo-depth train-avs BV2 --config midas --out runs/zoe \
      --set network.visual=hf:Intel/zoedepth-nyu

The same command goes on where a stopped run left off, with the same result as if it had not been
stopped. OUT then holds model.pt (the final average of weights), best.pt (the best on validation),
last.ckpt (to go on from) and log/.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from echo_depth_ros.learning.avs.config import KIND, load_avs_config
from echo_depth_ros.learning.avs.run import AvsRun
from echo_depth_ros.learning.data import open_split
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
    parser.add_argument('data', type=Path, help='data set with colour images: simulated, '
                        'BatVision 1 or 2, or your own recordings')
    add_run_arguments(parser, KIND, 'small', 'small, only_rgb, midas, tiny',
                      'steps=3000 or network.visual=hf:NAME')
    add_machine_arguments(parser)


def main(args: Namespace) -> int:
    """
    Train, or go on training.

    :returns: 0.
    :raises EchoDepthError: the data, the configuration or the options are no good.
    """
    set_threads(args.threads)
    config = load_avs_config(args.config, args.overrides)
    train, val = (open_split(args.data, split, limit=args.limit) for split in ('train', 'val'))
    run = AvsRun(config, train, val, args.out, args.seed, machine=one_machine(args),
                 fresh=args.fresh, init=args.init)
    senses = 'RGB and echoes' if config.network.echo_branch else 'only RGB'
    announce(run, f'{config.network.visual}, {senses}')
    run.run()
    conclude(run)
    print(f'export it with: echo-depth export-avs {args.out / "model.pt"} MODEL.onnx --data '
          f'{args.data}')
    return 0
