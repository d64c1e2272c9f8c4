# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks that hear walls: VGGish, as in the paper, and one of the right size."""

from dataclasses import dataclass, field

import torch
from torch import nn, Tensor
from torch.nn import functional

from echo_depth_ros.learning.networks.sizes import Sizes

TRUNKS = ('small', 'vggish')
_COHERENT = 33
"""Bands below 2 kHz."""


@dataclass(frozen=True)
class AmbientSizes(Sizes):
    """
    Sizes of an :class:`AmbientNetwork`; stored in checkpoints.

    :ivar trunk: which one, see ``TRUNKS``.
    :ivar channels: microphones in a picture.
    :ivar embedding: length of the vector that the heads work on.
    :ivar width: channels of the small trunk's first convolution; the second has twice as many.
    :ivar hidden: width of the small trunk's layer after them.
    :ivar mels: lowest bands that the small trunk hears.
    :ivar dropout: of the small trunk.
    :ivar farthest: metres at which distances are cut, as the authors cut theirs.
    """

    trunk: str = field(default='small', metadata={'choices': TRUNKS})
    channels: int = field(default=1, metadata={'least': 1, 'most': 2})
    embedding: int = field(default=128, metadata={'least': 1})
    width: int = field(default=24, metadata={'least': 1})
    hidden: int = field(default=128, metadata={'least': 1})
    mels: int = field(default=64, metadata={'least': 8, 'most': 64})
    dropout: float = field(default=0.3, metadata={'least': 0, 'below': 1})
    farthest: float = field(default=3.0766138931115465, metadata={'above': 0})


class VGGish(nn.Module):
    """
    VGGish (Hershey et al. 2017) with batch normalisation, as the paper has it: 72 M weights.

    :ivar features: convolutions, up to 512 channels of 6×4 cells.
    """

    FEATURES = 512

    def __init__(self, channels: int = 1, embedding: int = 128) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width in (64, 0, 128, 0, 256, 256, 0, 512, 512, 0):
            if not width:
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width),
                       nn.ReLU(inplace=True)]
            nn.init.kaiming_normal_(layers[-3].weight, mode='fan_out', nonlinearity='relu')
            channels = width
        self.features = nn.Sequential(*layers)
        self.embed = nn.Sequential(
            nn.Linear(512 * 6 * 4, 4096), nn.ReLU(inplace=True), nn.Linear(4096, 4096),
            nn.ReLU(inplace=True), nn.Linear(4096, embedding))

    def forward(self, pictures: Tensor) -> Tensor:
        """Embed (N, channels, 96, 64) as (N, embedding)."""
        # Time, frequency, channels, as the original's weights have it.
        return self.embed(self.features(pictures).permute(0, 2, 3, 1).flatten(1))

    def probe(self, pictures: Tensor) -> Tensor:
        """Return what linear probes see: the last convolution, averaged; (N, 512)."""
        return self.features(pictures).mean((2, 3))


