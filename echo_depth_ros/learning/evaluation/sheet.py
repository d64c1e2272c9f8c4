# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A picture of a model's best, median and worst depth images of a split."""

from pathlib import Path

import numpy as np
import torch

from echo_depth_ros.learning.data import EchoSplit
from echo_depth_ros.learning.evaluation.predictors import Predictor, PredictorError


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


def draw_sheet(path: Path, model: Predictor, split: EchoSplit, rel: np.ndarray,
               each: int = 3) -> None:
    """
    Draw camera | true depth | predicted depth | confidence, one row per image.

    Truth and prediction of a row share one colour scale. A model without confidence has its
    error drawn instead.

    :param rel: (N,) the model's REL on each image of ``split``.
    :raises PredictorError: it answered none of them.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = choose(rel, each)
    if not rows:
        raise PredictorError(f'there is nothing to draw in {path}: the model answered none of the '
                             f'{len(rel)} images; expected some depth: is it a trained one?')
    answer = model.predict(split, torch.tensor([index for _, index in rows]))
    figure = Figure(figsize=(10, 2.35 * len(rows)), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(rows), 4, squeeze=False)
    for row, ((name, index), line) in enumerate(zip(rows, axes)):
        truth = split.depth_metres(index)
        guess = answer.depth[row]
        top = float(np.nanpercentile(truth, 99))
        line[0].imshow(_colour(split, index))
        line[0].set_ylabel(f'{name} · {split.shapes[index]} · #{index}', fontsize=8)
        for axis, depth in zip(line[1:3], (truth, guess)):
            # Beyond range is far, not unknown.
            drawn = axis.imshow(np.where(np.isposinf(depth), 12, depth), cmap='viridis_r',
                                vmin=0, vmax=top)
        figure.colorbar(drawn, ax=line[2], label='m', shrink=0.85, pad=0.02)
        line[1].set_title('true depth', fontsize=9)
        line[2].set_title(f'predicted, REL {rel[index]:.3f}', fontsize=9)
        if answer.confidence is None:
            drawn = line[3].imshow((guess - truth) / truth * 100, cmap='RdBu', vmin=-50, vmax=50)
            title, unit = 'error', '%'
        else:
            drawn = line[3].imshow(answer.confidence[row], cmap='magma', vmin=0, vmax=1)
            title, unit = f'confidence, mean {np.nanmean(answer.confidence[row]):.2f}', ''
        line[3].set_title(title, fontsize=9)
        figure.colorbar(drawn, ax=line[3], label=unit, shrink=0.85, pad=0.02)
        for axis in line:
            axis.set_facecolor('0.85')
            axis.set_xticks([])
            axis.set_yticks([])
    axes[0][0].set_title('camera', fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)


def _colour(split: EchoSplit, index: int) -> np.ndarray:
    """RGB (H, W, 3), 0 to 1; grey where the data set has none."""
    if split.rgb is None:
        return np.full((*split.depth.shape[1:], 3), 0.5, np.float32)
    return split.rgb_batch(torch.tensor([index]))[0].permute(1, 2, 0).numpy()
