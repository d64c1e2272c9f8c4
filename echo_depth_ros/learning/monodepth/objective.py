# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The joint loss over scales, equation 6."""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import nn, Tensor
from torch.nn import functional

from echo_depth_ros.learning.monodepth.motion import rigid_motion
from echo_depth_ros.learning.monodepth.network import Estimated
from echo_depth_ros.learning.monodepth.photometric import least_error, photometric_error
from echo_depth_ros.learning.monodepth.similarity import Moments, moments
from echo_depth_ros.learning.monodepth.sizes import SCALES
from echo_depth_ros.learning.monodepth.smoothness import smoothness
from echo_depth_ros.learning.monodepth.warp import Intrinsics, pixel_rays, warp


@dataclass(frozen=True)
class ObjectiveConfig:
    """
    Weights of equations 5 and 6; the defaults are the paper's.

    :ivar beta: of L1.
    :ivar gamma: of SSIM.
    :ivar lam: λ, of smoothness.
    :ivar scales: how many, from the finest on.
    :ivar full_size: judge coarse disparities at the size of the image, as Monodepth2 does; else
        each at its own size, as its forerunners do, which takes less time and finds
        motions of many pixels sooner.
    :ivar auto_mask: leave out what looks the same without any motion.
    """

    beta: float = field(default=0.15, metadata={'least': 0})
    gamma: float = field(default=0.85, metadata={'least': 0})
    lam: float = field(default=1e-3, metadata={'least': 0})
    scales: int = field(default=SCALES, metadata={'least': 1, 'most': SCALES})
    full_size: bool = True
    auto_mask: bool = True


class _Level(NamedTuple):
    """Triples at one size: sources, target, and the error of the sources as they are."""

    sources: tuple[Tensor, Tensor]
    target: Moments
    still: Tensor
    camera: Intrinsics
    rays: Tensor


class Objective(nn.Module):
    """
    Equation 6: photometric error and smoothness, averaged over scales.

    :param camera: intrinsics of all images.
    :param size: rows and columns of the images.
    """

    def __init__(self, camera: Intrinsics, size: tuple[int, int],
                 config: ObjectiveConfig = ObjectiveConfig()) -> None:
        super().__init__()
        self.config, self._cameras = config, [camera]
        for scale in range(SCALES):
            rays = pixel_rays(self._cameras[scale], (size[0] >> scale, size[1] >> scale))
            self.register_buffer(f'rays_{scale}', rays, persistent=False)
            self._cameras.append(self._cameras[scale].halved())

    def forward(self, frames: Tensor, estimated: Estimated) -> dict[str, Tensor]:
        """
        Judge what is believed of triples.

        :param frames: (B, 3, 3, H, W): the frame before, the target, the frame after; 0 to 1.
        :returns: 'loss', 'photometric', 'smooth', and 'still', the error of the sources as they
            are, which a depth that is right must beat; scalars.
        """
        # In full precision: a pixel's place needs more digits than halves have.
        with torch.autocast(frames.device.type, enabled=False):
            return self._judge(frames, estimated)

    def _judge(self, frames: Tensor, estimated: Estimated) -> dict[str, Tensor]:
        motions = rigid_motion(estimated.motions.float())
        whole = level = self._level(frames, 0)
        photometric, smooth = [], []
        for scale, disparity in enumerate(estimated.disparities[:self.config.scales]):
            if scale:
                frames = functional.avg_pool2d(frames.flatten(0, 1), 2).unflatten(0, (-1, 3))
                level = whole if self.config.full_size else self._level(frames, scale)
            disparity = disparity.float()
            smooth.append(smoothness(disparity, frames[:, 1]))
            if disparity.shape[2:] != level.still.shape[2:]:
                # At full size a coarse disparity cannot make holes where textures are fine.
                disparity = functional.interpolate(disparity, tuple(level.still.shape[2:]),
                                                   mode='bilinear', align_corners=False)
            photometric.append(self._photometric(level, 1 / disparity[:, 0], *motions))
        seen, slope = torch.stack(photometric).mean(), torch.stack(smooth).mean()
        return {'loss': seen + self.config.lam * slope, 'photometric': seen, 'smooth': slope,
                'still': whole.still.amin(0).mean()}

    def _level(self, frames: Tensor, scale: int) -> _Level:
        before, target, after = (image.contiguous() for image in frames.unbind(1))
        known = moments(target)
        return _Level((before, after), known,
                      torch.stack([self._error(each, known) for each in (before, after)]),
                      self._cameras[scale], getattr(self, f'rays_{scale}'))

    def _photometric(self, level: _Level, depth: Tensor, rotations: Tensor,
                     translations: Tensor) -> Tensor:
        errors = torch.stack([
            self._error(warp(source, depth, rotation, translation, level.camera, level.rays),
                        level.target)
            for source, rotation, translation in zip(
                level.sources, rotations.unbind(1), translations.unbind(1))])
        return least_error(errors, level.still if self.config.auto_mask else None).mean()

    def _error(self, image: Tensor, known: Moments) -> Tensor:
        return photometric_error(image, known, self.config.beta, self.config.gamma)
