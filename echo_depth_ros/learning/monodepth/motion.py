# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rigid motions of a camera from six numbers."""

import torch
from torch import Tensor

_SMALL = 1e-4
"""Radians below which the series of sine and cosine are taken; nothing is divided by zero."""


def rotation_matrix(axis_angle: Tensor) -> Tensor:
    """
    Rodrigues' formula.

    :param axis_angle: (..., 3) radians about an axis.
    :returns: (..., 3, 3); differentiable at no rotation, too.
    """
    squared = axis_angle.square().sum(-1)[..., None, None]
    small = squared < _SMALL ** 2
    angle = torch.where(small, torch.ones_like(squared), squared).sqrt()
    sine = torch.where(small, 1 - squared / 6, angle.sin() / angle)
    cosine = torch.where(small, 0.5 - squared / 24, (1 - angle.cos()) / angle.square())
    x, y, z = axis_angle.unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    return torch.eye(3, device=cross.device) + sine * cross + cosine * (cross @ cross)


def rigid_motion(motion: Tensor) -> tuple[Tensor, Tensor]:
    """
    Rotation (..., 3, 3) and translation (..., 3) of PoseNet's answer (..., 6).

    A point p of the target's camera is at ``rotation @ p + translation`` in the source's.
    """
    return rotation_matrix(motion[..., :3]), motion[..., 3:]


def inverse_motion(motion: Tensor) -> Tensor:
    """Return the motion (..., 6) that undoes one: from the source's camera to the target's."""
    rotation, translation = rigid_motion(motion)
    back = (rotation.transpose(-1, -2) @ translation[..., None])[..., 0]
    return torch.cat([-motion[..., :3], -back], -1)
