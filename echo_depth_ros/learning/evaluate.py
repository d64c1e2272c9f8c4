# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""``echo-depth evaluate``: a student's figures beside what needs no network."""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
import json
from pathlib import Path
import sys

import numpy as np
from tqdm import tqdm

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.baselines import ConstantImages, echo_range, FIRST_ECHOES, ScaledMean
from echo_depth_ros.learning.dataset import DatasetError, EchoSplit, SPLITS
from echo_depth_ros.learning.sheet import draw_sheet
from echo_depth_ros.perception.echo_depth import EchoDepth
from echo_depth_ros.perception.metrics import DepthFigures, FigureMean, FIGURES, PROTOCOLS
from echo_depth_ros.perception.model import StudentModel

STUDENT = 'student'
_HIGHER_IS_BETTER = ('delta1', 'delta2', 'delta3')


@dataclass
class Evaluation:
    """
    Figures of a split.

    :ivar methods: mean figures by method.
    :ivar shapes: the student's mean figures by kind of room, with the number of images.
    :ivar student_rel: (N,) the student's REL image by image, NaN without truth.
    :ivar empty: images without one valid pixel, in no mean.
    :ivar refused: windows that the chain refused, in no mean.
    """

    methods: dict[str, DepthFigures]
    shapes: dict[str, tuple[int, DepthFigures]]
    student_rel: np.ndarray
    empty: int
    refused: int = 0
    protocol: str = 'batvision'

    def best_of(self, prefix: str) -> DepthFigures:
        """Figure by figure, the best of all methods whose name begins with ``prefix``."""
        rows = [value for name, value in self.methods.items() if name.startswith(prefix)]
        best = {}
        for name in DepthFigures._fields:
            column = [getattr(row, name) for row in rows]
            best[name] = max(column) if name in _HIGHER_IS_BETTER else min(column)
        return DepthFigures(**best)

    def table(self) -> str:
        """Markdown table of methods, then of the student by kind of room."""
        head = '| {:42} | REL | RMSE m | RMSE/max | log10 | δ1 | δ2 | δ3 | MAE m |'
        rule = '|---|' + '---:|' * len(FIGURES)
        lines = [head.format('method'), rule]
        lines += [_row(name, figures) for name, figures in self.methods.items()]
        for label, prefix in (('best constant image', 'constant'),
                              ('best scaled mean image', 'scaled mean')):
            lines.append(_row(f'**{label}**', self.best_of(prefix)))
        lines += ['', head.format('student, by room'), rule]
        lines += [_row(f'{name} ({count})', figures)
                  for name, (count, figures) in sorted(self.shapes.items())]
        return '\n'.join(lines)

    def to_dict(self) -> dict:
        """Plain types, for JSON."""
        return {
            'protocol': self.protocol, 'images': int(np.isfinite(self.student_rel).sum()),
            'empty': self.empty, 'refused': self.refused,
            'methods': {name: figures._asdict() for name, figures in self.methods.items()},
            'best_constant': self.best_of('constant')._asdict(),
            'best_scaled_mean': self.best_of('scaled mean')._asdict(),
            'shapes': {name: {'images': count} | figures._asdict()
                       for name, (count, figures) in self.shapes.items()}}


def evaluate(model: StudentModel, train: EchoSplit, test: EchoSplit,
             fmt: PingFormat = PingFormat(), protocol: str = 'batvision',
             progress: bool = True) -> Evaluation:
    """
    Compare the student with the baselines, which are fitted on ``train``, on ``test``.

    The student sees one window at a time, as the node does; a window that the node would refuse
    is left out for all methods, and counted.
    """
    constant = ConstantImages.fit(train)
    scaled = [ScaledMean.fit(train, constant.mean, fmt, echo) for echo in FIRST_ECHOES]
    ears = EchoDepth(model, fmt)
    refused = 0
    means: dict[str, FigureMean] = {}
    shapes: dict[str, FigureMean] = {}
    rel = np.full(len(test), np.nan)
    for index in tqdm(range(len(test)), desc='evaluate', unit='image', disable=not progress):
        window = test[index][0].numpy()
        truth = test.depth_metres(index)
        depth = ears.perceive(window).depth
        if depth is None:
            refused += 1
            continue
        guesses = {STUDENT: depth, **constant.images()}
        for images in scaled:
            guesses |= images.images(echo_range(window, fmt, images.echo))
        for name, guess in guesses.items():
            figures = means.setdefault(name, FigureMean(protocol=protocol)).add(guess, truth)
            if name == STUDENT:
                rel[index] = figures.rel
        shape = shapes.setdefault(str(test.shapes[index]), FigureMean(protocol=protocol))
        shape.add(guesses[STUDENT], truth)
    if STUDENT not in means:
        raise EchoDepthError(
            f'the chain refused all {refused} windows; expected aligned windows with a direct '
            'sound: is this a data set of `echo-depth simulate`?')
    return Evaluation(
        {name: mean.mean for name, mean in means.items()},
        {name: (mean.images, mean.mean) for name, mean in shapes.items()},
        rel, means[STUDENT].empty, refused, protocol)


def _row(name: str, figures: DepthFigures) -> str:
    values = ' | '.join(f'{getattr(figures, name):.3f}' for name in FIGURES)
    return f'| {name:42} | {values} |'


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument('model', type=Path, help='ONNX file')
    parser.add_argument('data', type=Path, help='data set of "echo-depth simulate"')
    parser.add_argument('--split', choices=SPLITS, default='test')
    parser.add_argument('--protocol', choices=PROTOCOLS, default='batvision',
                        help='which pixels count; see perception/metrics.py')
    parser.add_argument('--limit', type=int, default=None, help='use only so many images')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--json', type=Path, default=None, help='write the figures here')
    parser.add_argument('--picture', type=Path, default=None,
                        help='write a sheet of the best, median and worst images here')


def main(args: Namespace) -> int:
    """
    Evaluate, print the table, write what was asked for.

    :returns: 0, or 2 with the reason on stderr.
    """
    try:
        model = StudentModel(args.model, threads=args.threads)
        train = EchoSplit.load(args.data, 'train')
        test = EchoSplit.load(args.data, args.split, limit=args.limit)
        result = evaluate(model, train, test, protocol=args.protocol)
    except (DatasetError, EchoDepthError, OSError) as error:
        print(f'echo-depth evaluate: {error}', file=sys.stderr)
        return 2
    print(f'{args.model} on {len(test)} images of {args.data}/{args.split}'
          + f'; left out: {result.empty} without truth, {result.refused} refused')
    print(result.table())
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(result.to_dict(), indent=2) + '\n')
    if args.picture:
        draw_sheet(args.picture, model, test, result.student_rel)
        print(f'wrote {args.picture}')
    return 0