class Statistics(nn.Module):
    """
    The right-sized trunk: a few numbers a band, convolutions over the bands, then two layers.

    Ambient sound is steady, so what a clip says is in its mean power per band (Welch's estimate of
    the spectrum) and in how much each band fluctuates. Two ears also give their difference, in
    which the source's own spectrum cancels, and how alike their levels fluctuate, which is the
    square of their coherence: waves and their reflections from a wall at one side fall on both
    ears, and how they add up depends on the distance. Above 2 kHz ears so far apart hear waves
    without relation (in simulation by construction), so that no likeness is looked for there.

    The level as a whole says nothing, for gains differ, and is taken off. Pictures may have any
    number of frames: longer ones are surer.
    """

    def __init__(self, sizes: AmbientSizes) -> None:
        super().__init__()
        self.mels = sizes.mels
        rows, width = (6 if sizes.channels == 2 else 2), sizes.width
        self.register_buffer('mean', torch.zeros(rows, sizes.mels))
        self.register_buffer('scale', torch.ones(rows, sizes.mels))
        self.bands = nn.Sequential(
            nn.Conv1d(rows, width, 7, padding=3, bias=False), nn.BatchNorm1d(width),
            nn.ReLU(inplace=True), nn.MaxPool1d(2),
            nn.Conv1d(width, 2 * width, 5, padding=2, bias=False), nn.BatchNorm1d(2 * width),
            nn.ReLU(inplace=True), nn.MaxPool1d(2), nn.Flatten(), nn.Dropout(sizes.dropout))
        self.hide = nn.Sequential(
            nn.Linear(2 * width * (sizes.mels // 4), sizes.hidden, bias=False),
            nn.BatchNorm1d(sizes.hidden), nn.ReLU(inplace=True), nn.Dropout(sizes.dropout))
        self.embed = nn.Sequential(
            nn.Linear(sizes.hidden, sizes.embedding, bias=False),
            nn.BatchNorm1d(sizes.embedding))
        self.FEATURES = sizes.hidden

    def statistics(self, pictures: Tensor) -> Tensor:
        """Sum up (N, channels, frames, 64) as (N, rows, mels), not yet normalised."""
        pictures = pictures[..., :self.mels]
        power = pictures.logsumexp(2)
        power = power - power.mean((1, 2), keepdim=True)
        swing = pictures - pictures.mean(2, keepdim=True)
        spread = (swing ** 2).mean(2).add(1e-6).sqrt()
        rows = [power, spread]
        if pictures.shape[1] == 2:
            alike = (swing[:, :1] * swing[:, 1:]).mean(2) / (spread[:, :1] * spread[:, 1:])
            rows += [power[:, :1] - power[:, 1:],
                     functional.pad(alike[..., :_COHERENT], (0, max(0, self.mels - _COHERENT)))]
        return torch.cat(rows, dim=1)

    @torch.no_grad()
    def fit(self, statistics: Tensor) -> None:
        """Normalise by these, which are training data's, shape (n, rows, mels)."""
        self.mean.copy_(statistics.mean(0))
        self.scale.copy_(statistics.std(0).clamp_min(1e-3))

    def probe(self, pictures: Tensor) -> Tensor:
        """Return what linear probes see: the layer before the embedding; (N, hidden)."""
        return self.hide(self.bands((self.statistics(pictures) - self.mean) / self.scale))

    def forward(self, pictures: Tensor) -> Tensor:
        """Embed (N, channels, frames, 64) as (N, embedding)."""
        return self.embed(self.probe(pictures))


class AmbientNetwork(nn.Module):
    """
    Obstacle, order and distance on one embedding.

    :param config: sizes.
    """

    def __init__(self, config: AmbientSizes = AmbientSizes()) -> None:
        super().__init__()
        self.config = config
        self.trunk = (VGGish(config.channels, config.embedding) if config.trunk == 'vggish'
                      else Statistics(config))
        self.near = nn.Linear(config.embedding, 1)
        self.away = nn.Linear(config.embedding, 1)
        self.order = nn.Sequential(
            nn.Linear(2 * config.embedding, config.embedding), nn.ReLU(inplace=True),
            nn.Linear(config.embedding, 1))

    def embed(self, pictures: Tensor) -> Tensor:
        """Embed (N, channels, frames, 64) as (N, embedding)."""
        return self.trunk(pictures)

    def obstacle(self, embedding: Tensor) -> Tensor:
        """Logit that a surface is within 0.5 m, (N,)."""
        return self.near(functional.relu(embedding))[:, 0]

    def distance(self, embedding: Tensor) -> Tensor:
        """Distance from -0.5 at the microphone to 0.5 at ``farthest``, (N,)."""
        return self.away(functional.relu(embedding))[:, 0]

    def nearer(self, first: Tensor, second: Tensor) -> Tensor:
        """Logit that the first is nearer to a wall than the second, (N,)."""
        return self.order(torch.cat([first, second], dim=1))[:, 0]

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """
        Predict what a robot wants to know.

        :param pictures: log-mel, (N, channels, frames, 64).
        :returns: chance that a surface is within 0.5 m, (N,), and distance in metres, (N,).
        """
        embedding = self.embed(pictures)
        share = (self.distance(embedding) + 0.5).clamp(0, 1)
        return torch.sigmoid(self.obstacle(embedding)), share * self.config.farthest
