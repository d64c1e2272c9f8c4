# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a drive looked and sounded like: running figures, and a picture of several moments."""

from dataclasses import dataclass, field
from pathlib import Path

from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
import numpy as np

from echo_depth_ros.perception.metrics import FigureMean


@dataclass(frozen=True)
class Moment:
    """
    One window of the drive.

    :ivar time: seconds since the first.
    :ivar rgb: uint8, shape (h, w, 3), or None without a camera.
    :ivar truth: metres, shape (h, w).
    :ivar depth: metres, shape (h, w), REP-118.
    :ivar rel: mean relative error of this image.
    :ivar confidence: 0 to 1, shape (h, w), or None where the student predicts none.
    """

    time: float
    rgb: np.ndarray | None
    truth: np.ndarray
    depth: np.ndarray
    rel: float
    confidence: np.ndarray | None = None


@dataclass
class Journey:
    """
    Collects the windows of a drive and keeps a few of them, evenly spread, for the picture.

    :param seconds: how long the drive lasts.
    :param moments: how many are drawn.
    """

    seconds: float
    moments: int = 6
    figures: FigureMean = field(default_factory=FigureMean)
    kept: list[Moment] = field(default_factory=list)

    def add(self, time: float, truth: np.ndarray, depth: np.ndarray,
            rgb: np.ndarray | None, confidence: np.ndarray | None = None) -> float:
        """Take one window in; returns its mean relative error."""
        rel = self.figures.add(depth, truth).rel
        if len(self.kept) < self.moments and (
                time >= (len(self.kept) + 0.5) * self.seconds / self.moments):
            self.kept.append(Moment(
                time, rgb, truth.copy(), depth.copy(), rel,
                None if confidence is None else confidence.copy()))
        return rel

    def draw(self, path: Path, title: str) -> None:
        """
        Draw the kept moments, one column each: colour, true depth, echo depth and error.

        Confidence comes below the error where the student predicts one.
        """
        rows = ['camera', 'true depth', 'echo depth', 'relative error']
        if any(moment.confidence is not None for moment in self.kept):
            rows.append('confidence')
        figure = Figure(figsize=(1.9 * max(len(self.kept), 3) + 1.6, 2.1 * len(rows)),
                        layout='constrained')
        FigureCanvasAgg(figure)
        axes = figure.subplots(len(rows), max(len(self.kept), 1), squeeze=False)
        far = max((np.nanquantile(_finite(m.truth), 0.99) for m in self.kept), default=1.0)
        # Far is dark; unknown is a grey that depth never has.
        depth_map = colormaps['viridis_r'].with_extremes(bad='lightgrey')
        error_map = colormaps['magma'].with_extremes(bad='lightgrey')
        sure_map = colormaps['cividis'].with_extremes(bad='lightgrey')
        for column, moment in zip(axes.T, self.kept):
            column[0].set_title(f'{moment.time:.0f} s, REL {moment.rel:.2f}', fontsize='small')
            if moment.rgb is not None:
                column[0].imshow(moment.rgb)
            for place, image in zip(column[1:3], (moment.truth, moment.depth)):
                depth = place.imshow(_finite(image), cmap=depth_map, vmin=0, vmax=far)
            relative = np.abs(_finite(moment.depth) - moment.truth) / moment.truth
            error = column[3].imshow(_finite(relative), cmap=error_map, vmin=0, vmax=0.5)
            if moment.confidence is not None:
                sure = column[4].imshow(_finite(moment.confidence), cmap=sure_map, vmin=0, vmax=1)
        for place in axes.flat:
            place.set_xticks([])
            place.set_yticks([])
        for place, name in zip(axes[:, 0], rows):
            place.set_ylabel(name)
        if self.kept:
            figure.colorbar(depth, ax=axes[1:3, :], label='depth [m]', shrink=0.7)
            figure.colorbar(error, ax=axes[3, :], label='relative error', shrink=0.8)
        if len(rows) > 4:
            figure.colorbar(sure, ax=axes[4, :], label='confidence', shrink=0.8)
        figure.suptitle(title, fontsize='medium')
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=110)


def _finite(image: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(image), image, np.nan)
