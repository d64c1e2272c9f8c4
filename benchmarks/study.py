# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
r"""
The study: what vision teaches an echo student, and how that stands beside its peers.

Trains the four ablation rows of V2E-CCL's Table 2 and the two baselines on the same rooms, several
seeds each, judges every run on the rooms that no run has seen, times all networks in turn in this
one process, and prints one table, mean ± standard deviation over seeds, and what each row gains
on the row without distillation, seed by seed.

    python benchmarks/study.py data/v1 --out runs/study \
        --teacher-depth runs/teacher_depth/model.pt \
        --teacher-material runs/teacher_material/model.pt

Everything is kept under OUT: stop it whenever you like, run it again and it goes on. Rows see as
many windows as each other, but for the U-Net: a step of it costs more than forty of ours, so on a
CPU it has a budget of its own, and students of that same budget stand beside it.
"""

import argparse
from collections.abc import Iterable, Sequence
from concurrent.futures import as_completed, ThreadPoolExecutor
from dataclasses import dataclass, field
import json
from pathlib import Path
import subprocess
import sys

from inference import count_parameters, open_session, time_in_turn
import numpy as np
import onnx
import torch
from tqdm import tqdm

from echo_depth_ros.learning.data import EchoSplit, open_split
from echo_depth_ros.learning.evaluation.judge import judge
from echo_depth_ros.learning.evaluation.predictors import open_predictor
from echo_depth_ros.learning.evaluation.report import to_dict
from echo_depth_ros.learning.export import export
from echo_depth_ros.learning.training.checkpoint import digest, load_model
from echo_depth_ros.learning.training.config import load_config

FIGURES = {'rmse_norm': 'RMSE/12', 'rel': 'REL', 'log10': 'log10', 'delta1': 'δ1', 'delta2': 'δ2',
           'delta3': 'δ3', 'rmse': 'RMSE m', 'mae': 'MAE m'}
HIGHER_IS_BETTER = ('delta1', 'delta2', 'delta3')
STUDENTS = ('no_distillation', 'ce', 'ccl', 'v2e_ccl')
REFERENCE = 'no_distillation'
FEW = ', as few windows'
"""Marks the students that have seen no more than the U-Net."""


@dataclass(frozen=True)
class Row:
    """
    A row of the table: one configuration, trained once for each seed.

    :ivar name: of the row, and of its folders.
    :ivar config: of ``echo-depth train``.
    :ivar settings: what differs from that file, KEY=VALUE.
    """

    name: str
    config: str
    settings: tuple[str, ...]
    seeds: tuple[int, ...]

    @property
    def taught(self) -> bool:
        """Whether vision has a part in it."""
        return self.config in STUDENTS and self.config != REFERENCE

    def folder(self, out: Path, seed: int) -> Path:
        """Where a run lies."""
        return out / f'{self.name}-{seed}'


@dataclass
class Results:
    """
    What a row came to.

    :ivar figures: by name, one value for each seed.
    :ivar windows: seen in training.
    :ivar minutes: of training by the clock, as loaded as the machine was.
    """

    figures: dict[str, list[float]] = field(default_factory=dict)
    windows: int = 0
    minutes: list[float] = field(default_factory=list)


def rows(args: argparse.Namespace) -> list[Row]:
    """All rows that the arguments ask for."""
    seeds = tuple(args.seeds)
    steps, small = f'steps={args.steps}', f'steps={max(1, args.unet_steps * 16 // 64)}'
    every = ('val_every=300',)
    wanted = [Row(name, name, (steps, *every), seeds) for name in STUDENTS]
    wanted.append(Row('echonet', 'echonet', (steps, *every), seeds))
    if args.unet_steps:
        wanted.append(Row('batvision_unet', 'batvision_unet', (
            f'steps={args.unet_steps}', 'batch=16', 'val_every=100', 'val_images=100'),
            seeds[:args.unet_seeds]))
        wanted += [Row(name + FEW, name, (small, *every), seeds) for name in STUDENTS]
    return [row for row in wanted if not args.only or row.name in args.only]


