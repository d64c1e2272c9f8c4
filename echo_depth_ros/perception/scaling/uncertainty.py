# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How sure a scale is: by the spread over the image, and by what the echoes say of themselves.

Let e(i) be the error of the log echo depth at pixel i less that of the log relative depth. The
error of a log scale is, to first order, a weighted mean of e. Two parts of it are told apart:

*What differs over the image* is seen in the images. Neighbouring pixels err together (an echo
image is drawn from a few thousand samples of sound), so their number says nothing. The image is
cut into 4 x 4 blocks and the scale is found once more without each of them. From how far it moves
follows the block's share in the error, the pseudo-value of the delete-m(j) jackknife (Busing,
Meijer and van der Leeden, "Delete-m jackknife for unequal m", Statistics and Computing 9, 1999).
Were blocks independent, the squares of these shares would add up to that of the standard error.
Errors that reach over the edge of a block are seen when the shares are added up within the four
quarters of the image before they are squared. Of both the larger one is taken: too few blocks or
too small ones may only make it too large. A line with a shift follows the errors of single blocks
more than a scale alone; so the sums are divided by 1 - p / blocks, for p numbers that are fitted.
And since so few blocks tell the standard error itself but roughly, it is that of Student's t with
as many degrees of freedom as there are blocks more than p. All this holds for errors that hang
together over less than a fifth of a block's side; over half of it, it is up to a third too small.

*What all pixels share* (echo depth that is too long as a whole) leaves no trace in one pair of
images; only the confidence knows of it. Of pixels with confidence p a share p is within 25 % of
the truth, which for a normal error of the log depth means a standard deviation of
s(p) = ln 1.25 / z((1 + p) / 2), with z the normal quantile. However errors hang together, the
standard deviation of their weighted mean is never more than the weighted mean of s: that is taken
for the common part. It is all of the error where pixels err as one, and more than that where they
do not. Without confidence this part is left out, and the uncertainty is then the least it can be.

The squares of both are added. A bias is no part of it, such as that of the mean of depths whose
logs have normal errors (exp(s^2 / 2), 2 % for s = 0.2), to which ``mean_std`` is subject.
"""

import math

import numpy as np
from scipy.special import ndtri

from echo_depth_ros.perception.scaling.compared import BLOCKS, Compared
from echo_depth_ros.perception.scaling.pixels import ScaleError
from echo_depth_ros.perception.scaling.result import Scaling

CLOSE = math.log(1.25)
"""Log ratio within which depth counts as right: what confidence is the chance of."""
_LEAST_FREEDOM = 3
"""Blocks more than numbers that are fitted: Student's t has no standard deviation below."""
_LEAST_LEFT = 0.05


def judge(compared: Compared, kind: str, space: str, line: tuple[float, float],
          without: tuple[np.ndarray, np.ndarray]) -> Scaling:
    """
    Return a line with its uncertainty and agreement.

    :param compared: the pixels that it was found from.
    :param kind: see :class:`Scaling`, likewise ``space``.
    :param line: scale and shift.
    :param without: scales and shifts, each (b,), found without each of the b blocks; those of a
        block without pixels may be anything.
    :raises ScaleError: the line is not positive in the middle of what it was found from.
    """
    scale, shift = line
    centre = float(np.average(compared.relative, weights=compared.weight))
    if not scale * centre + shift > 0:
        raise ScaleError(f'scale {scale:.3g} and shift {shift:.3g} give no positive {space} for '
                         f'the middle of the image, {centre:.3g}')
    whole, levels = scale * centre + shift, without[0] * centre + without[1]
    shares = block_sums(compared, compared.weight) / compared.weight.sum()
    spread = math.inf
    if (levels[shares > 0] > 0).all():
        levels = np.where(shares > 0, levels, whole)
        spread = jackknife_error(np.log(levels / whole), shares, 2 if shift else 1)
    common = common_error(compared.weight) if compared.weighted else 0.0
    return Scaling(
        float(scale), float(shift), math.hypot(spread, common), common,
        _agreement(compared, scale, shift), kind, space, centre)


def jackknife_error(moves: np.ndarray, shares: np.ndarray, fitted: int = 1) -> float:
    """
    Return the standard error of an estimate by what it is without parts of the image.

    :param moves: (b,) by how much it moves without each of b = n * n blocks, rows first.
    :param shares: (b,) of the weight that the blocks have; they add up to 1.
    :param fitted: how many numbers the estimate is made of, 1 or 2.
    :returns: the larger one by blocks and by quarters of the image; +Inf where too few blocks
        hold anything for a spread to be told.
    """
    freedom = np.count_nonzero(shares) - fitted
    if freedom < _LEAST_FREEDOM:
        return math.inf
    parts = (shares - 1) * moves
    # They add up to 0 exactly only for a mean.
    parts = parts - shares * parts.sum()
    return math.sqrt(freedom / (freedom - 2) * max(
        _of_independent(part, share, fitted)
        for part, share in ((parts, shares), (_quarters(parts), _quarters(shares)))))


def _of_independent(parts: np.ndarray, shares: np.ndarray, fitted: int) -> float:
    """Variance of the sum of independent parts, of what is left of them after the fit."""
    # 1 / blocks where all are alike; where few hold nearly all there is nothing left to tell it.
    left = 1 - fitted * np.sum(shares ** 2)
    return float(np.sum(parts ** 2) / left) if left > _LEAST_LEFT else math.inf


def _quarters(blocks: np.ndarray) -> np.ndarray:
    half = BLOCKS // 2
    return blocks.reshape(2, half, 2, half).sum((1, 3)).ravel()


def common_error(confidence: np.ndarray) -> float:
    """
    Return the most by which the log scale may be off, one standard deviation, by confidence (n,).

    :param confidence: above 0 and at most 1; it is also the weight of its pixel.
    """
    # Nobody is right never or always: beyond these the quantile says more than is known.
    chance = np.clip(confidence, 0.01, 0.99)
    return float(np.average(CLOSE / ndtri((1 + chance) / 2), weights=confidence))


def block_sums(compared: Compared, values: np.ndarray) -> np.ndarray:
    """Sum of values (n,), which are weighted already, over each block (b,)."""
    return np.bincount(compared.block, values, minlength=BLOCKS ** 2)


def _agreement(compared: Compared, scale: float, shift: float) -> float:
    line = scale * compared.relative + shift
    # |ln(line / metric)| < ln 1.25, without the logarithms.
    close = (line * 1.25 > compared.metric) & (line < compared.metric * 1.25)
    return float(np.average(close, weights=compared.weight))
