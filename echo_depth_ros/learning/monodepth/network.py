# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Both networks of a run, as one that is trained, averaged and saved."""

from typing import NamedTuple

import torch
from torch import nn, Tensor

from echo_depth_ros.learning.monodepth.depth_net import DepthNet
from echo_depth_ros.learning.monodepth.motion import inverse_motion
from echo_depth_ros.learning.monodepth.pose_net import PoseNet
from echo_depth_ros.learning.monodepth.sizes import MonodepthSizes


class Estimated(NamedTuple):
    """
    What is believed of a triple.

    :ivar disparities: of the target, (B, 1, h, w) at 1, 1/2, 1/4 and 1/8.
    :ivar motions: axis-angle and translation to each source, (B, 2, 6).
    """

    disparities: tuple[Tensor, ...]
    motions: Tensor


class Monodepth(nn.Module):
    """
    DepthNet and PoseNet.

    :param config: sizes.
    :ivar config: what is needed to build it again.
    """

    def __init__(self, config: MonodepthSizes = MonodepthSizes()) -> None:
        super().__init__()
        self.config = config
        self.depth, self.pose = DepthNet(config), PoseNet(config)

    def forward(self, seen: Tensor) -> Estimated:
        """
        Look at triples (B, 3, 3, H, W): the frame before, the target, the frame after.

        PoseNet sees each pair in the order of time, as Monodepth2's does. Else it may answer one
        and the same motion for both sources: the minimum over sources forgives that.
        """
        before, target, after = seen.unbind(1)
        moved = self.pose(torch.cat([before, target]), torch.cat([target, after]))
        to_target, to_after = moved.chunk(2)
        return Estimated(self.depth(target),
                         torch.stack([inverse_motion(to_target), to_after], 1))

    def relative(self, rgb: Tensor) -> Tensor:
        """Relative depth (N, H, W) of colour images (N, 3, H, W), in units that no one knows."""
        return 1 / self.depth(rgb)[0][:, 0]
