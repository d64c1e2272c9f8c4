# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Judge models side by side on one split, with what needs no network beside them."""

from dataclasses import dataclass, field
from typing import Mapping, Optional

import numpy as np
import torch
from tqdm import tqdm

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data import EchoSplit
from echo_depth_ros.learning.evaluation.baselines import (
    ConstantImages,
    echo_range,
    FIRST_ECHOES,
    ScaledMean,
)
from echo_depth_ros.learning.evaluation.breakdown import DistanceBreakdown
from echo_depth_ros.learning.evaluation.first_echo import obstacle_range, range_rows, RangeRow
from echo_depth_ros.learning.evaluation.pixels import pixels
from echo_depth_ros.learning.evaluation.predictors import Predicted, Predictor, PredictorError
from echo_depth_ros.learning.evaluation.reliability import Reliability
from echo_depth_ros.perception.metrics import depth_figures, DepthFigures, known_truth

HIGHER_IS_BETTER = ('delta1', 'delta2', 'delta3', 'coverage')
MAX_DEPTH = 12.0


@dataclass
class Judged:
    """
    One method's figures.

    :ivar figures: (N, 9) image by image, in the order of ``DepthFigures``; NaN rows for images
        without truth or answer, and for those left out.
    :ivar distances: by true distance.
    :ivar reliability: of its confidence; None where it has none.
    """

    figures: np.ndarray
    distances: Optional[DistanceBreakdown] = None
    reliability: Optional[Reliability] = None

    def mean(self, images: Optional[np.ndarray] = None) -> DepthFigures:
        """
        Mean over images, each weighing the same.

        :param images: bool (N,), which of them; all where not given.
        """
        figures = self.figures if images is None else self.figures[images]
        known = ~np.isnan(figures)
        with np.errstate(invalid='ignore'):
            means = np.where(known, figures, 0).sum(0) / known.sum(0)
        return DepthFigures(*(float(value) for value in means))

    @property
    def rel(self) -> np.ndarray:
        """REL (N,), image by image."""
        return self.figures[:, 0]


@dataclass
class Evaluation:
    """
    Figures of a split.

    :ivar models: by name, in the order given.
    :ivar baselines: by name; empty where they were not wanted.
    :ivar shapes: (N,) kind of room of each image.
    :ivar refused: bool (N,) windows that at least one model refused; left out for all methods.
    :ivar empty: bool (N,) images without one pixel of truth that counts under the protocol.
    :ivar ranges: the classical first echo against the truth; empty where that is not known.
    """

    protocol: str
    models: dict[str, Judged]
    baselines: dict[str, Judged]
    shapes: np.ndarray
    refused: np.ndarray
    empty: np.ndarray
    ranges: list[RangeRow] = field(default_factory=list)

    @property
    def images(self) -> int:
        """How many images count."""
        return int((~self.refused & ~self.empty).sum())

    def best_baseline(self, prefix: str) -> DepthFigures:
        """Figure by figure, the best of all baselines whose name begins with ``prefix``."""
        rows = [judged.mean() for name, judged in self.baselines.items()
                if name.startswith(prefix)]
        best = {}
        for name in DepthFigures._fields:
            column = [getattr(row, name) for row in rows]
            best[name] = max(column) if name in HIGHER_IS_BETTER else min(column)
        return DepthFigures(**best)

    def by_room(self, name: str) -> dict[str, tuple[int, DepthFigures]]:
        """Mean figures of one model by kind of room, with the number of images."""
        judged = self.models[name]
        counts = ~self.refused & ~self.empty
        return {str(shape): (int((counts & (self.shapes == shape)).sum()),
                             judged.mean(self.shapes == shape))
                for shape in np.unique(self.shapes[counts])}


