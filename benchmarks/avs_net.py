# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
r"""
The study of AVS-Net: what echoes add to a camera, in the tables of the paper and where it counts.

    python benchmarks/avs_net.py --avs runs/avs/avs_net/model.pt \
        --only-rgb runs/avs/only_rgb/model.pt --data data/varied \
        --relative Monodepth2=runs/avs/monodepth/model.pt \
        --relative RgbTeacher=runs/avs/teacher_depth/model.pt \
        --train-disparity data/v1 --pictures docs/images --json runs/avs_study/figures.json

Parts: Tables 1 and 2 of the paper beside what it reports; rooms of the same look and different
size; mirrors and glass; darkness; narrower cameras; when the network listens (Grad-CAM,
occlusion, attention); the exported files. Test sets are simulated under OUT/sets, and all answers
and figures are kept under OUT/kept: stop it whenever you like, run it again and it goes on. A
relative model may also be hf:NAME of Hugging Face, such as MiDaS=hf:Intel/dpt-large. Without a
download, --train-disparity trains a small network with MiDaS's own loss, as a stand-in for such
models.

Everything here is simulation, but for the rows that are marked as the paper's.
"""

import argparse
from collections.abc import Sequence
import json
from pathlib import Path
import sys

from avs_parts.parts import PARTS, TITLES
from avs_parts.sets import Sets
from avs_parts.study import Study
import torch

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.learning.avs.config import load_avs_config
from echo_depth_ros.learning.avs.disparity import train_disparity
from echo_depth_ros.learning.avs.predictors import open_avs_predictor
from echo_depth_ros.learning.avs.relative import open_relative
from echo_depth_ros.learning.avs.study.kept import Kept, Model
from echo_depth_ros.learning.data import open_split
from echo_depth_ros.learning.evaluation.predictors import open_predictor, PredictorError

ROOT = Path(__file__).resolve().parents[1]
STUDENT = ROOT / 'models' / 'echo_depth_student_float32.onnx'
ONLY_RGB, RGB_ECHOES, ECHO_STUDENT = 'Only-RGB', 'RGB-Echoes', 'echo student alone'
STAND_IN = 'MiDaS loss, small'


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--avs', type=Path, required=True, metavar='MODEL',
                        help='RGB-Echoes: checkpoint of train-avs, or its ONNX file')
    parser.add_argument('--only-rgb', type=Path, required=True, metavar='MODEL',
                        help='the baseline that hears nothing, likewise')
    parser.add_argument('--avs-onnx', type=Path, help='file exported from --avs that ships '
                        '(default: exported here)')
    parser.add_argument('--only-rgb-onnx', type=Path, help='likewise of --only-rgb')
    parser.add_argument('--student', type=Path, default=STUDENT, help='default: %(default)s')
    parser.add_argument('--relative', action='append', default=[], metavar='NAME=MODEL',
                        help='depth model that is given scale, or hf:NAME; may be repeated')
    parser.add_argument('--relative-kind', action='append', default=[], metavar='NAME=KIND',
                        help='depth or disparity, where it is not what such models tell')
    parser.add_argument('--train-disparity', type=Path, metavar='DATA',
                        help='train the stand-in for MiDaS on this data set, once')
    parser.add_argument('--disparity-steps', type=int, default=800, help='of 16 images')
    parser.add_argument('--data', type=Path, required=True,
                        help='data set of training, whose test split is in domain')
    parser.add_argument('--out', type=Path, default=Path('runs/avs_study'))
    parser.add_argument('--parts', nargs='+', choices=PARTS, default=list(PARTS))
    parser.add_argument('--rooms', type=int, default=60, help='of each test set')
    parser.add_argument('--poses', type=int, default=6, help='in each room')
    parser.add_argument('--approaches', type=int, default=10, help='rooms of the drives at walls')
    parser.add_argument('--limit', type=int, default=600,
                        help='use at most so many images of a set (default: %(default)s)')
    parser.add_argument('--workers', type=int, default=1, help='processes that make rooms')
    parser.add_argument('--threads', type=int, default=1, help='CPU threads of the networks')
    parser.add_argument('--rounds', type=int, default=30, help='of timing')
    parser.add_argument('--pictures', type=Path, help='draw avs_*.png into this folder')
    parser.add_argument('--json', type=Path, help='write all figures here')
    return parser.parse_args(words)


