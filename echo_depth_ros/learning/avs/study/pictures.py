# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of the study."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
import numpy as np

from echo_depth_ros.learning.avs.study.kept import MAX_DEPTH
from echo_depth_ros.learning.avs.study.same_look import SameLook, SizeSense
from echo_depth_ros.learning.avs.study.tables import Row

STYLES = ('#b3001b', '#0b6e4f', '#c77700', '#1f4e9c')
MARKS = 'osD^'


def draw_same_look(senses: Sequence[SizeSense], look: SameLook, file: Path) -> Path:
    """Draw one image, the medians of its depth at all sizes, and the error of all images."""
    slopes = [sense.slopes for sense in senses]
    usable = np.flatnonzero(np.all(np.isfinite(slopes), axis=0))
    # Of the deeper half, the image at which all models are about as good as they usually are.
    depth = senses[0].truth[0, usable]
    deep = usable[depth >= np.median(depth)]
    apart = sum(np.abs(slope[deep] - np.median(slope[usable])) for slope in slopes)
    index = int(deep[np.argmin(apart)])
    figure = Figure(figsize=(11, 3.6), layout='constrained')
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1.4, 1.4))
    sizes = list(look.sets)
    left.imshow(look.sets[min(sizes, key=lambda size: abs(size - 1))].split.rgb[index].numpy())
    left.set_title(f'the same image at {len(sizes)} sizes\n(× {sizes[0]:g} to × {sizes[-1]:g})',
                   fontsize=10)
    bare(left)
    truth = np.exp(senses[0].truth[:, index])
    middle.plot(truth, truth, color='black', linewidth=1, label='truth')
    for number, sense in enumerate(senses):
        style = {'color': STYLES[number % 4], 'marker': MARKS[number % 4], 'label': sense.model}
        middle.plot(truth, np.exp(sense.said[:, index]), **style)
        right.plot(sense.sizes, 100 * np.nanmedian(sense.errors, axis=1), **style)
    middle.set(xlabel='true median depth, m', ylabel='predicted, m', xlim=(0, None),
               ylim=(0, None))
    right.set(xlabel='size of everything', ylabel='median scale error, %', ylim=(0, None))
    middle.legend(frameon=False, fontsize=8)
    middle.set_title('median depth of that image', fontsize=10)
    right.set_title(f'all {len(usable)} images', fontsize=10)
    return saved(figure, file, 'Rooms that look the same and are not of one size (simulation)')


def draw_dark(rows: Sequence[Row], file: Path) -> Path:
    """Draw what is left of Abs Rel and δ1 in less light."""
    figure = Figure(figsize=(8, 3.2), layout='constrained')
    lights = list(dict.fromkeys(row.where for row in rows))
    for axis, (name, head) in zip(figure.subplots(1, 2), (('abs_rel', 'Abs Rel'),
                                                          ('delta1', 'δ1'))):
        for number, model in enumerate(dict.fromkeys(row.method for row in rows)):
            axis.plot(range(len(lights)),
                      [getattr(row.figures, name) for row in rows if row.method == model],
                      color=STYLES[number % 4], marker=MARKS[number % 4], label=model)
        axis.set_xticks(range(len(lights)), lights)
        axis.set(xlabel='light', ylabel=head, ylim=(0, None))
        axis.legend(frameon=False, fontsize=8)
    return saved(figure, file, 'In less and less light (simulation)')


def saved(figure: Figure, file: Path, title: str) -> Path:
    """Give a figure its title and write it."""
    figure.suptitle(title)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)
    return file


def show_depth(axis: Axes, depth: np.ndarray, top: float, title: str) -> None:
    """Draw a depth image (H, W), grey where nothing is known."""
    drawn = np.where(depth > 0, np.minimum(depth, MAX_DEPTH), np.nan)
    axis.set_facecolor('0.85')
    image = axis.imshow(drawn, cmap='viridis_r', vmin=0, vmax=top)
    axis.figure.colorbar(image, ax=axis, shrink=0.8, pad=0.02)
    axis.set_title(title, fontsize=9)
    bare(axis)


def bare(axis: Axes) -> None:
    """Take the ticks away."""
    axis.set_xticks([])
    axis.set_yticks([])