def judge(models: Mapping[str, Predictor], test: EchoSplit, train: Optional[EchoSplit] = None,
          fmt: PingFormat = PingFormat(), protocol: str = 'batvision', batch: int = 32,
          progress: bool = True) -> Evaluation:
    """
    Run all models over ``test``, in step, so that all are judged on the same images.

    :param train: the baselines are fitted to it; None leaves them out.
    :param protocol: which pixels count; see :mod:`echo_depth_ros.perception.metrics`.
    :raises PredictorError: a model answers with images of another size, all windows are
        refused, or there is no truth.
    """
    count = len(test)
    baselines = _Baselines(train, fmt) if train is not None else None
    result = Evaluation(protocol, {name: Judged(_rows(count), DistanceBreakdown())
                                   for name in models},
                        {}, test.shapes, np.zeros(count, bool), np.zeros(count, bool))
    wants_ranges = bool(torch.as_tensor(test.first_range).isfinite().any())
    heard = {echo: np.full(count, np.nan) for echo in FIRST_ECHOES}
    obstacles = np.full(count, np.nan)
    with tqdm(total=count, desc='evaluate', unit='image', disable=not progress) as bar:
        for part in torch.arange(count).split(batch):
            rows = part.numpy()
            waveform, truth = (values.numpy() for values in test.batch(part))
            answers = {name: model.predict(test, part) for name, model in models.items()}
            _check_sizes(answers, truth.shape)
            result.empty[rows] = ~known_truth(truth, MAX_DEPTH, protocol).any((1, 2))
            refused = np.any([answer.refused for answer in answers.values()], axis=0)
            result.refused[rows] = refused
            for name, answer in answers.items():
                _take(result.models[name], answer, truth, rows, ~refused, protocol)
            if wants_ranges or baselines:
                for echo, ranges in heard.items():
                    ranges[rows] = [echo_range(window, fmt, echo) for window in waveform]
                obstacles[rows] = obstacle_range(truth)
            if baselines:
                for row in np.flatnonzero(~refused):
                    at = rows[row]
                    images = baselines.images({echo: heard[echo][at] for echo in heard})
                    for name, image in images.items():
                        judged = result.baselines.setdefault(name, Judged(_rows(count)))
                        judged.figures[at] = depth_figures(
                            image, truth[row], MAX_DEPTH, protocol)
            bar.update(len(rows))
    if result.refused.all():
        raise PredictorError(
            f'the chain refused all {count} windows; expected aligned windows with a direct '
            'sound: is this a data set that "echo-depth inspect" finds in order?')
    if not result.images:
        raise PredictorError(
            f'none of the {count} images has one pixel of true depth that counts under '
            f'{protocol}; expected millimetres above 0: does "echo-depth inspect" show depth?')
    if wants_ranges:
        first = np.asarray(test.first_range, np.float64)
        result.ranges = range_rows(heard, {
            'nearest surface in view': first,
            'nearest in view, floor aside': np.where(np.isfinite(first), obstacles, np.nan)})
    return result


class _Baselines:
    """All that needs no network, fitted."""

    def __init__(self, train: EchoSplit, fmt: PingFormat) -> None:
        constant = ConstantImages.fit(train)
        self._constant = constant.images()
        self._scaled = [ScaledMean.fit(train, constant.mean, fmt, echo) for echo in FIRST_ECHOES]

    def images(self, ranges: Mapping[str, float]) -> dict[str, np.ndarray]:
        """Image by name, for a ping with these first-echo ranges."""
        images = dict(self._constant)
        for scaled in self._scaled:
            images |= scaled.images(ranges[scaled.echo])
        return images


def _take(judged: Judged, answer: Predicted, truth: np.ndarray, rows: np.ndarray,
          kept: np.ndarray, protocol: str) -> None:
    for row in np.flatnonzero(kept):
        judged.figures[rows[row]] = depth_figures(
            answer.depth[row], truth[row], MAX_DEPTH, protocol)
    confidence = None if answer.confidence is None else answer.confidence[kept]
    taken = pixels(answer.depth[kept], truth[kept], confidence, MAX_DEPTH, protocol)
    judged.distances.add(taken)
    if confidence is not None:
        judged.reliability = judged.reliability or Reliability()
        judged.reliability.add(taken)


def _check_sizes(answers: Mapping[str, Predicted], shape: tuple[int, ...]) -> None:
    for name, answer in answers.items():
        if answer.depth.shape != shape:
            expected, found = ('×'.join(str(side) for side in size[1:])
                               for size in (shape, answer.depth.shape))
            raise PredictorError(
                f'{name} answers with images of {found} pixels, and the truth has {expected}; '
                'expected the same: judge it on data of its own size, or export a model of '
                f'{expected}')


def _rows(count: int) -> np.ndarray:
    return np.full((count, len(DepthFigures._fields)), np.nan)
