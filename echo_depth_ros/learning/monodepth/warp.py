# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Synthesise the target's view from a source: back-project, move, project, look up."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

_LEAST_AHEAD = 1e-4
"""Of a camera; what is behind it is projected far outside instead of dividing by zero."""


@dataclass(frozen=True)
class Intrinsics:
    """
    A pinhole camera, in pixels; the middle of the first pixel is at (0, 0), as in ROS.

    :ivar fx: focal length across.
    :ivar fy: focal length down.
    :ivar cx: column of the optical axis.
    :ivar cy: row of the optical axis.
    """

    fx: float
    fy: float
    cx: float
    cy: float

    def halved(self) -> 'Intrinsics':
        """Return the same camera with half as many pixels across and down."""
        return Intrinsics(self.fx / 2, self.fy / 2, (self.cx - 0.5) / 2, (self.cy - 0.5) / 2)


def pixel_rays(camera: Intrinsics, size: tuple[int, int]) -> Tensor:
    """Points at depth 1 that each pixel sees, (3, H * W); x right, y down, z ahead."""
    rows, columns = torch.meshgrid(torch.arange(size[0], dtype=torch.float32),
                                   torch.arange(size[1], dtype=torch.float32), indexing='ij')
    rays = torch.stack([(columns - camera.cx) / camera.fx, (rows - camera.cy) / camera.fy,
                        torch.ones(size)])
    return rays.flatten(1)


def projected(depth: Tensor, rotation: Tensor, translation: Tensor, camera: Intrinsics,
              rays: Tensor) -> Tensor:
    """
    Where the target's pixels are in the source.

    :param depth: of the target, (N, H, W).
    :param rotation: (N, 3, 3) from the target's camera to the source's.
    :param translation: (N, 3), in the unit of depth.
    :param rays: see :func:`pixel_rays`.
    :returns: column and row in pixels, (N, H, W, 2).
    """
    turned = rotation @ rays  # not of each point: a ray turns the same at every depth
    x, y, z = (turned * depth.flatten(1)[:, None] + translation[..., None]).unbind(1)
    ahead = z.clamp_min(_LEAST_AHEAD)
    places = torch.stack([camera.fx * x / ahead + camera.cx, camera.fy * y / ahead + camera.cy],
                         -1)
    return places.unflatten(1, depth.shape[1:])


def sample(source: Tensor, places: Tensor) -> Tensor:
    """
    Look up a source image bilinearly; beyond its border is what the border shows.

    :param source: (N, C, H, W).
    :param places: column and row in pixels, (N, h, w, 2).
    """
    size = places.new_tensor([source.shape[3] - 1, source.shape[2] - 1])
    return functional.grid_sample(source, 2 * places / size - 1, padding_mode='border',
                                  align_corners=True)


def warp(source: Tensor, depth: Tensor, rotation: Tensor, translation: Tensor,
         camera: Intrinsics, rays: Tensor | None = None) -> Tensor:
    """
    Show what the target's camera would see, in the source's colours.

    :param source: (N, C, H, W).
    :returns: (N, C, H, W); see :func:`projected` for the rest.
    """
    if rays is None:
        rays = pixel_rays(camera, tuple(depth.shape[1:]))
    return sample(source, projected(depth, rotation, translation, camera, rays))
