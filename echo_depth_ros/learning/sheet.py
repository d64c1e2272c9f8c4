# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A picture of a student's best, median and worst depth images of a split."""

from pathlib import Path

import numpy as np

from echo_depth_ros.learning.dataset import EchoSplit
from echo_depth_ros.perception.model import StudentModel


def choose(rel: np.ndarray, each: int) -> list[tuple[str, int]]:
    """
    Images to show, with what they are.

    :param rel: (N,) error of each image; NaN is left out.
    :param each: how many of the best, of the middle and of the worst.
    """
    order = np.argsort(rel)
    order = order[:np.isfinite(rel).sum()]
    each = min(each, max(len(order) // 3, 1))
    middle = (len(order) - each) // 2
    groups = (('best', order[:each]), ('median', order[middle:middle + each]),
              ('worst', order[-each:][::-1]))
    return [(name, int(index)) for name, group in groups for index in group]


def draw_sheet(path: Path, model: StudentModel, split: EchoSplit, rel: np.ndarray,
               each: int = 3) -> None:
    """
    Draw colour | true depth | echo depth | error, one row per image.

    :param rel: (N,) the student's REL on each image of ``split``.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = choose(rel, each)
    figure = Figure(figsize=(10, 2.3 * len(rows)), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(rows), 4, squeeze=False)
    for (name, index), line in zip(rows, axes):
        truth = split.depth_metres(index)
        guess = model.infer(split[index][0].numpy())
        error = (guess - truth) / truth
        top = float(np.nanpercentile(truth, 99))
        line[0].imshow(_colour(split, index))
        for axis, depth in zip(line[1:3], (truth, guess)):
            drawn = axis.imshow(depth, cmap='viridis_r', vmin=0, vmax=top)
        figure.colorbar(drawn, ax=line[2], label='m', shrink=0.8)
        drawn = line[3].imshow(error * 100, cmap='RdBu', vmin=-50, vmax=50)
        figure.colorbar(drawn, ax=line[3], label='%', shrink=0.8)
        line[0].set_ylabel(f'{name}\n{split.shapes[index]}, REL {rel[index]:.3f}', fontsize=8)
        for axis in line:
            axis.set_xticks([])
            axis.set_yticks([])
    for axis, title in zip(axes[0], ('camera', 'true depth', 'echo depth', 'error')):
        axis.set_title(title, fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)


def _colour(split: EchoSplit, index: int) -> np.ndarray:
    """RGB (H, W, 3) from the sample's file, grey where it has none."""
    if split.sources:
        file, inside = split.sources[index]
        with np.load(file, allow_pickle=False) as room:
            if 'rgb' in room:
                return room['rgb'][inside]
    return np.full((*split.depth.shape[1:], 3), 128, np.uint8)
