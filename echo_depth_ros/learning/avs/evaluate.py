# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
r"""
Figures of AVS-Nets on a data set, in the columns of Tables 1 and 2 of the paper.

MODEL is a checkpoint of "echo-depth train-avs" or an ONNX file of "echo-depth export-avs"; several
make several rows, and NAME=PATH names a row.

  echo-depth evaluate-avs runs/avs/model.pt runs/only_rgb/model.pt data/rooms

What each of them gives scale to, with each scaling (section 3.2.2): a depth model whose own scale
is thrown away, such as a vision teacher, a run of "echo-depth train-monodepth", or hf:NAME of
Hugging Face, whose MiDaS, DPT and Depth Anything tell disparity:
  echo-depth evaluate-avs runs/avs/model.pt data/rooms --relative runs/monodepth/model.pt \
    --scaling median mean_std

Without --relative, --scaling adds rows for each model scaled by the truth: what is then left of
its error is not scale.
"""

from argparse import ArgumentParser, Namespace
import json
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from echo_depth_ros.learning.avs.figures import avs_figures, AvsFigures, mean_figures
from echo_depth_ros.learning.avs.predictors import open_avs_predictor
from echo_depth_ros.learning.avs.relative import open_relative
from echo_depth_ros.learning.data import EchoSplit, open_split, SPLITS
from echo_depth_ros.learning.evaluate import name_models
from echo_depth_ros.learning.evaluation.predictors import Predictor, PredictorError
from echo_depth_ros.perception.metrics import PROTOCOLS
from echo_depth_ros.perception.scaling import (
    KINDS,
    relative_depth,
    ScaleError,
    scaling_named,
    SCALINGS,
)

MAX_DEPTH = 12.0
_BATCH = 32
_HEADS = ('Abs Rel', 'Sq Rel', 'RMSE', 'RMSE log', 'δ1', 'δ2', 'δ3', 'coverage')


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument('models', nargs='+', metavar='MODEL',
                        help='.pt checkpoint or .onnx file, or NAME=PATH')
    parser.add_argument('data', type=Path, metavar='DATA',
                        help='data set with colour images: of "echo-depth simulate", BatVision V1 '
                             'or V2, recordings')
    parser.add_argument('--split', choices=SPLITS, default='test')
    parser.add_argument('--protocol', choices=PROTOCOLS, default='avsnet',
                        help='which pixels count: only those nearer than 12 m (avsnet, the '
                             'default), or those clipped to 12 m as well (batvision)')
    parser.add_argument('--scaling', nargs='+', choices=list(SCALINGS), default=[],
                        help='scale each image by that of another, see above')
    parser.add_argument('--relative', metavar='MODEL',
                        help='depth model that is given scale: a .pt checkpoint or .onnx file of '
                             'this package, or hf:NAME of Hugging Face')
    parser.add_argument('--relative-kind', choices=KINDS, default=None,
                        help='what it tells (default: what its sort of model does)')
    parser.add_argument('--limit', type=int, default=None, help='use only so many images')
    parser.add_argument('--threads', type=int, default=2, help='CPU threads of the networks')
    parser.add_argument('--json', type=Path, default=None, help='write all figures here')


def main(args: Namespace) -> int:
    """
    Evaluate, print the table, write what was asked for.

    :returns: 0.
    :raises EchoDepthError: a model or the data set cannot be used.
    """
    if args.threads < 1:
        raise PredictorError(f'--threads is {args.threads}; expected 1 or more')
    if args.relative and not args.scaling:
        raise PredictorError('--relative needs --scaling; expected one or more of '
                             f'{", ".join(SCALINGS)}')
    torch.set_num_threads(args.threads)
    models = {name: open_avs_predictor(path, args.threads)
              for name, path in name_models(args.models).items()}
    relative = (open_relative(args.relative, args.relative_kind, args.threads)
                if args.relative else None)
    split = open_split(args.data, args.split, limit=args.limit)
    rows = judge(models, split, args.protocol, args.scaling,
                 relative and relative.predictor, relative.kind if relative else 'depth')
    means = {name: mean_figures(images) for name, images in rows.items()}
    print(f'{args.data}/{args.split}: {len(split)} images, protocol {args.protocol}\n')
    print(table(means))
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(
            {'data': str(args.data), 'split': args.split, 'protocol': args.protocol,
             'rows': {name: {'images': count, **_known(mean)}
                      for name, (mean, count) in means.items()}},
            indent=2, ensure_ascii=False) + '\n', encoding='utf-8')
    return 0


