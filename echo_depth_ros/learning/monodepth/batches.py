# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Batches of triples, changed by chance as a whole."""

from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor

from echo_depth_ros.learning.monodepth.drives import DriveSplit
from echo_depth_ros.learning.training.batches import Batch, flip_where


@dataclass(frozen=True)
class TripleAugmentation:
    """
    What chance does to triples; all frames of one share it.

    :ivar enabled: False changes nothing.
    :ivar mirror: exchange left and right in half of them.
    :ivar reverse: run half of them backwards; PoseNet then has to tell which way the camera
        moves before anything is learnt, so this may fail where it never drove backwards.
    :ivar contrast: largest change of contrast, as a factor about 1.
    :ivar brightness: largest change of brightness.
    :ivar colour: largest change of each colour, as a factor about 1.
    """

    enabled: bool = True
    mirror: bool = True
    reverse: bool = False
    contrast: float = field(default=0.2, metadata={'least': 0, 'below': 1})
    brightness: float = field(default=0.1, metadata={'least': 0, 'below': 1})
    colour: float = field(default=0.1, metadata={'least': 0, 'below': 1})


class TripleBatches:
    """
    Triples, and with truth their targets' depth, which is for evaluation only.

    :param augmentation: None leaves the triples as they are.
    """

    def __init__(self, split: DriveSplit, augmentation: TripleAugmentation | None = None,
                 truth: bool = False) -> None:
        self.split, self.truth = split, truth
        self.augmentation = augmentation if augmentation and augmentation.enabled else None
        # Mirrored images are those of the same camera only if it looks through their middle.
        self._mirror = abs(split.camera.cx - (split.size[1] - 1) / 2) < 0.5

    def __call__(self, indices: Tensor, chance: Generator) -> Batch:
        """
        Gather triples and let chance change them.

        :returns: 'frames' (B, 3, 3, H, W), 0 to 1: before, target, after; 'seen', the same as the
            networks see it, with other colours, which the loss does not compare; with truth,
            'depth' (B, H, W) metres, 0 = hole.
        """
        frames = self.split.frames(indices)
        batch = {'depth': self.split.truth(indices)} if self.truth else {}
        if self.augmentation is None:
            return {'frames': frames, 'seen': frames, **batch}
        chosen = torch.rand(2, len(frames), generator=chance) < 0.5
        if self.augmentation.reverse:
            backwards = chosen[0].reshape(-1, 1, 1, 1, 1)
            frames = torch.where(backwards, frames.flip(1), frames)
        if self.augmentation.mirror and self._mirror:
            frames = flip_where(frames, chosen[1])
            if batch:
                batch['depth'] = flip_where(batch['depth'], chosen[1])
        return {'frames': frames, 'seen': self._recoloured(frames, chance), **batch}

    def _recoloured(self, frames: Tensor, chance: Generator) -> Tensor:
        how = self.augmentation
        spread = 2 * torch.rand(5, len(frames), generator=chance) - 1
        colour = 1 + how.colour * spread[:3].T.reshape(-1, 1, 3, 1, 1)
        gain, shift = (each.reshape(-1, 1, 1, 1, 1) for each in spread[3:])
        mean = frames.mean((1, 2, 3, 4), keepdim=True)
        changed = (frames - mean) * (1 + how.contrast * gain) + mean + how.brightness * shift
        return (changed * colour).clamp(0, 1)
