# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pixels that count under a protocol, pooled: what breakdowns and confidence are made of."""

from typing import NamedTuple, Optional

import numpy as np

from echo_depth_ros.perception.metrics import known_truth

INSIDE_RATIO = 1.25
"""A pixel is right when ``max(p / g, g / p)`` is below this: δ1, and what confidence promises."""
_LEAST = 1e-3


class Pixels(NamedTuple):
    """
    Pixels with truth, flat.

    :ivar truth: float32 (n,) metres, all positive and at most the largest depth.
    :ivar predicted: float32 (n,) metres, clipped as the figures do; NaN where there is no answer.
    :ivar confidence: float32 (n,) 0 to 1, NaN where there is no answer; None if not given at all.
    """

    truth: np.ndarray
    predicted: np.ndarray
    confidence: Optional[np.ndarray] = None

    @property
    def inside(self) -> np.ndarray:
        """Bool (n,): the prediction is within the factor :data:`INSIDE_RATIO` of the truth."""
        return np.maximum(self.predicted / self.truth,
                          self.truth / self.predicted) < INSIDE_RATIO


def pixels(predicted: np.ndarray, truth: np.ndarray, confidence: Optional[np.ndarray] = None,
           max_depth: float = 12.0, protocol: str = 'batvision') -> Pixels:
    """
    Pool the pixels of any number of images, by the rules of ``depth_figures``.

    :param predicted: metres, any shape; NaN is "no answer".
    :param truth: metres, same shape; what is not finite or not positive is no truth.
    :param confidence: same shape, or None.
    :raises ValueError: an unknown protocol, or shapes that differ.
    """
    for name, array in (('predicted depth', predicted), ('confidence', confidence)):
        if array is not None and np.shape(array) != np.shape(truth):
            raise ValueError(
                f'{name} has shape {np.shape(array)}; expected {np.shape(truth)}, as the truth')
    truth = np.asarray(truth, np.float32)
    known = known_truth(truth, max_depth, protocol)
    answer = np.clip(np.asarray(predicted, np.float32)[known], _LEAST, max_depth)
    if confidence is not None:
        confidence = np.where(np.isnan(answer), np.float32(np.nan),
                              np.asarray(confidence, np.float32)[known])
    return Pixels(np.minimum(truth[known], np.float32(max_depth)), answer, confidence)
