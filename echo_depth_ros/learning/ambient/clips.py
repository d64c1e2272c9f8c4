# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Clips of ambient sound in memory, as pictures with their distances."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from echo_depth_ros.acoustics.ambient import AmbientFormat, log_mel, to_mono
from echo_depth_ros.learning.data.errors import DatasetError

HEARS = ('mono', 'ear', 'ears')
"""
What the network hears: the average of both ears, as in the paper, with the nearest surface around
as the truth; or a side's own ear alone; or a side's ear and the other one, with the nearest
surface on that side.
"""


@dataclass(frozen=True)
class AmbientClips:
    """
    Clips and how near a surface was.

    :ivar mel: log-mel pictures per microphone, float16, shape (clips, microphones, frames, mels).
    :ivar rows: of each sample its clip and the microphone that comes first, shape (n, 2).
    :ivar both: whether the other microphone comes as well, as a second channel.
    :ivar distance: metres, float32, shape (n,).
    :ivar near: whether it counts as an obstacle, bool, shape (n,).
    :ivar group: number of the room, shape (n,); pairs come from one room.
    :ivar pairs: fixed pairs of samples to compare, shape (m, 2); None where they are drawn.
    :ivar image: what the camera saw at each clip, uint8, shape (clips, 3, h, w); None without.
    :ivar name: of the data set, for reports.
    """

    mel: np.ndarray
    rows: Tensor
    both: bool
    distance: Tensor
    near: Tensor
    group: Tensor
    pairs: Tensor | None = None
    image: np.ndarray | None = None
    name: str = ''

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def channels(self) -> int:
        """Of the pictures that :meth:`pictures` gives."""
        return 2 if self.both else 1

    def pictures(self, index: Tensor) -> Tensor:
        """Return what was heard, float32, shape (b, channels, frames, mels)."""
        clip, first = (self.rows[index, column].numpy() for column in (0, 1))
        order = np.stack([first, 1 - first], axis=1) if self.both else first[:, None]
        return torch.from_numpy(self.mel[clip[:, None], order].astype(np.float32))

    def images(self, index: Tensor) -> Tensor:
        """Return what was seen, float32 from 0 to 1, shape (b, 3, h, w)."""
        if self.image is None:
            raise DatasetError('the data set has no images; simulate it with --images')
        return torch.from_numpy(self.image[self.rows[index, 0].numpy()]).float() / 255

    def partners(self, index: Tensor, generator: Generator, least: float = 0.1) -> Tensor:
        """
        Draw for each sample another one of its room that is not at the same distance.

        :param least: metres by which the two differ at least.
        :returns: indices, shape (b,); the sample itself where its room has no such other.
        """
        order = torch.argsort(self.group, stable=True)
        sorted_group = self.group[order]
        low = torch.searchsorted(sorted_group, self.group[index])
        high = torch.searchsorted(sorted_group, self.group[index], right=True)
        found = index.clone()
        open_ = torch.ones(len(index), dtype=torch.bool)
        for _ in range(16):
            pick = low + (torch.rand(len(index), generator=generator) * (high - low)).long()
            candidate = order[torch.minimum(pick, high - 1)]
            fits = (self.distance[candidate] - self.distance[index]).abs() >= least
            take = open_ & fits
            found[take] = candidate[take]
            open_ &= ~fits
        return found


def draw_clips(sounds: np.ndarray, hear: str, fmt: AmbientFormat = AmbientFormat()) -> np.ndarray:
    """
    Draw stereo clips as the network hears them.

    :param sounds: full scale ±1, shape (m, 2, clip).
    :returns: float16, shape (m, microphones, frames, mels).
    """
    if hear not in HEARS:
        raise DatasetError(f'hear is {hear!r}; expected one of {", ".join(HEARS)}')
    heard = to_mono(sounds)[:, None] if hear == 'mono' else sounds
    return log_mel(heard, fmt).astype(np.float16)
