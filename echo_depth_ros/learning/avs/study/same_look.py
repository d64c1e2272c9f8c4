# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rooms of the same look and another size: which model knows how large they are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from echo_depth_ros.learning.avs.study.kept import Kept, MAX_DEPTH, Model, TestSet
from echo_depth_ros.perception.metrics import known_truth

_SHARE = 0.05
"""Of an image's pixels that must be compared for it to count."""


@dataclass(frozen=True)
class SameLook:
    """
    Sets whose images are the same at every size.

    :ivar sets: by how many times as large the rooms are.
    :ivar compared: (N, H, W), pixels whose depth is known at every size.
    :ivar apart: largest difference between the same image at two sizes, averaged over its pixels,
        of 255.
    """

    sets: dict[float, TestSet]
    compared: np.ndarray
    apart: float

    @classmethod
    def of(cls, sets: Mapping[float, TestSet]) -> 'SameLook':
        """
        Bring sets to the images that all of them have.

        :raises ValueError: they share none.
        """
        places = {size: {(path.name, index): at for at, (path, index) in enumerate(
            test.split.sources)} for size, test in sets.items()}
        shared = sorted(set.intersection(*map(set, places.values())))
        if not shared:
            raise ValueError('the sets have no image in common; expected sets of the same seeds')
        even = {size: sets[size].some([places[size][key] for key in shared]) for size in
                sorted(sets)}
        first, *others = (test.split.rgb.numpy().astype(np.int16) for test in even.values())
        apart = max((float(np.abs(first - other).mean((1, 2, 3)).max()) for other in others),
                    default=0.0)
        known = np.all([known_truth(test.truth, MAX_DEPTH, 'avsnet') for test in even.values()],
                       axis=0)
        known &= known.mean((1, 2), keepdims=True) > _SHARE
        return cls(even, known, apart)


@dataclass(frozen=True)
class SizeSense:
    """
    What a model knows of size.

    :ivar model: its name.
    :ivar truth: (K, N) natural log of the median true depth, metres; NaN where nothing counts.
    :ivar said: (K, N) the same of the model.
    :ivar sizes: (K,) how many times as large the rooms are.
    """

    model: str
    truth: np.ndarray
    said: np.ndarray
    sizes: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """Scale error (K, N): exp |ln(said / true)| - 1, 0.25 for 25 % off."""
        return np.expm1(np.abs(self.said - self.truth))

    @property
    def slopes(self) -> np.ndarray:
        """
        Slope (N,) of ln said over ln true of the same image at all sizes.

        0 takes no notice of size, 1 knows it. NaN where a size has no answer.
        """
        x = self.truth - self.truth.mean(0)
        with np.errstate(invalid='ignore', divide='ignore'):
            return (x * (self.said - self.said.mean(0))).sum(0) / (x * x).sum(0)


def size_sense(kept: Kept, model: Model, look: SameLook) -> SizeSense:
    """Compare medians of what a model says with those of the truth, at every size."""
    truth, said = [], []
    for test in look.sets.values():
        depth = kept.said(model, test).depth
        truth.append([_log_median(image, some) for image, some in zip(test.truth, look.compared)])
        said.append([_log_median(np.minimum(image, MAX_DEPTH), some)
                     for image, some in zip(depth, look.compared)])
    return SizeSense(model.name, np.array(truth), np.array(said), np.array(list(look.sets)))


def size_table(senses: list[SizeSense]) -> str:
    """Scale error at each size, over all, and the slope, as Markdown."""
    sizes = senses[0].sizes
    head = ['', *(f'×{size:g}' for size in sizes), 'all sizes, median', 'p90', 'slope, median',
            'p10 to p90', 'images']
    lines = ['| ' + ' | '.join(head) + ' |', '|---|' + '---:|' * (len(head) - 1)]
    for sense in senses:
        figures = size_figures(sense)
        errors = *figures['median_at'].values(), figures['median'], figures['p90']
        cells = [sense.model, *('–' if np.isnan(value) else f'{value:.1%}' for value in errors),
                 *(['–'] * 2 if np.isnan(figures['slope']) else [
                     f'{figures["slope"]:.2f}',
                     f'{figures["slope_p10"]:.2f} to {figures["slope_p90"]:.2f}']),
                 str(figures['images'])]
        lines.append('| ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def size_figures(sense: SizeSense) -> dict:
    """Plain figures of a model, for the table; NaN where nothing was answered."""
    errors, slopes = sense.errors, sense.slopes
    low, middle, high = (_percentile(slopes, share) for share in (10, 50, 90))
    return {'median_at': {f'{size:g}': _percentile(row, 50)
                          for size, row in zip(sense.sizes, errors)},
            'median': _percentile(errors, 50), 'p90': _percentile(errors, 90),
            'slope': middle, 'slope_p10': low, 'slope_p90': high,
            'images': int(np.isfinite(slopes).sum())}


def _percentile(values: np.ndarray, share: float) -> float:
    known = values[np.isfinite(values)]
    return float(np.percentile(known, share)) if len(known) else float('nan')


def _log_median(image: np.ndarray, some: np.ndarray) -> float:
    values = image[some & ~np.isnan(image)]
    if not len(values) or len(values) < some.sum() / 2:
        return float('nan')
    return float(np.log(max(np.median(values), 1e-3)))