def train(row: Row, seed: int, args: argparse.Namespace) -> Path:
    """
    Train one run, or go on with it; its output goes to ``train.log`` beside it.

    :returns: its model.
    :raises RuntimeError: it failed.
    """
    folder = row.folder(args.out, seed)
    model = folder / 'model.pt'
    if model.exists():
        check(model, row, args)
        return model
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, '-m', 'echo_depth_ros.cli', 'train', str(args.data),
               '--config', row.config, '--out', str(folder), '--seed', str(seed),
               '--threads', str(args.threads)]
    for setting in row.settings:
        command += ['--set', setting]
    if row.taught:
        command += ['--teacher-depth', str(args.teacher_depth),
                    '--teacher-material', str(args.teacher_material)]
    with (folder / 'train.log').open('a') as log:
        code = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT).returncode
    if code:
        raise RuntimeError(f'{" ".join(command)} ended with {code}; see {folder / "train.log"}')
    return model


def check(model: Path, row: Row, args: argparse.Namespace) -> None:
    """
    Make sure that a model from earlier is of the row that is asked for now.

    :raises RuntimeError: it had another configuration.
    """
    there = load_model(model)[1]['config']
    here = load_config(row.config, row.settings).to_dict()
    if there != here:
        raise RuntimeError(f'{model} was trained with another configuration than {row.config} '
                           f'with {", ".join(row.settings)}; choose another --out, or remove it')


def figures_of(model: Path, args: argparse.Namespace, test: EchoSplit) -> dict[str, float]:
    """Judge a model on the test rooms, or remember what came out."""
    kept = model.with_name('figures.json')
    of = f'{digest(model)} on {len(test)} windows of {args.data.resolve()}'
    values = json.loads(kept.read_text(encoding='utf-8')) if kept.exists() else {}
    if values.get('of') != of:
        values = to_dict(judge({'it': open_predictor(model)}, test, progress=False)) | {'of': of}
        kept.write_text(json.dumps(values, indent=1) + '\n', encoding='utf-8')
    return values['models']['it']


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Mean ± sample standard deviation; the value alone where there is only one."""
    if len(values) == 1:
        return f'{values[0]:.{digits}f}'
    return f'{np.mean(values):.{digits}f} ± {np.std(values, ddof=1):.{digits}f}'


def gains(row: Results, reference: Results) -> dict[str, tuple[float, float, int]]:
    """
    How much better a row is than another one, seed by seed.

    :returns: by figure: mean gain (positive is better), its standard deviation, and in how many
        seeds it is better.
    """
    result = {}
    for name in FIGURES:
        there, here = (np.array(each.figures[name]) for each in (reference, row))
        size = min(len(there), len(here))
        gain = (here[:size] - there[:size]) * (1 if name in HIGHER_IS_BETTER else -1)
        deviation = float(np.std(gain, ddof=1)) if size > 1 else float('nan')
        result[name] = float(gain.mean()), deviation, int((gain > 0).sum())
    return result


def time_models(models: dict[str, Path], folder: Path, threads: int,
                rounds: int) -> dict[str, tuple[float, float, float]]:
    """Parameters in millions, file in MB and median milliseconds of each, all timed in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, model in models.items():
        files[name] = model if model.suffix == '.onnx' else folder / f'{name}.onnx'
        if files[name] != model:
            export(load_model(model)[0], files[name], 'timed only')
    sessions = {name: open_session(path, threads) for name, path in files.items()}
    times = time_in_turn(sessions, rounds)
    return {name: (count_parameters(onnx.load(path)) / 1e6, path.stat().st_size / 1e6,
                   float(np.median(times[name]))) for name, path in files.items()}


