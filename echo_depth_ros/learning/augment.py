# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Random changes of windows that leave the depth image as it is, or mirror it."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Augmentation:
    """
    What differs between rigs and takes but not between rooms; drawn for each sample of a batch.

    :ivar gain_db: overall gain, uniform in decibels. Full scale clips, as a converter does.
    :ivar ear_db: largest mismatch of the ears' gains, either way.
    :ivar noise_share: share of samples that get added noise.
    :ivar noise_snr_db: window RMS over noise RMS, uniform in decibels; half of the noises are
        white, half low-passed as motors and rooms are.
    :ivar jitter: largest shift of the window, in samples, as the error of direct-path sync.
    :ivar mirror_share: share of samples whose ears are swapped and whose depth is flipped: the
        rig is symmetric about its vertical plane.
    """

    gain_db: tuple[float, float] = (-9.0, 6.0)
    ear_db: float = 1.5
    noise_share: float = 0.5
    noise_snr_db: tuple[float, float] = (8.0, 40.0)
    jitter: int = 1
    mirror_share: float = 0.5

    def __call__(self, waveform: Tensor, depth: Tensor,
                 generator: Generator) -> tuple[Tensor, Tensor]:
        """
        Augment a batch.

        :param waveform: (B, 2, window) full scale ±1.
        :param depth: (B, H, W).
        :param generator: the only source of randomness.
        :returns: new tensors of the same shapes.
        """
        count = len(waveform)

        def uniform(low: float, high: float, *shape: int) -> Tensor:
            return low + (high - low) * torch.rand(count, *shape, generator=generator)

        waveform = self._shift(waveform, generator)
        flip = uniform(0, 1) < self.mirror_share
        waveform = torch.where(flip[:, None, None], waveform.flip(1), waveform)
        depth = torch.where(flip[:, None, None], depth.flip(2), depth)

        mismatch = uniform(-self.ear_db / 2, self.ear_db / 2, 1, 1)
        mismatch = torch.cat([mismatch, -mismatch], dim=1)
        gain = 10 ** ((uniform(*self.gain_db, 1, 1) + mismatch) / 20)
        waveform = waveform * gain

        level = waveform.square().mean(dim=(1, 2), keepdim=True).sqrt()
        level = level * 10 ** (-uniform(*self.noise_snr_db, 1, 1) / 20)
        level = level * (uniform(0, 1, 1, 1) < self.noise_share)
        noise = torch.randn(waveform.shape, generator=generator)
        dull = functional.avg_pool1d(noise, 9, stride=1, padding=4) * 3
        noise = torch.where(uniform(0, 1, 1, 1) < 0.5, dull, noise)
        return (waveform + level * noise).clamp(-1, 1), depth

    def _shift(self, waveform: Tensor, generator: Generator) -> Tensor:
        """Delay or advance each window; its edge sample is repeated."""
        if not self.jitter:
            return waveform
        count, _, length = waveform.shape
        shift = torch.randint(-self.jitter, self.jitter + 1, (count, 1), generator=generator)
        index = (torch.arange(length) + shift).clamp_(0, length - 1)
        return waveform.gather(2, index[:, None].expand(-1, 2, -1))