def build(args: argparse.Namespace) -> Study:
    """
    Open everything that is asked for.

    :raises EchoDepthError: something cannot be opened.
    """
    for name in ('limit', 'rooms', 'poses', 'approaches', 'threads', 'rounds'):
        value = getattr(args, name)
        if value < 1:
            raise PredictorError(f'--{name} is {value}; expected 1 or more')
    torch.set_num_threads(args.threads)
    avs, only_rgb = (Model.of(name, path, open_avs_predictor(path, args.threads))
                     for name, path in ((RGB_ECHOES, args.avs), (ONLY_RGB, args.only_rgb)))
    if not args.student.is_file():
        raise PredictorError(f'student {args.student} does not exist; expected the ONNX file that '
                             'comes along')
    student = Model.of(ECHO_STUDENT, args.student,
                       open_predictor(args.student, threads=args.threads))
    onnx = {name: path for name, path in ((RGB_ECHOES, args.avs_onnx),
                                          (ONLY_RGB, args.only_rgb_onnx)) if path}
    return Study(Kept(args.out / 'kept'),
                 Sets(args.out / 'sets', args.rooms, args.poses, args.limit, args.workers),
                 avs, only_rgb, student, args.avs, args.only_rgb, args.student,
                 tuple(relatives(args)), args.data, onnx, args.pictures, args.approaches,
                 args.threads, args.rounds)


def relatives(args: argparse.Namespace) -> list[Model]:
    """
    Open the models that are given scale, and train the stand-in if it is asked for.

    :raises EchoDepthError: one cannot be opened, or has no name.
    """
    kinds, named = (pairs(option, words) for option, words in (
        ('--relative-kind', args.relative_kind), ('--relative', args.relative)))
    if args.train_disparity:
        path = args.out / 'disparity' / 'model.pt'
        if not path.exists():
            train_disparity(open_split(args.train_disparity, 'train'), path,
                            load_avs_config('only_rgb').network, args.disparity_steps)
        named[STAND_IN] = str(path)
    unknown = kinds.keys() - named.keys()
    if unknown:
        raise PredictorError(f'--relative-kind names {", ".join(sorted(unknown))}; expected names '
                             f'of --relative: {", ".join(named) or "(none)"}')
    found = []
    for name, path in named.items():
        opened = open_relative(path, kinds.get(name), args.threads)
        found.append(Model.of(name, path, opened.predictor, opened.kind, opened.metric))
    return found


def pairs(option: str, words: Sequence[str]) -> dict[str, str]:
    """Read NAME=VALUE words, each name once."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition('=')
        if not (name and equals and value) or name in found:
            raise PredictorError(f'{option} {word}: expected NAME=VALUE, each name once')
        found[name] = value
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Work out each part, print it, and write what was asked for."""
    args = arguments(words)
    values = {'simulation': True}
    if args.json and args.json.exists():  # of other parts
        values |= json.loads(args.json.read_text(encoding='utf-8'))
    try:
        study = build(args)
        for name in args.parts:
            told = PARTS[name](study)
            values[name] = told.values
            print(f'### {TITLES[name]}\n\n{told.text}\n', flush=True)
            if args.json:  # after each part: a later one may be stopped
                args.json.parent.mkdir(parents=True, exist_ok=True)
                args.json.write_text(json.dumps(values, indent=1, ensure_ascii=False) + '\n',
                                     encoding='utf-8')
    except (EchoDepthError, OSError) as error:
        print(f'avs_net: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f'interrupted; the same command goes on with what {args.out} keeps',
              file=sys.stderr)
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
