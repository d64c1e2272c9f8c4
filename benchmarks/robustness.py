# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How much of a student is left where training never was, and whether it knows. Simulation only.

    python benchmarks/robustness.py [MODEL.onnx ...] [--home data/v1] [--away data/away]

Makes a small test set for each condition of `echo-depth simulate --away` (or goes on with what is
there), and hears every window through the live chain. `home` rooms are drawn as in training, under
the seeds of the other conditions: compare with that row. A window that the chain refuses has no
depth; it is counted, and the figures speak of the others. Where a model tells its confidence, the
mean of it stands beside the share of pixels that really are inside 25 % of the truth, and beside
that share among the surer half of all pixels.
"""

import argparse
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
import json
import os
from pathlib import Path
import sys

import numpy as np
import torch
from tqdm import tqdm

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.learning.data import EchoSplit, open_split
from echo_depth_ros.learning.evaluation.pixels import pixels
from echo_depth_ros.learning.evaluation.reliability import Reliability
from echo_depth_ros.perception.echo_depth import EchoDepth
from echo_depth_ros.perception.metrics import FigureMean
from echo_depth_ros.perception.model import StudentModel
from echo_depth_ros.sim import dataset
from echo_depth_ros.sim.away import AWAY

ROOT = Path(__file__).resolve().parents[1]
MODEL = ROOT / 'models' / 'echo_depth_student.onnx'
TEST_SPLIT = 'test split'
MAX_DEPTH = 12.0


@dataclass(frozen=True)
class Result:
    """
    What one model is worth under one condition; NaN where nothing was heard.

    :ivar windows: how many there were.
    :ivar refused: how many of them the live chain would not judge.
    :ivar rel: as the others, of :class:`~echo_depth_ros.perception.metrics.DepthFigures`.
    :ivar confidence: its mean; None of a model that tells none.
    :ivar surer_half: share of pixels inside 25 % among the more confident half; None likewise.
    """

    model: str
    condition: str
    what: str
    windows: int
    refused: int
    rel: float
    rmse: float
    log10: float
    delta1: float
    confidence: float | None = None
    surer_half: float | None = None


def judge(model: StudentModel, split: EchoSplit, condition: str, what: str) -> Result:
    """Hear every window of a split as the node does."""
    chain = EchoDepth(model)
    figures = FigureMean(max_depth=MAX_DEPTH)
    refused, confidences, reliability = 0, [], Reliability()
    for index in tqdm(range(len(split)), desc=f'{model.path.stem}: {condition}', leave=False):
        window, truth = split[index][0].numpy(), split.depth_metres(index)
        heard = chain.perceive(window, want_range=False)
        if heard.depth is None:
            refused += 1
            continue
        figures.add(heard.depth, truth)
        if heard.confidence is None:
            continue
        taken = pixels(heard.depth, truth, heard.confidence, MAX_DEPTH)
        if not np.isnan(taken.confidence).all():
            reliability.add(taken)
            confidences.append(float(np.nanmean(taken.confidence)))
    mean = figures.mean
    return Result(model.path.stem, condition, what, len(split), refused, mean.rel, mean.rmse,
                  mean.log10, mean.delta1,
                  float(np.mean(confidences)) if confidences else None,
                  reliability.surest(0.5) if confidences else None)


def make_sets(folder: Path, names: list[str], rooms: int, poses: int, workers: int) -> None:
    """
    Make what is missing of the away sets.

    :raises EchoDepthError: a folder holds another data set.
    """
    for name in names:
        parser = argparse.ArgumentParser()
        dataset.add_arguments(parser)
        args = parser.parse_args([str(word) for word in (
            folder / name, '--away', name, '--rooms', rooms, '--poses', poses,
            '--workers', workers)])
        with redirect_stdout(sys.stderr):
            if dataset.main(args):
                raise EchoDepthError(f'cannot make {folder / name}; see above')


def table(results: list[Result]) -> str:
    """All results as one markdown table."""
    several = len({result.model for result in results}) > 1
    sure = any(result.confidence is not None for result in results)
    columns = [*(['model'] if several else []), 'condition', 'REL', 'RMSE m', 'log10', 'δ1',
               'refused', *(['confidence', 'less δ1', 'δ1, surer half'] if sure else [])]
    text = 1 + several
    lines = ['| ' + ' | '.join(columns) + ' |',
             '|' + '---|' * text + '---:|' * (len(columns) - text)]
    for result in results:
        cells = [*([result.model] if several else []), result.condition,
                 *(f'{value:.3f}' for value in (
                     result.rel, result.rmse, result.log10, result.delta1)),
                 f'{result.refused} of {result.windows}']
        if sure:
            cells += ['–'] * 3 if result.confidence is None else [
                f'{result.confidence:.3f}', f'{result.confidence - result.delta1:+.3f}',
                f'{result.surer_half:.3f}']
        lines.append('| ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('models', type=Path, nargs='*', default=[MODEL], metavar='MODEL',
                        help='ONNX files (default: the shipped student)')
    parser.add_argument('--home', type=Path, default=ROOT / 'data' / 'v1',
                        help='data set whose test split comes first, if it is there')
    parser.add_argument('--limit', type=int, help='use only so many windows of each split')
    parser.add_argument('--away', type=Path, default=ROOT / 'data' / 'away',
                        help='folder of the away sets (default: data/away)')
    parser.add_argument('--conditions', nargs='+', choices=AWAY, default=list(AWAY),
                        metavar='CONDITION', help=f'of {", ".join(AWAY)} (default: all)')
    parser.add_argument('--rooms', type=int, default=40, help='of each away set')
    parser.add_argument('--poses', type=int, default=6, help='in each room')
    parser.add_argument('--workers', type=int, default=1, help='processes that make rooms')
    parser.add_argument('--threads', type=int, default=os.cpu_count() or 1,
                        help='CPU threads of the network')
    parser.add_argument('--only-make', action='store_true', help='make the sets, judge nothing')
    parser.add_argument('--json', type=Path, help='write the results here too')
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Make the sets, judge the models, print the table."""
    args = _arguments(words)
    torch.set_num_threads(1)
    try:
        make_sets(args.away, args.conditions, args.rooms, args.poses, args.workers)
        if args.only_make:
            return 0
        models = [StudentModel(path, threads=args.threads) for path in args.models]
        splits = {}
        if args.home.is_dir():
            splits[TEST_SPLIT] = (open_split(args.home, 'test', limit=args.limit),
                                  f'test split of {args.home.name}')
        for name in args.conditions:
            splits[name] = (open_split(args.away / name, 'test', limit=args.limit),
                            AWAY[name].what)
        results = [judge(model, split, name, what)
                   for model in models for name, (split, what) in splits.items()]
    except (EchoDepthError, OSError) as error:
        print(f'robustness: {error}', file=sys.stderr)
        return 2
    print(table(results))
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + '\n',
                             encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
