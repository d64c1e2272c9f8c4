# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is left when a camera sees less: in less light, or less of the room."""

from collections.abc import Sequence

from echo_depth_ros.learning.avs.study.kept import Kept, Model, TestSet
from echo_depth_ros.learning.avs.study.tables import figures_of, Row

LIGHTS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.0)
VIEWS = {'90° × 90°, as trained': (90.0, 90.0), '90° × 60°, as of a ZED': (90.0, 60.0),
         '69° × 42°, as of a RealSense D435': (69.0, 42.0)}
"""Fields of view in degrees, by name."""


def dark_rows(kept: Kept, models: Sequence[Model], test: TestSet,
              lights: Sequence[float] = LIGHTS) -> list[Row]:
    """Figures of each model on the same images in less and less light."""
    rows = []
    for light in lights:
        dimmed = test.in_light(light)
        rows += [Row.of(f'{light:g}', model.name, figures_of(kept, model, dimmed))
                 for model in models]
    return rows


def narrow_rows(kept: Kept, models: Sequence[Model], test: TestSet) -> list[Row]:
    """Figures over the whole image, of which narrower cameras show a part."""
    return [Row.of(name, model.name, figures_of(kept, model, test.through(*view)))
            for name, view in VIEWS.items() for model in models]


def worse_table(rows: Sequence[Row], what: str) -> str:
    """
    Markdown, a row for each degree of it, and three columns for each model.

    :param what: gets worse, for the head.
    """
    models = list(dict.fromkeys(row.method for row in rows))
    head = [what] + [f'{model}: {name}' for model in models
                        for name in ('Abs Rel', 'RMSE', 'δ1')] + ['least coverage', 'images']
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---:|' * len(head)]
    for degree in dict.fromkeys(row.where for row in rows):
        found = {row.method: row for row in rows if row.where == degree}
        cells = [degree]
        for model in models:
            figures = found[model].figures
            cells += [f'{value:.3f}' for value in (figures.abs_rel, figures.rmse, figures.delta1)]
        cells += [f'{min(row.figures.coverage for row in found.values()):.3f}',
                  str(min(row.images for row in found.values()))]
        lines.append('| ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)
