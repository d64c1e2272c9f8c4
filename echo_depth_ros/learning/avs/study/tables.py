# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tables 1 and 2 of AVS-Net, on simulated rooms, beside what the paper reports of real ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from echo_depth_ros.learning.avs.evaluate import scaled, unscaled
from echo_depth_ros.learning.avs.figures import avs_figures, AvsFigures, mean_figures
from echo_depth_ros.learning.avs.study.kept import Kept, MAX_DEPTH, Model, TestSet
from echo_depth_ros.learning.avs.study.published import Published

HEADS = ('Abs Rel', 'Sq Rel', 'RMSE', 'RMSE log', 'δ1', 'δ2', 'δ3')
SIMULATION, PAPER = 'simulation', 'paper, real rooms'
NO_SCALING, ZERO_SHOT = 'No', 'No (zero-shot)'
DISPARITY_ONLY = ('least_squares',)
"""Scalings that are for models of disparity: their shift has no meaning in depth."""


@dataclass(frozen=True)
class Row:
    """
    A row of either table.

    :ivar where: test set, or the relative model of Table 2.
    :ivar method: model, or whose scale was taken.
    :ivar scaling: how, '' where nothing was scaled.
    :ivar images: that have figures.
    :ivar source: :data:`SIMULATION` or :data:`PAPER`.
    """

    where: str
    method: str
    figures: AvsFigures
    images: int
    scaling: str = ''
    source: str = SIMULATION

    @classmethod
    def of(cls, where: str, method: str, images: list[AvsFigures], scaling: str = '') -> 'Row':
        """Average over images."""
        return cls(where, method, *mean_figures(images), scaling)

    @classmethod
    def from_paper(cls, row: Published, scaling: str = '') -> 'Row':
        """Take over what the paper has, which tells neither coverage nor images of a row."""
        figures = AvsFigures(*row.values, float('nan'))
        return cls(row.where, row.method, figures, 0, scaling, PAPER)

    def to_dict(self) -> dict[str, Any]:
        """Plain types, for JSON, which has no NaN."""
        figures = {name: None if np.isnan(value) else value
                   for name, value in self.figures._asdict().items()}
        return {'where': self.where, 'method': self.method, 'scaling': self.scaling,
                'source': self.source, 'images': self.images, **figures}


def figures_of(kept: Kept, model: Model, test: TestSet) -> list[AvsFigures]:
    """Figures of a model as it is, image by image; of disparity the reciprocal is judged."""
    def work_out() -> list[AvsFigures]:
        depth = unscaled(kept.said(model, test).depth, model.kind)
        return [avs_figures(*pair, MAX_DEPTH) for pair in zip(depth, test.truth)]
    return kept.figures(f'{model.mark} {model.kind} {test.mark}', work_out)


def scaled_figures(kept: Kept, relative: Model, source: Model | None, scaling: str,
                   test: TestSet) -> list[AvsFigures]:
    """
    Figures of a relative model that was given the scale of another, image by image.

    :param source: None is the truth. That is no bound: the median that fits the truth is not the
        scale of the least error. Where a source tells its confidence, pixels weigh by that, as in
        the node.
    """
    def work_out() -> list[AvsFigures]:
        return [avs_figures(depth, truth, MAX_DEPTH) for depth, truth in zip(
            scaled_depth(kept, relative, source, scaling, test), test.truth)]
    mark = 'truth' if source is None else source.mark
    return kept.figures(f'{relative.mark} {relative.kind} {scaling} of {mark} {test.mark}',
                        work_out)


def scaled_depth(kept: Kept, relative: Model, source: Model | None, scaling: str,
                 test: TestSet) -> Iterable[np.ndarray]:
    """Depth images (H, W) of a relative model, in metres by the scale of another."""
    shapes = kept.said(relative, test).depth
    metric, sure = (test.truth, None) if source is None else kept.said(source, test)
    for index, shape in enumerate(shapes):
        yield scaled(shape, metric[index], scaling, relative.kind,
                     None if sure is None else sure[index])


def table_1(kept: Kept, models: Sequence[Model], sets: dict[str, Sequence[TestSet]]) -> list[Row]:
    """
    Rows of Table 1: models in domain and across domains.

    :param sets: by name, each of one or several sets that are judged as one.
    """
    return [Row.of(name, model.name, [figures for test in tests
                                      for figures in figures_of(kept, model, test)])
            for name, tests in sets.items() for model in models]


def table_2(kept: Kept, relatives: Sequence[Model], sources: dict[str, Model | None],
            scalings: Sequence[str], tests: Sequence[TestSet]) -> list[Row]:
    """
    Rows of Table 2: relative models without scale, and with that of each source.

    :param sources: by what their scaling is called; None is the truth.
    """
    rows = []
    for relative in relatives:
        own = [figures for test in tests for figures in figures_of(kept, relative, test)]
        rows.append(Row.of(relative.name, ZERO_SHOT if relative.metric else NO_SCALING, own))
        for scaling in scalings:
            if scaling in DISPARITY_ONLY and relative.kind != 'disparity':
                continue
            for name, source in sources.items():
                images = [figures for test in tests for figures in scaled_figures(
                    kept, relative, source, scaling, test)]
                rows.append(Row.of(relative.name, name, images, scaling))
    return rows


def markdown(rows: Sequence[Row], where: str, method: str) -> str:
    """
    Rows as a Markdown table.

    :param where: head of the first column, and ``method`` of the second.
    """
    several = any(row.scaling for row in rows)
    head = [where, method, *(['scaling'] if several else []), *HEADS, 'coverage', 'images', '']
    lines = ['| ' + ' | '.join(head) + ' |',
             '|---|---|' + '---|' * several + '---:|' * 9 + '---|']
    for row in rows:
        cells = [row.where, row.method, *([row.scaling or '–'] if several else []),
                 *('–' if np.isnan(value) else f'{value:.3f}' for value in row.figures[:7]),
                 '–' if row.source == PAPER else f'{row.figures.coverage:.3f}',
                 '–' if row.source == PAPER else str(row.images), row.source]
        lines.append('| ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)
