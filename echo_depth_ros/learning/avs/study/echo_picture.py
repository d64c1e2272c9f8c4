# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The paper's Fig. 6, and what it lacks: the attended delay against the true one."""

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
import numpy as np
import torch

from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND
from echo_depth_ros.learning.avs.network import AvsNet
from echo_depth_ros.learning.avs.study.echo_time import (
    column_ranges,
    grad_cam,
    Listened,
    Reading,
    STAGE,
)
from echo_depth_ros.learning.avs.study.kept import Kept, MAX_DEPTH, Model, TestSet
from echo_depth_ros.learning.avs.study.pictures import bare, saved, show_depth

_FMT = PingFormat()
_DIRECT = _FMT.samples_to_range(_FMT.chirp_samples)
_BINS = 26


def draw_following(listened: Mapping[str, Listened], true: np.ndarray, file: Path) -> Path:
    """
    Draw what is listened to, a column for each moment and a row for each distance of the wall.

    :param listened: by what asked.
    :param true: (N,) true range of the wall, metres.
    """
    figure = Figure(figsize=(4.6 * len(listened), 4.6), layout='constrained')
    near, far = np.nanmin(true), np.nanmax(true)
    edges = np.linspace(near, far + 1e-6, min(_BINS, len(np.unique(true))) + 1)
    for axis, (name, asked) in zip(figure.subplots(1, len(listened), squeeze=False)[0],
                                   listened.items()):
        rows = _by_distance(asked, true, edges)
        late = asked.ranges > _DIRECT
        top = np.nanmax(rows[:, late], initial=1e-12)
        step = np.diff(asked.ranges).mean()
        across = np.append(asked.ranges - step / 2, asked.ranges[-1] + step / 2)
        axis.pcolormesh(across, edges, rows, cmap='magma', vmin=0, vmax=top)
        axis.plot([near, far], [near, far], color='white', linewidth=1.2, linestyle='--',
                  label='echo of the wall')
        axis.axvline(_DIRECT, color='0.6', linewidth=0.8)
        axis.set(xlim=(0, min(MAX_DEPTH, asked.ranges[-1])), xlabel='listened to, m')
        axis.set_title(name, fontsize=10)
        axis.legend(loc='lower right', fontsize=8, labelcolor='white', facecolor='black')
        _in_milliseconds(axis)
    figure.axes[0].set_ylabel('wall straight ahead, m')
    return saved(figure, file, 'When the network listens, as the robot drives at a wall '
                               '(simulation); left of the grey line is the direct sound')


def draw_panels(kept: Kept, network: AvsNet, models: Mapping[str, Model], test: TestSet,
                true: np.ndarray, file: Path, stage: int = STAGE) -> Path:
    """
    Draw what is seen, true and predicted depth, and the spectrogram with Grad-CAM on it.

    :param models: those whose depth is drawn, by name; the last listens.
    :param test: a few samples, a row each.
    :param true: (N,) true range of the wall, metres.
    """
    cams = grad_cam(network, test, stage)
    answers = {name: kept.said(model, test).depth for name, model in models.items()}
    columns = 3 + len(models)
    figure = Figure(figsize=(2.5 * columns + 1.5, 2.4 * len(test)), layout='constrained')
    axes = figure.subplots(len(test), columns, squeeze=False,
                           width_ratios=[1] * (columns - 1) + [1.9])
    with torch.no_grad():
        heard = network.echo.magnitude(test.split.batch(torch.arange(len(test)))[0])
    for row, line in enumerate(axes):
        truth = test.truth[row]
        top = float(np.percentile(truth[truth > 0], 99)) if (truth > 0).any() else MAX_DEPTH
        line[0].imshow(test.split.rgb[row].numpy())
        line[0].set_title(f'wall {true[row]:.1f} m ahead', fontsize=9)
        bare(line[0])
        show_depth(line[1], truth, top, 'true depth, m')
        for axis, (name, depth) in zip(line[2:], answers.items()):
            show_depth(axis, depth[row], top, name)
        _spectrogram(line[-1], heard[row].mean(0).numpy(), Reading(cams.maps[row:row + 1],
                                                                   cams.ranges), true[row])
    return saved(figure, file, 'What is seen, said and listened to (simulation)')


def _spectrogram(axis: Axes, heard: np.ndarray, cam: Reading, true: float) -> None:
    """Both ears' spectrogram (F, T) in grey, and Grad-CAM over it."""
    ranges = column_ranges(heard.shape[1])
    nyquist = _FMT.sample_rate / 2000
    extent = (ranges[0], ranges[-1], 0, nyquist)
    level = 20 * np.log10(heard + 1e-6)
    axis.imshow(level, origin='lower', aspect='auto', extent=extent, cmap='gray',
                vmin=np.percentile(level, 20), vmax=level.max())
    step = np.diff(cam.ranges).mean()
    wide = (cam.ranges[0] - step / 2, cam.ranges[-1] + step / 2, 0, nyquist)
    shown = cam.maps[0]
    axis.imshow(shown, origin='lower', aspect='auto', extent=wide, cmap='inferno',
                alpha=0.65 * np.clip(shown, 0, 1), interpolation='bilinear')
    axis.axvline(true, color='#37d67a', linestyle='--', linewidth=1.2)
    axis.set(xlim=(0, MAX_DEPTH), xlabel='m', ylabel='kHz')
    axis.set_title('STFT and Grad-CAM; dashed: the wall', fontsize=9)


def _by_distance(asked: Listened, true: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Mean profile (bins, T) of the images of each distance, each image weighing the same."""
    late = asked.ranges > _DIRECT
    total = asked.profile[:, late].sum(1, keepdims=True)
    even = np.where(total > 0, asked.profile / np.where(total > 0, total, 1), np.nan)
    place = np.digitize(true, edges) - 1
    rows = np.full((len(edges) - 1, asked.profile.shape[1]), np.nan)
    for number in range(len(rows)):
        some = even[(place == number) & np.isfinite(even).all(1)]
        if len(some):
            rows[number] = some.mean(0)
    return rows


def _in_milliseconds(axis: Axes) -> None:
    """Add an axis of delays after the direct sound."""
    away = _FMT.direct_distance
    upper = axis.secondary_xaxis('top', functions=(
        lambda metres: (2 * np.asarray(metres) - away) / SPEED_OF_SOUND * 1000,
        lambda ms: (np.asarray(ms) / 1000 * SPEED_OF_SOUND + away) / 2))
    upper.set_xlabel('ms after the direct sound', fontsize=8)
