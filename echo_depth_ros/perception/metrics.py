# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How good a depth image is, in the figures of the field.

Two protocols, by name. ``batvision`` is the code that BatVision, Parida et al., SAGENet and
EchoDiffusion share: every pixel with truth above 0 counts, those clipped to the largest depth
included. ``avsnet`` counts only truth strictly between 0 and the largest depth. Both take figures
per image and average them over images.

Unlike that code, an image without one valid pixel has no figures at all (there it scores a perfect
0), and it is counted; and RMSE comes both in metres and divided by the largest depth, because
published tables mix the two.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

PROTOCOLS = ('batvision', 'avsnet')
FIGURES = ('rel', 'rmse', 'rmse_norm', 'log10', 'delta1', 'delta2', 'delta3', 'mae')
_LEAST = 1e-3


class DepthFigures(NamedTuple):
    """
    Figures of one image, or the mean over images; NaN where nothing could be compared.

    :ivar rel: mean of ``|p - g| / g``.
    :ivar rmse: metres.
    :ivar rmse_norm: ``rmse`` divided by the largest depth.
    :ivar log10: mean of ``|log10 p - log10 g|``.
    :ivar delta1: share of pixels with ``max(p / g, g / p) < 1.25``.
    :ivar delta2: the same with 1.25 squared.
    :ivar delta3: the same with 1.25 cubed.
    :ivar mae: metres.
    :ivar coverage: share of the pixels with truth that also have a prediction. The other figures
        speak of those only, so compare methods at equal coverage.
    """

    rel: float
    rmse: float
    rmse_norm: float
    log10: float
    delta1: float
    delta2: float
    delta3: float
    mae: float
    coverage: float


def known_truth(truth: np.ndarray, max_depth: float = 12.0,
                protocol: str = 'batvision') -> np.ndarray:
    """
    Tell which pixels count under a protocol, bool, of the shape of ``truth``.

    :raises ValueError: an unknown protocol.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f'protocol is {protocol!r}; expected one of {", ".join(PROTOCOLS)}')
    known = np.isfinite(truth) & (truth > 0)
    return known & (truth < max_depth) if protocol == 'avsnet' else known


def depth_figures(predicted: np.ndarray, truth: np.ndarray, max_depth: float = 12.0,
                  protocol: str = 'batvision') -> DepthFigures:
    """
    Compare one depth image with the truth.

    :param predicted: metres. NaN is "no answer" and lowers ``coverage``; +Inf and all beyond
        ``max_depth`` count as ``max_depth``, what is not positive as 1 mm.
    :param truth: metres, same shape. What is not finite or not positive is no truth; depth beyond
        ``max_depth`` is clipped to it under ``batvision`` and left out under ``avsnet``.
    :returns: the figures; all NaN, and coverage 0 or NaN, where no pixel can be compared.
    :raises ValueError: shapes that differ, or an unknown protocol.
    """
    predicted, truth = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    if predicted.shape != truth.shape:
        raise ValueError(
            f'predicted depth has shape {predicted.shape}, but truth {truth.shape}; resize the '
            'truth to it by nearest neighbour: interpolation invents depth beside holes')
    known = known_truth(truth, max_depth, protocol)
    both = known & ~np.isnan(predicted)
    if not both.any():
        coverage = 0.0 if known.any() else np.nan
        return DepthFigures(*[np.nan] * len(FIGURES), coverage)
    p = np.clip(predicted[both], _LEAST, max_depth)
    g = np.minimum(truth[both], max_depth)
    error = np.abs(p - g)
    ratio = np.maximum(p / g, g / p)
    rmse = np.sqrt(np.mean(error**2))
    return DepthFigures(
        rel=float(np.mean(error / g)), rmse=float(rmse), rmse_norm=float(rmse / max_depth),
        log10=float(np.mean(np.abs(np.log10(p / g)))),
        delta1=float(np.mean(ratio < 1.25)), delta2=float(np.mean(ratio < 1.25**2)),
        delta3=float(np.mean(ratio < 1.25**3)), mae=float(np.mean(error)),
        coverage=float(both.sum() / known.sum()))


@dataclass
class FigureMean:
    """
    The mean of figures over images, each image weighing the same.

    :ivar images: how many went into the mean.
    :ivar empty: how many had nothing to compare and did not.
    """

    max_depth: float = 12.0
    protocol: str = 'batvision'
    images: int = 0
    empty: int = 0
    _sum: np.ndarray = field(default_factory=lambda: np.zeros(len(FIGURES)))
    _coverage: list[float] = field(default_factory=list)

    def add(self, predicted: np.ndarray, truth: np.ndarray) -> DepthFigures:
        """Take one image in, and return its own figures."""
        figures = depth_figures(predicted, truth, self.max_depth, self.protocol)
        if not np.isnan(figures.coverage):
            self._coverage.append(figures.coverage)
        if np.isnan(figures.rel):
            self.empty += 1
        else:
            self.images += 1
            self._sum += figures[:-1]
        return figures

    @property
    def mean(self) -> DepthFigures:
        """Mean over the images so far; all NaN before the first that counts."""
        figures = self._sum / self.images if self.images else np.full(len(FIGURES), np.nan)
        coverage = np.mean(self._coverage) if self._coverage else np.nan
        return DepthFigures(*(float(f) for f in figures), float(coverage))
