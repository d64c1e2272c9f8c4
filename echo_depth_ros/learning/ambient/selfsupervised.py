# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Learning from sound and sight together, without distances: AV-Order and AV-Sync.

AV-Order tells whether two sounds and two images of a room are in the same order; AV-Sync whether a
sound and an image are of the same place. What the trunk has learnt is judged by a linear probe:
its features are frozen, and one linear layer is fitted to them.
"""

from dataclasses import dataclass
import math

import torch
from torch import Generator, nn, Tensor
from torch.nn import functional

from echo_depth_ros.learning.ambient.clips import AmbientClips
from echo_depth_ros.learning.ambient.networks import AmbientSizes, Statistics, VGGish
from echo_depth_ros.learning.ambient.objective import figures_of_choice
from echo_depth_ros.learning.data.errors import DatasetError
from echo_depth_ros.learning.networks.blocks import ConvBlock
from echo_depth_ros.learning.training.errors import TrainingError
from echo_depth_ros.learning.training.schedule import OneCycle

TASKS = ('order', 'sync')
_BATCH = 256


class Eye(nn.Module):
    """
    A small image trunk in place of the paper's ResNet-18, of the size that simulation needs.

    :param embedding: length of the vector.
    """

    FEATURES = 96

    def __init__(self, embedding: int = 128) -> None:
        super().__init__()
        self.features = nn.Sequential(
            ConvBlock(3, 16, kernel=5, stride=2), ConvBlock(16, 32, stride=2),
            ConvBlock(32, 64, stride=2), ConvBlock(64, self.FEATURES, stride=2))
        self.embed = nn.Linear(self.FEATURES, embedding)

    def probe(self, images: Tensor) -> Tensor:
        """Return what linear probes see: (N, 96)."""
        return self.features(images).mean((2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """Embed (N, 3, h, w) as (N, embedding)."""
        return self.embed(self.probe(images))


class AudioVisual(nn.Module):
    """
    Sound and sight, each embedded, compared by a small network.

    :param task: 'order' for pairs, 'sync' for single moments.
    :param sizes: of the audio trunk.
    """

    def __init__(self, task: str, sizes: AmbientSizes = AmbientSizes()) -> None:
        super().__init__()
        if task not in TASKS:
            raise TrainingError(f'task is {task!r}; expected one of {", ".join(TASKS)}')
        size = sizes.embedding
        self.task = task
        self.ear = (VGGish(sizes.channels, size) if sizes.trunk == 'vggish'
                    else Statistics(sizes))
        self.eye = Eye(size)
        if task == 'order':
            self.heard, self.seen = _fuse(2 * size, size, size), _fuse(2 * size, size, size)
        self.same = _fuse(2 * size, size, 1)

    def forward(self, sounds: tuple[Tensor, Tensor], images: tuple[Tensor, Tensor]) -> Tensor:
        """
        Compare two moments of a room.

        :param sounds: pictures of both, each (N, channels, frames, mels).
        :param images: of both, each (N, 3, h, w).
        :returns: logits that sound and sight agree, (N, 4): of the first with the first, the
            first with the second, and so on; the outer two are right.
        """
        heard = self.ear(torch.cat(sounds)).chunk(2)
        seen = self.eye(torch.cat(images)).chunk(2)
        if self.task == 'order':
            heard = [self.heard(torch.cat(pair, 1)) for pair in (heard, heard[::-1])]
            seen = [self.seen(torch.cat(pair, 1)) for pair in (seen, seen[::-1])]
        return torch.cat([self.same(torch.cat([sight, sound], 1))
                          for sight in seen for sound in heard], dim=1)


@dataclass(frozen=True)
class SelfSupervision:
    """How long and how fast; the paper trains with Adam at 1e-4."""

    epochs: int = 20
    batch: int = 64
    lr: float = 1e-3
    least_apart: float = 0.1


def pretrain(task: str, clips: AmbientClips, sizes: AmbientSizes, seed: int = 0,
             how: SelfSupervision = SelfSupervision()) -> AudioVisual:
    """
    Learn from pairs of moments of one room; distances only keep the two apart, as in the paper.

    :raises DatasetError: the data set has no images.
    """
    if clips.image is None:
        raise DatasetError('the data set has no images; simulate it with --images')
    torch.manual_seed(seed)
    generator = Generator().manual_seed(seed)
    network = AudioVisual(task, sizes)
    if isinstance(network.ear, Statistics):
        network.ear.fit(network.ear.statistics(clips.pictures(torch.arange(len(clips))[:2000])))
    optimizer = torch.optim.Adam(network.parameters(), how.lr)
    steps = math.ceil(len(clips) / how.batch) * how.epochs
    rate, step = OneCycle(how.lr, steps), 0
    network.train()
    for _ in range(how.epochs):
        for index in torch.randperm(len(clips), generator=generator).split(how.batch):
            for group in optimizer.param_groups:
                group['lr'] = rate.rate(step)
            step += 1
            loss = _loss(network, clips, index, generator, how.least_apart)
            if loss is None:
                continue
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return network.eval()


@torch.no_grad()
def judge(network: AudioVisual, clips: AmbientClips, seed: int = 0) -> dict[str, float]:
    """AP and accuracy of the pretext task itself, percent; chance is 50."""
    generator = Generator().manual_seed(seed)
    logits, truths = [], []
    for index in torch.arange(len(clips)).split(_BATCH):
        logit, truth = _compare(network, clips, index, generator, 0.1)
        logits.append(logit.flatten())
        truths.append(truth.flatten())
    return figures_of_choice(torch.cat(logits), torch.cat(truths))


def probe(trunk: nn.Module, train: AmbientClips, test: AmbientClips, decay: float = 1e-3,
          seed: int = 0) -> dict[str, float]:
    """
    Fit a linear layer to frozen features of sound.

    :param trunk: with a ``probe`` method; freshly made for the chance of random features.
    :returns: ``ap``, ``acc`` of obstacles and ``order_ap``, ``order_acc`` of pairs on ``test``.
    """
    trunk.eval()
    features, answers = [], []
    generator = Generator().manual_seed(seed)
    pairs = []
    for clips in (train, test):
        features.append(_features(trunk, clips))
        answers.append(clips.near)
        every = torch.arange(len(clips))
        partner = clips.partners(every, generator)
        kept = partner != every
        pairs.append(torch.stack([every[kept], partner[kept]], dim=1))
    mean, scale = features[0].mean(0), features[0].std(0).clamp_min(1e-6)
    known, new = ((each - mean) / scale for each in features)
    layer = _logistic(known, answers[0], decay)
    found = figures_of_choice(layer(new)[:, 0], answers[1])
    sides = [torch.cat([each[pair[:, 0]], each[pair[:, 1]]], dim=1)
             for each, pair in ((known, pairs[0]), (new, pairs[1]))]
    orders = [clips.distance[pair[:, 0]] < clips.distance[pair[:, 1]]
              for clips, pair in ((train, pairs[0]), (test, pairs[1]))]
    layer = _logistic(sides[0], orders[0], decay)
    ordered = figures_of_choice(layer(sides[1])[:, 0], orders[1])
    return {**found, **{f'order_{name}': value for name, value in ordered.items()}}


def _fuse(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(inplace=True),
                         nn.Linear(hidden, outputs))


def _compare(network: AudioVisual, clips: AmbientClips, index: Tensor, generator: Generator,
             least_apart: float) -> tuple[Tensor, Tensor]:
    partner = clips.partners(index, generator, least_apart)
    index, partner = index[partner != index], partner[partner != index]
    logits = network((clips.pictures(index), clips.pictures(partner)),
                     (clips.images(index), clips.images(partner)))
    return logits, torch.tensor([1, 0, 0, 1]).expand(len(index), 4).bool()


def _loss(network: AudioVisual, clips: AmbientClips, index: Tensor, generator: Generator,
          least_apart: float) -> Tensor | None:
    logits, truth = _compare(network, clips, index, generator, least_apart)
    if len(logits) < 2:  # batch normalisation needs two
        return None
    return functional.binary_cross_entropy_with_logits(logits, truth.float())


@torch.no_grad()
def _features(trunk: nn.Module, clips: AmbientClips) -> Tensor:
    return torch.cat([trunk.probe(clips.pictures(index))
                      for index in torch.arange(len(clips)).split(_BATCH)])


def _logistic(features: Tensor, truth: Tensor, decay: float) -> nn.Linear:
    """Fit by L-BFGS, classes weighted alike; always the same for the same features."""
    layer = nn.Linear(features.shape[1], 1)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    weight = ((~truth).sum() / truth.sum().clamp_min(1)).float()
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=200, line_search_fn='strong_wolfe')

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = functional.binary_cross_entropy_with_logits(
            layer(features)[:, 0], truth.float(), pos_weight=weight)
        loss = loss + decay * layer.weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return layer.requires_grad_(False)
