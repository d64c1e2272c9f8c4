# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One picture of one ping: what the ears heard, and what the student saw in it."""

import math
from pathlib import Path

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
import numpy as np

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.spectrogram import spectrogram
from echo_depth_ros.perception.echo_depth import Perception

_EARS = (('left', 'tab:blue'), ('right', 'tab:orange'))


def draw_perception(path, heard: Perception, fmt: PingFormat, title: str = '') -> None:
    """
    Draw both ears and their spectrogram on the left, depth and its confidence on the right.

    The direct sound and the first echo are marked; time counts from the direct sound, and the
    axis on top says what range it stands for.

    :param path: where to write; its suffix chooses the format.
    :param heard: with a window; without depth, the right half says why. Without confidence, depth
        has that half for itself.
    """
    sure = heard.depth is not None and heard.confidence is not None
    figure = Figure(figsize=(15, 5) if sure else (11, 5), layout='constrained')
    FigureCanvasAgg(figure)
    left, right = figure.subfigures(1, 2, width_ratios=(1.1, 1.9 if sure else 1))
    above, below = left.subplots(2, 1, sharex=True)
    _draw_waveform(above, heard, fmt)
    _draw_spectrogram(below, heard, fmt)
    if sure:
        right, rightmost = right.subfigures(1, 2)
        _draw_confidence(rightmost, heard)
    _draw_depth(right, heard)
    figure.suptitle(title)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _milliseconds(samples, fmt: PingFormat):
    return 1e3 * (samples - fmt.direct_index) / fmt.sample_rate


def _draw_waveform(axes: Axes, heard: Perception, fmt: PingFormat) -> None:
    time = _milliseconds(np.arange(fmt.window), fmt)
    for samples, (ear, colour) in zip(heard.window, _EARS):
        axes.plot(time, samples, color=colour, linewidth=0.6, alpha=0.7, label=f'{ear} ear')
    _mark_arrivals(axes, heard, 'black')
    axes.set_ylabel('amplitude')
    axes.legend(loc='upper right', fontsize='small', ncols=2)
    top = axes.secondary_xaxis('top', functions=(
        lambda ms: fmt.samples_to_range(ms * fmt.sample_rate / 1e3),
        lambda metres: fmt.range_to_samples(metres) * 1e3 / fmt.sample_rate))
    top.set_xlabel('range of an echo [m]')


def _draw_spectrogram(axes: Axes, heard: Perception, fmt: PingFormat) -> None:
    power = np.mean(spectrogram(heard.window, fmt)**2, axis=0)
    level = 10 * np.log10(power / max(power.max(), 1e-20) + 1e-8)
    axes.imshow(level, origin='lower', aspect='auto', cmap='magma', vmin=-70, vmax=0, extent=(
        _milliseconds(0, fmt), _milliseconds(fmt.window, fmt), 0, fmt.sample_rate / 2000))
    _mark_arrivals(axes, heard, 'white')
    axes.set_xlabel('time after the direct sound [ms]')
    axes.set_ylabel('frequency [kHz]')


def _mark_arrivals(axes: Axes, heard: Perception, direct_colour: str) -> None:
    axes.axvline(0, color=direct_colour, linestyle='--', linewidth=1, label='direct sound')
    if heard.echo is not None and math.isfinite(heard.range_m):
        axes.axvline(1e3 * heard.echo.delay_s, color='tab:red', linestyle='--', linewidth=1,
                     label=f'first echo, {heard.range_m:.2f} m')


def _draw_depth(part, heard: Perception) -> None:
    axes = _bare(part)
    if heard.depth is None:
        axes.set_title('no depth image')
        axes.text(0.5, 0.5, heard.problem or 'range only', ha='center', va='center', wrap=True,
                  transform=axes.transAxes)
        return
    # Far is dark, like the night beyond a lamp's reach; unknown is a grey that depth never has.
    colours = colormaps['viridis_r'].with_extremes(bad='lightgrey')
    finite = heard.depth[np.isfinite(heard.depth)]
    limits = {'vmin': 0, 'vmax': float(finite.max())} if finite.size else {'vmin': 0, 'vmax': 1}
    image = axes.imshow(np.ma.masked_invalid(heard.depth), cmap=colours, **limits)
    beyond = np.isposinf(heard.depth)
    if beyond.any():
        axes.imshow(np.where(beyond[..., None], (0, 0, 0, 1.0), (0, 0, 0, 0)))
    part.colorbar(image, ax=axes, label='depth [m]', shrink=0.8)
    axes.set_title('echo depth')
    legend = [text for text, there in (
        ('black: beyond range', beyond.any()), ('grey: unknown', np.isnan(heard.depth).any()))
        if there]
    axes.set_xlabel(', '.join(legend))


def _draw_confidence(part, heard: Perception) -> None:
    axes = _bare(part)
    colours = colormaps['cividis'].with_extremes(bad='lightgrey')
    image = axes.imshow(np.ma.masked_invalid(heard.confidence), cmap=colours, vmin=0, vmax=1)
    part.colorbar(image, ax=axes, label='chance of depth within 25 %', shrink=0.8)
    axes.set_title('confidence')
    axes.set_xlabel('grey: unknown' if np.isnan(heard.confidence).any() else '')


def _bare(part) -> Axes:
    axes = part.subplots()
    axes.set_xticks([])
    axes.set_yticks([])
    return axes
