# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Whether a scale is as sure as it says. Simulation only.

    python benchmarks/scale_uncertainty.py [--images 240] [--shape-error 0.1] [--confidence both]

Rooms that no training has seen are heard through the live chain. A relative depth image is made of
their truth: of an unknown unit, and wrong by a smooth random field, as networks are. The student's
depth gives it scale; its error is the log ratio to the scale that the truth gives. Were the
uncertainty that comes with the scale a standard deviation of normal errors, 68 % of the errors
would be within one of it and 95 % within two. More say that it is too large, fewer too small.
"""

import argparse
import math
from pathlib import Path
import sys

import numpy as np
from scipy.ndimage import zoom
from tqdm import tqdm

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.perception.assets import find_model
from echo_depth_ros.perception.echo_depth import EchoDepth
from echo_depth_ros.perception.model import StudentModel
from echo_depth_ros.perception.scaling import ScaleError, scaling_named, SCALINGS
from echo_depth_ros.sim.dataset import simulate_room

POSES = 6
SEED = 3_000_000
"""First room, of a number that no data set uses."""
_FIELD = 6
"""Knots of the error field along each side of an image."""


def distorted(truth: np.ndarray, error: float, rng: np.random.Generator) -> np.ndarray:
    """
    Relative depth of a network that gets shapes about right.

    :param truth: (H, W) metres, NaN where unknown.
    :param error: standard deviation of its log error, which is smooth over the image.
    """
    knots = rng.normal(0, 1, (_FIELD, _FIELD))
    field = zoom(knots, [side / _FIELD for side in truth.shape], order=3)
    return truth * np.exp(error * field / field.std()) * rng.uniform(0.1, 10)


def measure(images: int, error: float, model: Path, with_confidence: bool) -> dict:
    """
    Errors of scales and what they say of themselves.

    :returns: by scaling: (n, 2), log error and uncertainty.
    """
    ears = EchoDepth(StudentModel(model))
    rng = np.random.default_rng(0)
    found: dict[str, list] = {name: [] for name in SCALINGS}
    with tqdm(total=images, unit=' images') as bar:
        for seed in range(SEED, SEED + -(-images // POSES)):
            room = simulate_room(seed, POSES)
            for window, millimetres in zip(room['waveform'], room['depth']):
                bar.update()
                seen = ears.perceive(window.astype(np.float32) / 32767)
                if seen.problem is not None:
                    continue
                truth = np.where(millimetres > 0, millimetres / 1000, np.nan).astype(np.float32)
                relative = distorted(truth, error, rng)
                for name, rows in found.items():
                    kind = 'disparity' if name == 'least_squares' else 'depth'
                    shown = 1 / relative if kind == 'disparity' else relative
                    row = _row(name, kind, shown, truth, seen.depth,
                               seen.confidence if with_confidence else None)
                    if row is not None:
                        rows.append(row)
    return {name: np.array(rows) for name, rows in found.items()}


def _row(name, kind, relative, truth, depth, confidence) -> tuple[float, float] | None:
    fit = scaling_named(name)
    try:
        told, exact = fit(relative, depth, kind, confidence), fit(relative, truth, kind)
    except ScaleError:
        return None
    line = exact.at(told.centre)
    if line <= 0:
        return None
    return math.log(told.at(told.centre) / line), told.uncertainty


def table(found: dict, confidence: str) -> list[str]:
    """Rows of the table, in markdown."""
    rows = []
    for name, values in found.items():
        off, said = np.abs(values[:, 0]), values[:, 1]
        shares = (np.mean(off < k * said) for k in (1, 2))
        rows.append(f'| {name} | {confidence} | {len(off)} | {np.median(off):.1%} | '
                    f'{np.median(said):.1%} | ' + ' | '.join(f'{s:.0%}' for s in shares) + ' |')
    return rows


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--images', type=int, default=240, help='default: %(default)s')
    parser.add_argument('--shape-error', type=float, default=0.1, metavar='SHARE',
                        help='standard deviation of the relative images; default: %(default)s')
    parser.add_argument('--confidence', choices=('with', 'without', 'both'), default='both')
    parser.add_argument('--model', help='student; default: the one that comes along')
    args = parser.parse_args()
    if args.images < 1 or not 0 <= args.shape_error < 1:
        parser.error('--images must be positive, --shape-error from 0 up to 1')
    try:
        model = find_model(args.model)
        rows = [row for chosen in ('with', 'without') if args.confidence in (chosen, 'both')
                for row in table(measure(args.images, args.shape_error, model,
                                         chosen == 'with'), chosen)]
    except EchoDepthError as error:
        print(error, file=sys.stderr)
        return 2
    print('simulation; error of the scale against what it says of itself\n')
    print('| scaling | confidence | images | median error | median uncertainty | within 1 σ '
          '(68 %) | within 2 σ (95 %) |\n|---|---|---:|---:|---:|---:|---:|')
    print('\n'.join(rows))
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
