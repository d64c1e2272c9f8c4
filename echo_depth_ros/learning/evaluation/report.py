# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An evaluation as Markdown tables and as plain types for JSON."""

import math
from typing import Iterable, Optional

from echo_depth_ros.learning.evaluation.judge import Evaluation
from echo_depth_ros.learning.evaluation.reliability import GOALS
from echo_depth_ros.perception.metrics import DepthFigures

_COLUMNS = {'rmse_norm': 'RMSE', 'rel': 'REL', 'log10': 'log10', 'delta1': 'δ1', 'delta2': 'δ2',
            'delta3': 'δ3', 'rmse': 'RMSE m', 'mae': 'MAE m', 'coverage': 'coverage'}
"""First the columns of Table 1 of V2E-CCL, in its order: RMSE there is divided by 12 m."""


def figures_table(result: Evaluation) -> str:
    """All models, then the baselines, in the columns of Table 1 and a few more."""
    rows = [(name, judged.mean()) for name, judged in result.models.items()]
    rows += [(name, judged.mean()) for name, judged in result.baselines.items()]
    if result.baselines:
        rows += [('**best constant image**', result.best_baseline('constant')),
                 ('**best scaled mean image**', result.best_baseline('scaled mean'))]
    return _figures('method', rows)


def breakdown_tables(result: Evaluation, name: str) -> str:
    """One model by true distance, and by kind of room."""
    rows = [(f'{row.near:g}–{row.far:g} m', row.share, row.rel, row.mae, row.delta1)
            for row in result.models[name].distances.rows()]
    rooms = [(f'{shape} ({count})', figures)
             for shape, (count, figures) in sorted(result.by_room(name).items())]
    return '\n\n'.join((
        _table((f'{name}, by true depth', 'share of pixels', 'REL', 'MAE m', 'δ1'), rows),
        _figures(f'{name}, by room (images)', rooms)))


def confidence_table(result: Evaluation) -> Optional[str]:
    """Tell what the confidence of each model is worth; None where none has any."""
    rows = []
    for name, judged in result.models.items():
        if judged.reliability is not None:
            kept = [judged.reliability.keep(goal) for goal in GOALS]
            rows.append((name, judged.reliability.calibration_error(), judged.reliability.brier(),
                         *(value for one in kept for value in (one.share, one.threshold))))
    if not rows:
        return None
    kept = (word for goal in GOALS for word in (f'pixels kept at δ1 ≥ {goal}', 'threshold'))
    return _table(('confidence', 'ECE', 'Brier', *kept), rows)


def range_table(result: Evaluation) -> Optional[str]:
    """Return the classical first echo against the truth; None where that is not known."""
    if not result.ranges:
        return None
    return _table(
        ('range without a network', 'against', 'median error m', 'p95 m', 'no echo', 'windows'),
        [(row.echo, row.truth, row.median, row.p95, row.without, row.windows)
         for row in result.ranges])


def to_dict(result: Evaluation) -> dict:
    """Plain types, for JSON; what is not known is None."""
    values = {
        'protocol': result.protocol, 'images': result.images,
        'empty': int(result.empty.sum()), 'refused': int(result.refused.sum()),
        'models': {
            name: judged.mean()._asdict() | {
                'distances': [row._asdict() for row in judged.distances.rows()],
                'rooms': {shape: {'images': count} | figures._asdict()
                          for shape, (count, figures) in result.by_room(name).items()},
                'confidence': judged.reliability and judged.reliability.to_dict()}
            for name, judged in result.models.items()},
        'baselines': {name: judged.mean()._asdict() for name, judged in result.baselines.items()},
        'first_echo': [row._asdict() for row in result.ranges]}
    if result.baselines:
        values['best_constant'] = result.best_baseline('constant')._asdict()
        values['best_scaled_mean'] = result.best_baseline('scaled mean')._asdict()
    return _without_nan(values)


def _figures(head: str, rows: Iterable[tuple[str, DepthFigures]]) -> str:
    return _table((head, *_COLUMNS.values()),
                  [(name, *(getattr(figures, column) for column in _COLUMNS))
                   for name, figures in rows])


def _table(head: tuple[str, ...], rows: list[tuple]) -> str:
    """Markdown, its columns padded so that it also reads well in a terminal."""
    lines = [head, *(tuple(_cell(value) for value in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    words = [rows != [] and isinstance(rows[0][column], str) for column in range(len(head))]
    rule = '|'.join('-' * (width + 2) if word else '-' * (width + 1) + ':'
                    for width, word in zip(widths, words))
    drawn = [' | '.join(cell.ljust(width) if word else cell.rjust(width)
                        for cell, width, word in zip(line, widths, words)) for line in lines]
    return '\n'.join((f'| {drawn[0]} |', f'|{rule}|', *(f'| {line} |' for line in drawn[1:])))


def _cell(value: str | int | float) -> str:
    if isinstance(value, float):
        return '–' if math.isnan(value) else f'{value:.3f}'
    return str(value)


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
