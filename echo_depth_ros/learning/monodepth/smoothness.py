# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Edge-aware smoothness of disparity: it may jump where the image does."""

from torch import Tensor


def smoothness(disparity: Tensor, image: Tensor) -> Tensor:
    """
    Mean slope of the disparity over its mean, less where the image has edges.

    ``mean |dx d*| exp(-|dx I|) + mean |dy d*| exp(-|dy I|)`` with d* = d / mean(d), so that a
    smaller disparity, which would be smoother, does not pay.

    :param disparity: (N, 1, H, W).
    :param image: (N, 3, H, W), 0 to 1.
    :returns: scalar.
    """
    normalised = disparity / (disparity.mean((2, 3), keepdim=True) + 1e-7)
    across, down = (normalised.diff(dim=axis).abs() for axis in (3, 2))
    edges_across, edges_down = (image.diff(dim=axis).abs().mean(1, keepdim=True)
                                for axis in (3, 2))
    return (across * (-edges_across).exp()).mean() + (down * (-edges_down).exp()).mean()
