# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The photometric error with its per-pixel minimum, equation 5, and auto-masking."""

import torch
from torch import Tensor

from echo_depth_ros.learning.monodepth.similarity import Moments, ssim_loss


def photometric_error(image: Tensor, target: Moments, beta: float = 0.15,
                      gamma: float = 0.85) -> Tensor:
    """
    Terms of equation 5 for one synthesised image.

    :param image: (N, 3, H, W), 0 to 1.
    :param target: what it should look like.
    :param beta: weight of L1.
    :param gamma: weight of SSIM.
    :returns: (N, H, W), averaged over colours.
    """
    return (beta * (image - target.image).abs() + gamma * ssim_loss(image, target)).mean(1)


def least_error(errors: Tensor, standing: Tensor | None = None) -> Tensor:
    """
    Minimum over sources of each pixel, equation 5: what one of them does not see, another does.

    :param errors: of the synthesised images, (sources, N, H, W).
    :param standing: the same of the sources as they are, for the auto-masking of Monodepth2: a
        pixel that they explain better than any motion does (the camera stands, an object moves
        along, a surface has no texture) keeps their error, which has no gradient. None masks
        nothing.
    :returns: (N, H, W).
    """
    least = errors.amin(0)
    return least if standing is None else torch.minimum(least, standing.amin(0))
