# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Whether confidence is true, and what it is good for.

Reliability: of the pixels with confidence p, a share p should be within 25 % of the truth (δ1).
Risk and coverage: keep the pixels of the highest confidence, with one threshold over the split;
the fewer are kept, the more of them should be right. Geifman and El-Yaniv, "Selective
classification for deep neural networks", 2017; Guo et al., "On calibration of modern neural
networks", 2017.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, NamedTuple

import numpy as np

from echo_depth_ros.learning.evaluation.pixels import Pixels

GOALS = (0.9, 0.95)
"""Shares of right pixels that those kept should reach."""
_FINE = 2000
_COARSE = 20


class Kept(NamedTuple):
    """
    What a threshold lets one keep.

    :ivar share: of all pixels with truth; 0 where no threshold reaches the goal.
    :ivar threshold: keep what has at least this confidence; NaN where none reaches the goal.
    :ivar delta1: of what is kept.
    """

    share: float
    threshold: float
    delta1: float


@dataclass(frozen=True)
class ReliabilityBins:
    """
    Pixels by confidence; NaN where a bin is empty.

    :ivar edges: (bins + 1,)
    :ivar count: (bins,) pixels.
    :ivar confidence: (bins,) mean confidence.
    :ivar delta1: (bins,) share of pixels that are right.
    """

    edges: np.ndarray
    count: np.ndarray
    confidence: np.ndarray
    delta1: np.ndarray


class Reliability:
    """Counts of right and wrong pixels by confidence, batch by batch."""

    def __init__(self) -> None:
        self._count = np.zeros(_FINE)
        self._right = np.zeros(_FINE)
        self._confidence = np.zeros(_FINE)
        self._square = 0.0
        self._unanswered = 0

    def add(self, taken: Pixels) -> None:
        """
        Take pixels in.

        Those without an answer are never kept; they count in the share that is kept only.

        :raises ValueError: no confidence, or one outside 0 to 1.
        """
        if taken.confidence is None:
            raise ValueError('these pixels have no confidence')
        answered = ~np.isnan(taken.confidence)
        confidence = taken.confidence[answered].astype(np.float64)
        right = taken.inside[answered]
        if not ((confidence >= 0) & (confidence <= 1)).all():
            raise ValueError(f'confidence is {confidence.min()} to {confidence.max()}; expected '
                             '0 to 1')
        index = np.minimum((confidence * _FINE).astype(np.int64), _FINE - 1)
        self._count += np.bincount(index, minlength=_FINE)
        self._right += np.bincount(index, right, _FINE)
        self._confidence += np.bincount(index, confidence, _FINE)
        self._square += float(np.sum((confidence - right)**2))
        self._unanswered += int(answered.size - confidence.size)

    def bins(self, count: int = _COARSE) -> ReliabilityBins:
        """Even bins of confidence; ``count`` divides 2000."""
        total, right, confidence = (
            values.reshape(count, -1).sum(1)
            for values in (self._count, self._right, self._confidence))
        with np.errstate(invalid='ignore'):
            return ReliabilityBins(np.linspace(0, 1, count + 1), total, confidence / total,
                                   right / total)

    def calibration_error(self) -> float:
        """Return the expected calibration error: pixel-weighted |confidence - δ1| over bins."""
        bins = self.bins()
        gap = np.abs(np.nan_to_num(bins.confidence - bins.delta1))
        return _ratio(float(np.sum(gap * bins.count)), float(bins.count.sum()))

    def brier(self) -> float:
        """Mean of (confidence - right)²: 0 is perfect, knowing nothing 0.25."""
        return _ratio(self._square, float(self._count.sum()))

    def coverage_curve(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """
        Keep more and more pixels, the most confident first.

        :returns: share kept, δ1 of what is kept, and the threshold, each (m,), from few to all.
        """
        total, right = np.cumsum(self._count[::-1]), np.cumsum(self._right[::-1])
        steps = self._count[::-1] > 0
        thresholds = (np.arange(_FINE) / _FINE)[::-1]
        everything = max(total[-1] + self._unanswered, 1)
        return (total[steps] / everything, right[steps] / total[steps], thresholds[steps])

    def keep(self, goal: float = GOALS[0]) -> Kept:
        """Most pixels that one threshold can keep so that at least ``goal`` of them are right."""
        share, delta1, threshold = self.coverage_curve()
        good = np.flatnonzero(delta1 >= goal)
        if not len(good):
            return Kept(0.0, np.nan, np.nan)
        last = good[-1]
        return Kept(float(share[last]), float(threshold[last]), float(delta1[last]))

    def surest(self, share: float = 0.5) -> float:
        """Return δ1 of the surest ``share`` of what was answered; a bin that is cut counts so."""
        total, right = self._count[::-1], self._right[::-1]
        wanted = share * total.sum() - (np.cumsum(total) - total)
        taken = np.clip(wanted, 0, total) / np.maximum(total, 1)
        return _ratio(float((right * taken).sum()), float((total * taken).sum()))

    def to_dict(self) -> dict:
        """Plain types, for JSON."""
        bins = self.bins()
        return {'calibration_error': self.calibration_error(), 'brier': self.brier(),
                'kept': [{'goal': goal} | self.keep(goal)._asdict() for goal in GOALS],
                'bins': {name: getattr(bins, name).tolist()
                         for name in ('edges', 'count', 'confidence', 'delta1')}}


def draw_reliability(path: Path, models: Mapping[str, Reliability], title: str = '') -> None:
    """Draw reliability over the histogram of confidence, and δ1 over the share kept, as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 4.6), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplot_mosaic([['true', 'kept'], ['often', 'kept']], height_ratios=(3, 1))
    axes['true'].plot([0, 1], [0, 1], color='0.6', lw=1, ls='--', label='perfect')
    for name, reliability in models.items():
        bins = reliability.bins()
        seen = bins.count > 1e-4 * bins.count.sum()
        line, = axes['true'].plot(
            bins.confidence[seen], bins.delta1[seen], marker='o', ms=3,
            label=f'{name}: ECE {reliability.calibration_error():.3f}, '
                  f'Brier {reliability.brier():.3f}')
        axes['often'].stairs(bins.count / max(bins.count.sum(), 1), bins.edges,
                             color=line.get_color(), fill=len(models) == 1)
        share, delta1, _ = reliability.coverage_curve()
        kept = reliability.keep()
        axes['kept'].plot(share, delta1, color=line.get_color(),
                          label=f'{name}: {kept.share:.0%} kept at δ1 ≥ {GOALS[0]}')
        if kept.share:
            axes['kept'].plot(kept.share, kept.delta1, 'o', color=line.get_color())
    axes['kept'].axhline(GOALS[0], color='0.6', lw=1, ls='--')
    axes['true'].set(xlim=(0, 1), ylim=(0, 1), ylabel='share within 25 % of the truth',
                     title='Reliability')
    axes['often'].set(xlim=(0, 1), xlabel='confidence', ylabel='share of pixels')
    axes['kept'].set(xlim=(0, 1), ylim=(None, 1.01), xlabel='share of pixels kept',
                     ylabel='δ1 of those kept', title='Keeping the most confident')
    for name in ('true', 'kept'):
        axes[name].legend(fontsize=8, loc='lower right' if name == 'true' else 'lower left')
        axes[name].grid(alpha=0.3)
    if title:
        figure.suptitle(title, fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def _ratio(value: float, count: float) -> float:
    return value / count if count else float('nan')
