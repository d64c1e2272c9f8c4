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

import torch

from echo_depth_ros.learning.avs.config import load_avs_config
from echo_depth_ros.learning.avs.run import AvsRun
from echo_depth_ros.learning.data import open_split
from echo_depth_ros.learning.training.engine import Machine
from echo_depth_ros.learning.training.errors import TrainingError
from echo_depth_ros.learning.training.logs import LOGGERS


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    machine = Machine()
    parser.add_argument('data', type=Path, help='data set with colour images: simulated, '
                        'BatVision 1 or 2, or your own recordings')
    parser.add_argument('--config', default='small', metavar='NAME',
                        help='YAML file, or the name of one in config/avs: small, only_rgb, '
                        'midas, tiny (default: %(default)s)')
    parser.add_argument('--out', type=Path, required=True, help='folder of the run')
    parser.add_argument('--seed', type=int, default=0, help='of all that is random')
    parser.add_argument('--set', dest='overrides', action='append', default=[],
                        metavar='KEY=VALUE', help='replace one value of the configuration, such '
                        'as steps=3000 or network.visual=hf:NAME; may be repeated')
    parser.add_argument('--fresh', action='store_true',
                        help='start anew, even if OUT holds a run: its files are removed')
    parser.add_argument('--init', type=Path, metavar='MODEL.pt',
                        help='start from the weights of an earlier model of the same sizes, such '
                        'as to tune it to your own robot')
    parser.add_argument('--limit', type=int, default=None, help='use only so many samples')
    parser.add_argument('--accelerator', default=machine.accelerator,
                        help='cpu, gpu, … (default: %(default)s)')
    parser.add_argument('--threads', type=int, default=None, help='CPU threads (default: all)')
    parser.add_argument('--logger', choices=LOGGERS, default=machine.logger,
                        help='default: %(default)s')
    parser.add_argument('--save-minutes', type=float, default=machine.save_minutes,
                        help='between checkpoints, besides those after validations '
                        '(default: %(default)s)')


def main(args: Namespace) -> int:
    """
    Train, or go on training.

    :returns: 0.
    :raises EchoDepthError: the data, the configuration or the options are no good.
    """
    if args.threads is not None:
        if args.threads < 1:
            raise TrainingError(f'--threads is {args.threads}; expected 1 or more')
        torch.set_num_threads(args.threads)
    config = load_avs_config(args.config, args.overrides)
    train, val = (open_split(args.data, split, limit=args.limit) for split in ('train', 'val'))
    run = AvsRun(config, train, val, args.out, args.seed,
                 machine=Machine(args.accelerator, logger=args.logger,
                                 save_minutes=args.save_minutes),
                 fresh=args.fresh, init=args.init)
    going_on = f'; going on from step {run.done_steps}' if run.done_steps else ''
    senses = 'RGB and echoes' if config.network.echo_branch else 'only RGB'
    print(f'{config.network.visual}, {senses}: {len(train)} training and {len(val)} validation '
          f'samples; {run.run_state["parameters"] / 1e6:.2f} M parameters; '
          f'{torch.get_num_threads()} threads, {run.precision}{going_on}', flush=True)
    module = run.run()
    print(f'{args.out / "model.pt"}: {config.steps} steps, best validation {module.score} '
          f'{module.best:.4f}')
    print(f'export it with: echo-depth export-avs {args.out / "model.pt"} MODEL.onnx --data '
          f'{args.data}')
    return 0
