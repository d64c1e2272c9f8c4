# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
r"""
Train a network: the student, with or without vision teachers, a teacher, or a baseline.

  a student from sound alone:
    echo-depth train data/rooms --config no_distillation --out runs/plain

  two vision teachers, and a student that learns from them (V2E-CCL):
    echo-depth train data/rooms --config teacher_depth --out runs/teacher_depth
    echo-depth train data/rooms --config teacher_material --out runs/teacher_material
    echo-depth train data/rooms --config v2e_ccl --out runs/v2e_ccl \
      --teacher-depth runs/teacher_depth/model.pt --teacher-material runs/teacher_material/model.pt

  other settings than the file's; two processes on this machine:
    echo-depth train data/rooms --config v2e_ccl --out runs/x --set optimizer.lr=1e-3 \
      --set distillation.lambda_ccl=0.1 --devices 2 --strategy ddp …

  go on from a trained student with your own recordings:
    echo-depth train my_recordings --config no_distillation --out runs/mine \
      --init models/echo_depth_student.pt --set optimizer.lr=5e-4

The same command goes on where a stopped run left off, with the same result as if it had not been
stopped. OUT then holds model.pt (the final average of weights), best.pt (the best on validation),
last.ckpt (to go on from) and log/.
"""

from argparse import ArgumentParser, Namespace
import os
from pathlib import Path

from pytorch_lightning.utilities import rank_zero_only

from echo_depth_ros.learning.data import open_split
from echo_depth_ros.learning.training.arguments import (
    add_machine_arguments,
    add_run_arguments,
    announce,
    conclude,
    set_threads,
)
from echo_depth_ros.learning.training.config import FOLDER, load_config
from echo_depth_ros.learning.training.engine import Machine, Run


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    machine = Machine()
    parser.add_argument('data', type=Path, help='data set: simulated, BatVision 1 or 2, or your '
                        'own recordings')
    add_run_arguments(parser, FOLDER, 'no_distillation',
                      'no_distillation, ce, ccl, v2e_ccl, batvision_unet, echonet, teacher_depth, '
                      'teacher_material, tiny', 'steps=3000 or optimizer.lr=1e-3')
    teachers = parser.add_argument_group(
        'teachers', 'a model.pt, hf:NAME of a Hugging Face depth model, or '
        'package.module:attribute; needed by ce, ccl and v2e_ccl')
    teachers.add_argument('--teacher-depth', metavar='TEACHER')
    teachers.add_argument('--teacher-material', metavar='TEACHER')
    where = parser.add_argument_group('machine', "handed to PyTorch Lightning's Trainer")
    add_machine_arguments(where)
    where.add_argument('--devices', default=str(machine.devices),
                       help='how many, or which such as 0,1; on a CPU, processes '
                       '(default: %(default)s)')
    where.add_argument('--num-nodes', type=int, default=machine.num_nodes,
                       help='machines (default: %(default)s)')
    where.add_argument('--strategy', default=machine.strategy,
                       help='one that keeps whole copies, such as ddp '
                       '(default: %(default)s)')
    where.add_argument('--precision', default=None,
                       help='auto, 32-true, bf16-mixed or 16-mixed, instead of the '
                       "configuration's")


def main(args: Namespace) -> int:
    """
    Train, or go on training.

    :returns: 0.
    :raises EchoDepthError: the data, the configuration or the options are no good.
    """
    set_threads(args.threads)
    overrides = list(args.overrides)
    if args.precision:
        overrides.append(f'precision={args.precision}')
    config = load_config(args.config, overrides)
    train = open_split(args.data, 'train', limit=args.limit)
    val = open_split(args.data, 'val', limit=args.limit)
    named = {'depth': args.teacher_depth, 'material': args.teacher_material}
    run = Run(config, train, val, args.out, args.seed,
              teachers={task: name for task, name in named.items() if name},
              bank=_bank_folder(args.data, args.out),
              machine=Machine(args.accelerator, _devices(args.devices), args.num_nodes,
                              args.strategy, args.logger, args.save_minutes),
              fresh=args.fresh, init=args.init)
    if rank_zero_only.rank == 0:
        announce(run, config.kind)
    run.run()
    if rank_zero_only.rank == 0:
        conclude(run)
        if config.kind == 'student':
            print(f'export it with: echo-depth export {args.out / "model.pt"} MODEL.onnx')
    return 0


def _devices(text: str) -> int | str:
    return int(text) if text.lstrip('-').isdigit() else text


def _bank_folder(data: Path, out: Path) -> Path:
    """Beside the data, where several runs find it, unless nothing can be written there."""
    return (data / '.cache' if os.access(data, os.W_OK) else out) / 'teachers'
