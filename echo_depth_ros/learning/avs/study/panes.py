# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Mirrors and glass fronts, which show a place that is not there and echo where they are."""

from collections.abc import Iterable

import numpy as np
import torch

from echo_depth_ros.learning.avs.figures import avs_figures, AvsFigures
from echo_depth_ros.learning.avs.study.kept import Kept, MAX_DEPTH, Model, TestSet
from echo_depth_ros.learning.avs.study.tables import Row, scaled_depth
from echo_depth_ros.learning.data import DatasetError

LEAST_SHARE = 0.1
"""Of an image that panes must fill."""
PANE, WHOLE = 'pane', 'whole image'


def with_panes(test: TestSet, glass: int) -> tuple[TestSet, np.ndarray]:
    """
    Choose the images that panes fill a good part of.

    :param glass: number of the panes' material.
    :returns: these, and where their panes are, (N, H, W).
    :raises DatasetError: no image has a pane of that size.
    """
    pane = test.split.material_batch(torch.arange(len(test))).numpy() == glass
    chosen = np.flatnonzero(pane.mean((1, 2)) >= LEAST_SHARE)
    if not len(chosen):
        raise DatasetError(f'{test.name}: no image shows a pane on {LEAST_SHARE:.0%} of it; '
                           'expected rooms with mirrors or glass fronts')
    return test.some(chosen), pane[chosen]


def pane_rows(kept: Kept, models: Iterable[Model], test: TestSet, glass: int,
              relative: Model | None = None, sources: dict[str, Model] | None = None) -> list[Row]:
    """
    Figures on the panes alone and on all of the images that show them.

    :param relative: model that is given the median scale of each of ``sources``.
    """
    shown, pane = with_panes(test, glass)
    said = {model.name: kept.said(model, shown).depth for model in models}
    if relative is not None:
        said |= {f'{relative.name}, scaled by {name}': scaled_depth(
            kept, relative, source, 'median', shown) for name, source in (sources or {}).items()}
    rows = []
    for name, depth in said.items():
        on_pane, whole = _judge(depth, shown.truth, pane)
        rows += [Row.of(f'{test.name}: {PANE}', name, on_pane),
                 Row.of(f'{test.name}: {WHOLE}', name, whole)]
    return sorted(rows, key=lambda row: row.where)


def _judge(depth: Iterable[np.ndarray], truth: np.ndarray, pane: np.ndarray,
           ) -> tuple[list[AvsFigures], list[AvsFigures]]:
    on_pane, whole = [], []
    for guess, true, glass in zip(depth, truth, pane):
        on_pane.append(avs_figures(guess, np.where(glass, true, 0), MAX_DEPTH))
        whole.append(avs_figures(guess, true, MAX_DEPTH))
    return on_pane, whole
