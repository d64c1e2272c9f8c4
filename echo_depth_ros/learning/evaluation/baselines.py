# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What a student must beat: depth images that need no network.

A constant image knows how rooms look on average. A mean image scaled by the first-echo range also
knows how far the nearest surface is: with the floor, or from just beyond it. Each comes in the
variants that fit the training split best under one measure or another, and the better one counts,
figure by figure.
"""

from dataclasses import dataclass

import numpy as np
import torch

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.ranging import first_echo, FloorEcho
from echo_depth_ros.learning.data import EchoSplit

FIRST_ECHOES = {
    'first echo': {'min_range': 0.3},
    'first echo beyond 0.6 m': {'min_range': 0.6},
    'first echo past the floor': {'min_range': 0.25, 'floor': FloorEcho()},
}
"""What may count as the first echo: a rig at half a metre hears the floor at 0.47 m."""


@dataclass(frozen=True)
class ConstantImages:
    """
    The same image for every ping; each (H, W) metres.

    :ivar mean: best in RMSE.
    :ivar median: best in MAE.
    :ivar relative: median with weights 1/depth, best in REL.
    """

    mean: np.ndarray
    median: np.ndarray
    relative: np.ndarray

    @classmethod
    def fit(cls, train: EchoSplit, most: int = 4000) -> 'ConstantImages':
        """Fit to the training split; the medians to ``most`` random images of it."""
        rng = np.random.default_rng(0)
        chosen = np.sort(rng.permutation(len(train))[:most])
        images = train.depth[torch.from_numpy(chosen)].numpy()
        median = np.empty(images.shape[1:], np.float32)
        relative = np.empty_like(median)
        for row in range(images.shape[1]):
            depth = np.sort(images[:, row], axis=0).astype(np.float32) / 1000
            valid = depth > 0
            median[row] = _weighted_median(depth, valid.astype(np.float32))
            relative[row] = _weighted_median(depth, valid / np.where(valid, depth, 1))
        mean = train.mean_depth().numpy()
        return cls(_fill(mean), _fill(median), _fill(relative))

    def images(self) -> dict[str, np.ndarray]:
        """By name, for a table."""
        return {'constant, mean': self.mean, 'constant, median': self.median,
                'constant, best REL': self.relative}


@dataclass(frozen=True)
class ScaledMean:
    """
    The mean training image, scaled by a ping's first-echo range.

    :ivar image: (H, W) mean image, metres.
    :ivar mean_range: mean first-echo range of the training split, metres.
    :ivar intercept: and
    :ivar slope: the scale by which the image fits best, as a line over the range.
    :ivar pixel_intercept: (H, W) and
    :ivar pixel_slope: (H, W) each pixel's own line over the range.
    :ivar echo: which echo counts, of :data:`FIRST_ECHOES`.
    """

    image: np.ndarray
    mean_range: float
    intercept: float
    slope: float
    pixel_intercept: np.ndarray
    pixel_slope: np.ndarray
    echo: str

    @classmethod
    def fit(cls, train: EchoSplit, image: np.ndarray, fmt: PingFormat = PingFormat(),
            echo: str = 'first echo', most: int = 2000) -> 'ScaledMean':
        """Fit by least squares to ``most`` random pings of the training split with an echo."""
        chosen = np.random.default_rng(1).permutation(len(train))[:most]
        ranges = np.array([echo_range(train[index][0].numpy(), fmt, echo)
                           for index in chosen])
        heard = np.isfinite(ranges)
        chosen, ranges = chosen[heard], ranges[heard]
        if len(ranges) < 2:
            nothing = np.zeros_like(image)
            return cls(image, np.nan, 1.0, 0.0, image, nothing, echo)
        depth = train.depth[torch.from_numpy(chosen)].numpy().astype(np.float32) / 1000
        valid = depth > 0
        scales = (depth * image).sum((1, 2)) / np.maximum((valid * image**2).sum((1, 2)), 1e-6)
        seen = valid.any((1, 2))
        slope, intercept = np.polyfit(ranges[seen], scales[seen], 1)
        # Each pixel's own line, over the images in which it is valid.
        r = ranges[:, None, None].astype(np.float32)
        count = np.maximum(valid.sum(0), 1)
        mean_r, mean_d = (valid * r).sum(0) / count, depth.sum(0) / count
        spread = (valid * (r - mean_r)**2).sum(0)
        lines = (valid * (r - mean_r) * (depth - mean_d)).sum(0) / np.maximum(spread, 1e-6)
        return cls(image, float(ranges.mean()), float(intercept), float(slope),
                   mean_d - lines * mean_r, lines, echo)

    def images(self, range_m: float) -> dict[str, np.ndarray]:
        """Variants by name for one ping; all of them the mean image when it has no echo."""
        if not np.isfinite(range_m):
            line = pixels = ratio = self.image
        else:
            ratio = self.image * (range_m / self.mean_range)
            line = self.image * max(self.intercept + self.slope * range_m, 0.05)
            pixels = self.pixel_intercept + self.pixel_slope * range_m
        name = f'scaled mean, {self.echo}, '
        return {name + 'ratio': ratio, name + 'line': line,
                name + 'line per pixel': np.maximum(pixels, 0.1)}


def echo_range(window: np.ndarray, fmt: PingFormat = PingFormat(),
               echo: str = 'first echo') -> float:
    """Range in metres of what counts as the first echo, inf where none is heard."""
    return float(first_echo(window, fmt, **FIRST_ECHOES[echo]).range_m)


def _weighted_median(ordered: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Median along axis 0 of values already in order; NaN where all weights are 0."""
    total = np.cumsum(weight, axis=0, dtype=np.float64)
    index = np.argmax(total >= total[-1] / 2, axis=0)
    median = np.take_along_axis(ordered, index[None], axis=0)[0]
    return np.where(total[-1] > 0, median, np.nan)


def _fill(image: np.ndarray) -> np.ndarray:
    """Pixels that no training image has take the median of the others."""
    return np.where(np.isfinite(image), image, np.nanmedian(image)).astype(np.float32)
