# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A picture of some samples of a data set, so that one sees what a network will learn from."""

from pathlib import Path

import numpy as np

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.spectrogram import spectrogram
from echo_depth_ros.learning.data.split import EchoSplit
from echo_depth_ros.learning.data.statistics import spread

_EARS = (('L', 'tab:blue', 1), ('R', 'tab:orange', -1))
"""Name, colour and height in the picture."""
_LOWEST_DB = -70
_MATERIALS = 17


def draw_contact_sheet(path: Path, splits: dict[str, EchoSplit], fmt: PingFormat = PingFormat(),
                       rows: int = 9, title: str = '') -> None:
    """
    Draw waveform | spectrogram | depth | colour | material, one row a sample.

    :param splits: what to draw from, by name; the rows are shared out evenly.
    :param rows: how many samples in all, at least one of each split.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    each = max(rows // len(splits), 1)
    chosen = [(name, split, int(index)) for name, split in splits.items()
              for index in spread(len(split), each)]
    titles = ['both ears', 'spectrogram, louder ear', 'depth',
              *(['colour'] if any(split.rgb is not None for split in splits.values()) else []),
              *(['material'] if any(split.material is not None for split in splits.values())
                else [])]
    figure = Figure(figsize=(8.6 + 1.9 * (len(titles) - 2), 1.75 * len(chosen) + 0.9),
                    layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(chosen), len(titles), squeeze=False, width_ratios=[
        2.2, 2.2, 1.22, *[1] * (len(titles) - 3)])
    for line, (name, split, index) in zip(axes, chosen):
        _draw_sound(line, split, index, fmt)
        line[0].set_ylabel(f'{name} #{index}\n{split.shapes[index]}', fontsize=8)
        shown = line[2].imshow(split.depth_metres(index), cmap='viridis_r', vmin=0)
        bar = figure.colorbar(shown, ax=line[2], shrink=0.92, pad=0.03, aspect=14)
        bar.ax.tick_params(labelsize=7)
        bar.ax.set_title('m', fontsize=7, pad=3)
        column = 3
        if 'colour' in titles:
            _draw_image(line[column], split.rgb, index)
            column += 1
        if 'material' in titles:
            _draw_image(line[column], split.material, index, cmap=_palette(), vmin=-0.5,
                        vmax=_MATERIALS - 0.5, interpolation='nearest')
        for axis in line[2:]:
            axis.set_facecolor('0.85')
            axis.set_xticks([])
            axis.set_yticks([])
    for axis, text in zip(axes[0], titles):
        axis.set_title(text, fontsize=9)
    for axis in axes[-1][:2]:
        axis.set_xlabel('ms after the direct sound', fontsize=8)
    figure.suptitle(title, fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)


def _draw_sound(line, split: EchoSplit, index: int, fmt: PingFormat) -> None:
    window = split[index][0].numpy()
    times = (np.arange(fmt.window) - fmt.direct_index) / fmt.sample_rate * 1000
    peak = float(np.abs(window).max())
    for ear, (_, colour, place) in zip(window, _EARS):
        line[0].plot(times, place + ear / max(peak, 1e-9), color=colour, linewidth=0.5)
    line[0].axvline(0, color='black', linestyle='--', linewidth=0.7)
    line[0].set_xlim(times[0], times[-1])
    line[0].set_ylim(-2.1, 2.1)
    line[0].set_yticks([place for *_, place in _EARS], [name for name, *_ in _EARS])
    line[0].text(0.99, 0.97, f'peak {peak:.2g}', ha='right', va='top', fontsize=7,
                 transform=line[0].transAxes)
    louder = int(np.abs(window[1]).max() > np.abs(window[0]).max())
    power = spectrogram(window, fmt)[louder]**2
    level = 10 * np.log10(power / max(power.max(), 1e-20) + 1e-12)
    line[1].imshow(level, origin='lower', aspect='auto', cmap='magma', vmin=_LOWEST_DB, vmax=0,
                   extent=(times[0], times[-1], 0, fmt.sample_rate / 2000))
    line[1].set_ylabel('kHz', fontsize=7, labelpad=1)
    for axis in line[:2]:
        axis.tick_params(labelsize=7)


def _draw_image(axis, images, index: int, **how) -> None:
    if images is None:
        axis.text(0.5, 0.5, 'none', ha='center', va='center', transform=axis.transAxes)
    else:
        axis.imshow(images[index].numpy(), **how)


def _palette():
    """One colour a material, no surface grey."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap
    return ListedColormap([(0.85, 0.85, 0.85), *colormaps['tab20'].colors[:_MATERIALS - 1]])
