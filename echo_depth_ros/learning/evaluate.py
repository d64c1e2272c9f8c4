# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Figures of models on a data set, in the columns of Table 1 of V2E-CCL.

MODEL is an ONNX file, judged as the node runs it, or any checkpoint of "echo-depth train"; several
make several rows, and NAME=PATH names a row. Figures of the field: RMSE (divided by 12 m), REL,
log10, δ1 to δ3; then RMSE and MAE in metres. What needs no network stands beside them.

  echo-depth evaluate models/echo_depth_student.onnx BV1 --no-baselines
  echo-depth evaluate ours=runs/a/model.pt unet=runs/b/model.pt data/v1 --breakdown
"""

from argparse import ArgumentParser, Namespace
import json
from pathlib import Path
import sys
from typing import Optional, Sequence

import torch

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.learning.data import DatasetError, EchoSplit, open_split, SPLITS
from echo_depth_ros.learning.evaluation.judge import Evaluation, judge
from echo_depth_ros.learning.evaluation.predictors import (
    open_predictor,
    Predictor,
    PredictorError,
)
from echo_depth_ros.learning.evaluation.reliability import draw_reliability
from echo_depth_ros.learning.evaluation.report import (
    breakdown_tables,
    confidence_table,
    figures_table,
    range_table,
    to_dict,
)
from echo_depth_ros.learning.evaluation.sheet import draw_sheet
from echo_depth_ros.perception.metrics import PROTOCOLS


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument('models', nargs='+', metavar='MODEL',
                        help='.onnx file or .pt checkpoint, or NAME=PATH')
    parser.add_argument('data', type=Path, metavar='DATA',
                        help='data set: of "echo-depth simulate", BatVision V1 or V2, recordings')
    parser.add_argument('--split', choices=SPLITS, default='test')
    parser.add_argument('--protocol', choices=PROTOCOLS, default='batvision',
                        help='which pixels count: all with truth, those clipped to 12 m included '
                             '(batvision, the default), or only those nearer than 12 m (avsnet)')
    parser.add_argument('--no-baselines', action='store_true',
                        help='leave out what is fitted to the training split')
    parser.add_argument('--breakdown', action='store_true',
                        help='also by true distance and by kind of room')
    parser.add_argument('--limit', type=int, default=None, help='use only so many images')
    parser.add_argument('--threads', type=int, default=2, help='CPU threads of the networks')
    parser.add_argument('--json', type=Path, default=None, help='write all figures here')
    parser.add_argument('--picture', type=Path, default=None,
                        help='draw the best, median and worst images here (PNG; with several '
                             'models, one file each with its name)')
    parser.add_argument('--reliability', type=Path, default=None,
                        help='draw how true confidence is, and what it lets one keep (PNG)')


def main(args: Namespace) -> int:
    """
    Evaluate, print the tables, write what was asked for.

    :returns: 0, or 2 with the reason on stderr.
    """
    try:
        if args.threads < 1:
            raise PredictorError(f'--threads is {args.threads}; expected 1 or more')
        torch.set_num_threads(args.threads)
        models = {name: open_predictor(path, threads=args.threads)
                  for name, path in name_models(args.models).items()}
        test = open_split(args.data, args.split, limit=args.limit)
        train = None if args.no_baselines else _training_split(args.data)
        result = judge(models, test, train, protocol=args.protocol)
        print(_report(result, args, test))
        _write(result, args, models, test)
    except (EchoDepthError, OSError) as error:
        print(f'echo-depth evaluate: {error}', file=sys.stderr)
        return 2
    return 0


def name_models(words: Sequence[str]) -> dict[str, Path]:
    """
    Name the rows: NAME of NAME=PATH, else the file's name, with its folder's where that helps.

    :raises PredictorError: one name for two models.
    """
    named: list[tuple[Optional[str], Path]] = []
    for word in words:
        name, sign, path = word.partition('=')
        named.append((None, Path(word)) if not sign or Path(word).exists() else (name, Path(path)))
    stems = [path.stem for name, path in named if name is None]
    models: dict[str, Path] = {}
    for name, path in named:
        if name is None:
            plain = path.suffix == '.onnx' and stems.count(path.stem) == 1
            name = path.stem if plain else f'{path.absolute().parent.name}/{path.stem}'
        if name in models:
            raise PredictorError(f'two models are called {name}: {models[name]} and {path}; name '
                                 'them apart with NAME=PATH')
        models[name] = path
    return models


def _training_split(data: Path) -> Optional[EchoSplit]:
    try:
        return open_split(data, 'train')
    except DatasetError as error:
        print(f'no baselines, for there is no training split to fit them to: {error}',
              file=sys.stderr)
        return None


def _report(result: Evaluation, args: Namespace, test: EchoSplit) -> str:
    unusable = f', {len(test.skipped)} samples unusable (echo-depth inspect says why)'
    parts = [f'{args.data}/{args.split}: {result.images} of {len(test)} images, protocol '
             f'{args.protocol}; left out: {int(result.empty.sum())} without truth, '
             f'{int(result.refused.sum())} refused' + (unusable if test.skipped else ''),
             figures_table(result), confidence_table(result), range_table(result)]
    if args.breakdown:
        parts += [breakdown_tables(result, name) for name in result.models]
    return '\n\n'.join(part for part in parts if part)


def _write(result: Evaluation, args: Namespace, models: dict[str, Predictor],
           test: EchoSplit) -> None:
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        values = {'data': str(args.data), 'split': args.split,
                  'unusable': len(test.skipped)} | to_dict(result)
        args.json.write_text(json.dumps(values, indent=2, ensure_ascii=False) + '\n',
                             encoding='utf-8')
    if args.picture:
        for name, model in models.items():
            path = args.picture
            if len(models) > 1:
                path = path.with_stem(f'{path.stem}_{name.replace("/", "_")}')
            draw_sheet(path, model, test, result.models[name].rel)
            print(f'wrote {path}')
    if args.reliability:
        sure = {name: judged.reliability for name, judged in result.models.items()
                if judged.reliability is not None}
        if not sure:
            raise PredictorError('--reliability: none of these models tells its confidence; '
                                 'expected a student that does')
        draw_reliability(args.reliability, sure)
        print(f'wrote {args.reliability}')
