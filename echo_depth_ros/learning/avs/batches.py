# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Batches of what AVS-Net sees, hears and is to say."""

import torch
from torch import Generator, Tensor

from echo_depth_ros.learning.augment import Augmentation
from echo_depth_ros.learning.avs.darkness import darken, draw_light
from echo_depth_ros.learning.avs.narrow import narrow
from echo_depth_ros.learning.data import EchoSplit
from echo_depth_ros.learning.training.batches import Batch, flip_where


class AvsBatches:
    """
    Colour images with their depth, and with their windows where echoes are heard.

    :param echoes: whether to add the windows.
    :param augmentation: None leaves the samples as they are.
    :param brightness: see :class:`~.config.AvsConfig`, likewise ``dark_share`` and
        ``narrow_share``.
    """

    def __init__(self, split: EchoSplit, echoes: bool = True,
                 augmentation: Augmentation | None = None, brightness: float = 0.0,
                 dark_share: float = 0.0, narrow_share: float = 0.0) -> None:
        self.split, self.echoes, self.augmentation = split, echoes, augmentation
        self.brightness, self.dark_share = brightness, dark_share
        self.narrow_share = narrow_share

    def __call__(self, indices: Tensor, chance: Generator) -> Batch:
        """
        Gather samples and let chance change them.

        :returns: 'rgb' (B, 3, H, W) 0 to 1, 'depth' (B, H, W) metres, 0 = hole, and, with
            echoes, 'waveform' (B, 2, window) ±1.
        """
        rgb = self.split.rgb_batch(indices)
        waveform, depth = self.split.batch(indices)
        if self.augmentation is not None and self.echoes:
            waveform, depth, mirrored = self.augmentation(waveform, depth, chance)
            rgb = flip_where(rgb, mirrored)
        elif self.augmentation is not None:  # nobody listens, so that no sound need be changed
            mirrored = torch.rand(len(rgb), generator=chance) < self.augmentation.mirror_share
            rgb, depth = flip_where(rgb, mirrored), flip_where(depth, mirrored)
        if self.augmentation is not None and self.brightness:
            spread = 2 * torch.rand(2, len(rgb), 1, 1, 1, generator=chance) - 1
            gain, shift = 1 + self.brightness * spread[0], self.brightness / 2 * spread[1]
            rgb = (rgb * gain + shift).clamp(0, 1)
        if self.augmentation is not None and self.dark_share:
            rgb = darken(rgb, draw_light(len(rgb), self.dark_share, chance), chance)
        if self.augmentation is not None and self.narrow_share:
            rgb = narrow(rgb, self.narrow_share, chance)
        batch = {'rgb': rgb, 'depth': depth}
        return batch | {'waveform': waveform} if self.echoes else batch
