# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Bend the predicted scale until confidence tells the truth.

The student says log b, the Laplace scale of its error in log depth, and the chance that a pixel
is within 25 % of the truth is ``1 - exp(-ln 1.25 / b)``. Networks are too sure of what they have
been trained on, so on validation windows log b is replaced by ``slope · log b + offset``, which is
Platt scaling with the link that belongs to this chance: complementary log-log regression, whose
likelihood has one maximum.
"""

import math

import numpy as np
from scipy.optimize import minimize
import torch

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.learning.data import EchoSplit
from echo_depth_ros.learning.evaluation.pixels import INSIDE_RATIO, pixels
from echo_depth_ros.learning.networks.student import EchoStudent

LEAST_SLOPE = 0.05
"""A slope of 0 or less would make confidence constant, or turn it round."""
_LOG_INSIDE = math.log(math.log(INSIDE_RATIO))
_WINDOWS = 1600
_STRIDE = 5


class CalibrationError(EchoDepthError, ValueError):
    """Pixels from which no confidence can be learned."""


def fit_confidence(log_scale: np.ndarray, inside: np.ndarray) -> tuple[float, float]:
    """
    Slope and offset under which what was seen is most likely.

    :param log_scale: (n,) log of the predicted Laplace scale of log depth.
    :param inside: (n,) bool, whether the pixel was within 25 % of the truth.
    :returns: slope, at least :data:`LEAST_SLOPE`, and offset.
    :raises CalibrationError: not two arrays of one length, not finite, or all right or all wrong,
        from which no chance can be told.
    """
    log_scale = np.asarray(log_scale, np.float64)
    inside = np.asarray(inside, bool)
    if log_scale.ndim != 1 or log_scale.shape != inside.shape or not np.isfinite(log_scale).all():
        raise CalibrationError(
            f'log_scale has shape {log_scale.shape} and inside {inside.shape}; expected two flat '
            'arrays of one length, all finite')
    if not len(inside) or inside.all() or not inside.any():
        raise CalibrationError(
            f'{inside.sum()} of {len(inside)} pixels are within 25 % of the truth; expected some '
            'and not all: is this a trained network and its validation split?')
    middle, spread = float(log_scale.mean()), float(log_scale.std())
    if spread < 1e-6:
        share = float(inside.mean())
        return 1.0, _LOG_INSIDE - math.log(-math.log1p(-share)) - middle
    centred = (log_scale - middle) / spread

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        rate = np.exp(np.clip(_LOG_INSIDE - at[0] * centred - at[1], -30, 30))
        value = np.where(inside, -np.log(-np.expm1(-rate)), rate).mean()
        # By the exponent of the rate; the exponent falls with both numbers.
        slant = np.where(inside, -rate / np.expm1(np.minimum(rate, 500)), rate)
        return value, -np.array([(slant * centred).mean(), slant.mean()])

    found = minimize(loss, (spread, middle), jac=True, method='L-BFGS-B',
                     bounds=((LEAST_SLOPE * spread, None), (None, None)),
                     options={'ftol': 1e-14, 'gtol': 1e-9})
    slope = float(found.x[0]) / spread
    return slope, float(found.x[1]) - slope * middle


def calibrate(student: EchoStudent, split: EchoSplit, batch: int = 64) -> tuple[float, float]:
    """
    Fit on up to 1600 windows of ``split``, spread over it, and set the student.

    Every 25th pixel counts, in a grid that moves from window to window, so the result depends on
    nothing but student and split.

    :param split: validation windows, which the student was not trained on.
    :returns: slope and offset.
    :raises CalibrationError: see :func:`fit_confidence`.
    """
    device = next(student.parameters()).device
    chosen = np.unique(np.linspace(0, len(split) - 1, min(_WINDOWS, len(split))).round())
    scales, rights = [], []
    training = student.training
    student.eval()
    try:
        for part in torch.from_numpy(chosen.astype(np.int64)).split(batch):
            waveform, truth = split.batch(part)
            with torch.no_grad():
                log_depth, log_scale = student.decode_depth(*student.listen(waveform.to(device)))
            for row, values in enumerate(zip(
                    log_depth.exp().cpu().numpy(), truth.numpy(), log_scale.cpu().numpy())):
                down, right = divmod(int(part[row]), _STRIDE)
                depth, true, scale = (
                    value[down % _STRIDE::_STRIDE, right::_STRIDE] for value in values)
                taken = pixels(depth, true, scale)
                scales.append(taken.confidence)
                rights.append(taken.inside)
    finally:
        student.train(training)
    slope, offset = fit_confidence(np.concatenate(scales), np.concatenate(rights))
    student.set_calibration(slope, offset)
    return slope, offset
