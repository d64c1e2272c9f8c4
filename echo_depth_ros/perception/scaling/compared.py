# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a scale is worked out from: the pixels that both images hold a depth for."""

from typing import NamedTuple, Optional

import numpy as np

from echo_depth_ros.perception.scaling.pixels import (
    check_relative,
    pair_pixels,
    PixelPairs,
    relative_in,
    ScaleError,
)

MIN_SHARE = 0.05
"""Share of the compared pixels that must be valid in both images for a scale to count."""
BLOCKS = 4
"""Blocks along each side of the image, within which errors may hang together."""


class Compared(NamedTuple):
    """
    The n pixels that are valid in both images.

    :ivar relative: (n,) and :ivar metric: (n,) float64, positive, both as depth (metres) or both
        as disparity (1 / m).
    :ivar weight: (n,) confidence of the echoes, above 0 and at most 1; 1 where it is not known.
    :ivar weighted: whether it is known.
    :ivar block: (n,) in which block of the echo image the pixel lies, from 0 on.
    """

    relative: np.ndarray
    metric: np.ndarray
    weight: np.ndarray
    weighted: bool
    block: np.ndarray


def compare(relative: np.ndarray, metric: np.ndarray, kind: str, space: str,
            confidence: Optional[np.ndarray] = None, pairs: Optional[PixelPairs] = None,
            min_share: float = MIN_SHARE) -> Compared:
    """
    Pick the pixels that are valid in both images; an unknown one must not shift the other image.

    :param relative: ``(h, w)`` in any unit, of any size.
    :param metric: ``(H, W)`` metres; NaN, +Inf and what is not positive is invalid.
    :param kind: what ``relative`` holds, and ``space`` what is compared: depth or disparity.
    :param confidence: ``(H, W)``, 0 to 1; what is NaN or not positive is invalid.
    :param pairs: from :func:`pair_pixels`, which is worth keeping between frames.
    :raises ScaleError: fewer pixels than ``min_share`` of the pairs are valid in both; the message
        counts them. Or ``relative`` or ``confidence`` has no fitting shape.
    """
    check_relative(relative, kind)
    if confidence is not None and confidence.shape != metric.shape:
        raise ScaleError(f'confidence has shape {confidence.shape}; expected that of the echo '
                         f'depth, {metric.shape}')
    pairs = pairs or pair_pixels(relative.shape, metric.shape)
    r = relative_in(relative.ravel()[pairs.relative], kind, space)
    m = metric.ravel()[pairs.metric]
    r_valid, m_valid = np.isfinite(r), np.isfinite(m) & (m > 0)
    if confidence is not None:
        weight = confidence.ravel()[pairs.metric]
        m_valid &= np.isfinite(weight) & (weight > 0)
    both = r_valid & m_valid
    count = int(both.sum())
    if count <= min_share * both.size or not count:
        raise ScaleError(
            f'only {count} of {both.size} compared pixels are valid in both images '
            f'({r_valid.sum()} in the relative {kind}, {m_valid.sum()} in the metric depth); '
            f'more than {min_share:.0%} are needed: check the topics, or relative_kind')
    depth = m[both].astype(float)
    return Compared(
        r[both].astype(float), depth if space == 'depth' else 1 / depth,
        np.ones(count) if confidence is None else np.minimum(weight[both], 1).astype(float),
        confidence is not None, _block(pairs.metric[both], metric.shape))


def _block(at: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the block of each pixel; blocks divide what the pixels span, which may be little."""
    row, col = np.divmod(at, shape[1])
    return _part(row) * BLOCKS + _part(col)


def _part(along: np.ndarray) -> np.ndarray:
    low = along.min()
    return (along - low) * BLOCKS // (along.max() - low + 1)