def judge(models: dict[str, Predictor], split: EchoSplit, protocol: str = 'avsnet',
          scalings: list[str] | tuple[str, ...] = (),
          relative: Predictor | None = None,
          kind: str = 'depth') -> dict[str, list[AvsFigures]]:
    """
    Figures of every image of a split, by row.

    :param models: by name.
    :param scalings: names of :data:`~echo_depth_ros.perception.scaling.SCALINGS`.
    :param relative: model that is given scale by each of the others; None: they are given the
        truth's.
    :param kind: what ``relative`` tells, depth or disparity.
    """
    rows: dict[str, list[AvsFigures]] = {}
    parts = torch.arange(len(split)).split(_BATCH)
    for indices in tqdm(parts, unit='batch', disable=len(parts) < 3):
        truth = split.batch(indices)[1].numpy()
        shapes = None if relative is None else relative.predict(split, indices).depth
        if shapes is not None:
            _take(rows, 'relative, no scaling', unscaled(shapes, kind), truth, protocol)
        for name, model in models.items():
            depth = model.predict(split, indices).depth
            _take(rows, name, depth, truth, protocol)
            for scaling in scalings:
                if shapes is None:
                    _take(rows, f'{name}, {scaling} of the truth',
                          [scaled(*pair, scaling) for pair in zip(depth, truth)], truth, protocol)
                else:
                    _take(rows, f'relative, {scaling} of {name}',
                          [scaled(*pair, scaling, kind) for pair in zip(shapes, depth)], truth,
                          protocol)
    return rows


def unscaled(relative: np.ndarray, kind: str) -> np.ndarray:
    """Depth images (N, H, W) as a relative model tells them, of disparity the reciprocal."""
    if kind == 'depth':
        return relative
    return np.stack([relative_depth(image, kind) for image in relative])


def scaled(relative: np.ndarray, metric: np.ndarray, scaling: str, kind: str = 'depth',
           confidence: np.ndarray | None = None) -> np.ndarray:
    """
    Give a depth image the scale of another.

    :param relative: (H, W) depth of any unit, or disparity, as ``kind`` says.
    :param metric: (H, W) metres; what is not finite or not positive is unknown.
    :param confidence: (H, W) of ``metric``, 0 to 1.
    :returns: (H, W) metres; NaN where, or throughout if, there is no scale between them.
    """
    try:
        return scaling_named(scaling)(relative, metric, kind, confidence).apply(relative)
    except ScaleError:
        return np.full(relative.shape, np.nan, np.float32)


def table(means: dict[str, tuple[AvsFigures, int]]) -> str:
    """Markdown, a row for each method, that also reads well in a terminal."""
    lines = [('', *_HEADS, 'images')] + [
        (name, *(f'{value:.3f}' for value in mean), str(count))
        for name, (mean, count) in means.items()]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    drawn = ['| ' + ' | '.join([line[0].ljust(widths[0]), *(
        cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))]) + ' |'
        for line in lines]
    rule = '|' + '|'.join(['-' * (widths[0] + 2)] + ['-' * (w + 1) + ':' for w in widths[1:]])
    return '\n'.join([drawn[0], rule + '|', *drawn[1:]])


def _take(rows: dict[str, list[AvsFigures]], name: str, depth, truth: np.ndarray,
          protocol: str) -> None:
    rows.setdefault(name, []).extend(
        avs_figures(guess, image, MAX_DEPTH, protocol) for guess, image in zip(depth, truth))


def _known(mean: AvsFigures) -> dict[str, float | None]:
    """Plain types, for JSON, which has no NaN."""
    return {name: None if np.isnan(value) else value for name, value in mean._asdict().items()}