def table(results: dict[str, Results], costs: dict[str, tuple[float, float, float]]) -> str:
    """Everything, as Markdown."""
    head = ['row', 'seeds', 'windows seen', 'min', *FIGURES.values(), 'M', 'MB', 'ms']
    lines = ['| ' + ' | '.join(head) + ' |', '|---|' + '---:|' * (len(head) - 1)]
    for name, result in results.items():
        million, megabytes, milliseconds = costs[name]
        seen = ([str(result.windows), f'{np.mean(result.minutes):.0f}'] if result.windows
                else ['–', '–'])  # trained elsewhere
        cells = [name, str(len(result.minutes)), *seen,
                 *(spread(result.figures[figure]) for figure in FIGURES),
                 f'{million:.2f}', f'{megabytes:.1f}', f'{milliseconds:.1f}']
        lines.append('| ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def gains_table(results: dict[str, Results]) -> str:
    """Tell what each taught row gains on the one without distillation, as Markdown."""
    pairs = [(name + kind, REFERENCE + kind) for kind in ('', FEW) for name in STUDENTS
             if name != REFERENCE and {name + kind, REFERENCE + kind} <= results.keys()]
    if not pairs:
        return ''
    head = [f'gain on {REFERENCE} (better in … of … seeds)', *FIGURES.values()]
    lines = ['| ' + ' | '.join(head) + ' |', '|---|' + '---:|' * (len(head) - 1)]
    for name, reference in pairs:
        seeds = min(len(results[each].minutes) for each in (name, reference))
        cells = [f'{mean:+.4f} ± {deviation:.4f} ({better}/{seeds})' if seeds > 1
                 else f'{mean:+.4f}'
                 for mean, deviation, better in gains(results[name], results[reference]).values()]
        lines.append('| ' + ' | '.join([name, *cells]) + ' |')
    return '\n'.join(lines)


def arguments(words: Iterable[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data', type=Path, help='simulated data set')
    parser.add_argument('--out', type=Path, default=Path('runs/study'))
    parser.add_argument('--teacher-depth', type=Path, default=Path('runs/teacher_depth/model.pt'))
    parser.add_argument('--teacher-material', type=Path,
                        default=Path('runs/teacher_material/model.pt'))
    parser.add_argument('--steps', type=int, default=600, help='of 64 windows, each row')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--unet-steps', type=int, default=600,
                        help='of 16 windows, of the U-Net; 0 leaves it out')
    parser.add_argument('--unet-seeds', type=int, default=1, help='of those seeds, for the U-Net')
    parser.add_argument('--only', nargs='+', default=[], metavar='ROW')
    parser.add_argument('--model', action='append', default=[], metavar='NAME=MODEL',
                        help='a further model to judge and time, such as the one that is shipped')
    parser.add_argument('--jobs', type=int, default=2, choices=range(1, 65), metavar='N',
                        help='runs at a time')
    parser.add_argument('--threads', type=int, default=1, help='CPU threads of a run')
    parser.add_argument('--judge-threads', type=int, default=2, help='CPU threads of judging')
    parser.add_argument('--rounds', type=int, default=40, help='of timing')
    parser.add_argument('--train-only', action='store_true')
    parser.add_argument('--json', type=Path, help='write everything here')
    return parser.parse_args(words)


def main() -> int:
    """Train, judge, time, print."""
    args = arguments()
    wanted = rows(args)
    with ThreadPoolExecutor(args.jobs) as pool:
        # Seed by seed, so that a study that is stopped has whole seeds.
        order = sorted(((row, seed) for row in wanted for seed in row.seeds),
                       key=lambda run: (args.seeds.index(run[1]), 'unet' not in run[0].name))
        jobs = {pool.submit(train, row, seed, args): (row.name, seed) for row, seed in order}
        for job in tqdm(as_completed(jobs), total=len(jobs), desc='train', unit='run'):
            job.result()
    if args.train_only:
        return 0

    torch.set_num_threads(args.judge_threads)
    test = open_split(args.data, 'test')
    test.first_range = torch.full_like(test.first_range, torch.nan)  # no need to range echoes
    results, firsts = {}, {}
    for row in tqdm(wanted, desc='judge', unit='row'):
        result = results[row.name] = Results()
        for seed in row.seeds:
            model = row.folder(args.out, seed) / 'model.pt'
            firsts.setdefault(row.name, model)
            about = load_model(model)[1]
            config = about['config']
            result.windows = about['step'] * config['batch']
            result.minutes.append(about['minutes'])
            values = figures_of(model, args, test)
            for name in FIGURES:
                result.figures.setdefault(name, []).append(values[name])
    for named in args.model:
        name, _, path = named.partition('=')
        values = to_dict(judge({name: open_predictor(Path(path))}, test))['models'][name]
        results[name] = Results({figure: [values[figure]] for figure in FIGURES}, 0, [0.0])
        firsts[name] = Path(path)
    costs = time_models(firsts, args.out / 'onnx', 2, args.rounds)
    print(f'{args.data}/test: {len(test)} windows of rooms that no run has seen (simulation); '
          'ms: median of one window in ONNX Runtime, 2 threads, all in turn')
    print(table(results, costs))
    print()
    print(gains_table(results))
    if args.json:
        values = {name: {'windows': r.windows, 'minutes': r.minutes, 'figures': r.figures,
                         'parameters_m': costs[name][0], 'file_mb': costs[name][1],
                         'ms': costs[name][2]} for name, r in results.items()}
        args.json.write_text(json.dumps(values, indent=1) + '\n', encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
