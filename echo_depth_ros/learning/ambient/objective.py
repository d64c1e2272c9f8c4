# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Losses of the tasks on ambient sound, and figures as the paper reports them."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional
from torchmetrics.functional.classification import binary_average_precision

from echo_depth_ros.learning.ambient.clips import AmbientClips
from echo_depth_ros.learning.ambient.config import AmbientConfig
from echo_depth_ros.learning.ambient.networks import AmbientNetwork

_BATCH = 256


class Heard(NamedTuple):
    """
    What a network says about a split.

    :ivar near: logits of an obstacle, shape (n,).
    :ivar distance: metres, shape (n,).
    :ivar pairs: samples that were compared, shape (m, 2).
    :ivar nearer: logits that the first of each pair is nearer, shape (m,).
    """

    near: Tensor
    distance: Tensor
    pairs: Tensor
    nearer: Tensor


def losses(network: AmbientNetwork, clips: AmbientClips, index: Tensor, config: AmbientConfig,
           pos_weight: Tensor, generator: Generator) -> dict[str, Tensor]:
    """
    Losses of one batch by task, not yet weighted.

    Both clips of a pair are changed by the same gain, for only differences between them say
    anything; its order is drawn anew, so that neither comes first more often.

    :param index: samples, shape (b,).
    :param pos_weight: negatives over positives, for the obstacle's cross-entropy, on the network's
        device.
    """
    device = pos_weight.device
    change = _change(len(index), config, generator)
    first = network.embed((clips.pictures(index) + change).to(device))
    found = {}
    if config.obstacle:
        found['obstacle'] = functional.binary_cross_entropy_with_logits(
            network.obstacle(first).float(), clips.near[index].float().to(device),
            pos_weight=pos_weight)
    if config.distance:
        share = clips.distance[index].clamp(max=network.config.farthest)
        found['distance'] = functional.l1_loss(
            network.distance(first).float(),
            (share / network.config.farthest - 0.5).to(device))
    if config.order:
        partner = clips.partners(index, generator, config.least_apart)
        second = network.embed((clips.pictures(partner) + change).to(device))
        swap = torch.rand(len(index), generator=generator) < 0.5
        either = swap[:, None].to(device)
        logit = network.nearer(torch.where(either, second, first),
                               torch.where(either, first, second)).float()
        truth = (clips.distance[index] < clips.distance[partner]) ^ swap
        there = (partner != index).float().to(device)
        each = functional.binary_cross_entropy_with_logits(
            logit, truth.float().to(device), reduction='none')
        found['order'] = (each * there).sum() / there.sum().clamp_min(1)
    return found


def _change(count: int, config: AmbientConfig, generator: Generator) -> Tensor:
    """Draw what augmentation adds to log-mel pictures, shape (count, 1, 1, 64)."""
    low, high = config.gain
    gain = low + (high - low) * torch.rand(count, 1, 1, 1, generator=generator)
    tilt = torch.randn(count, 1, 1, 1, generator=generator) * config.tilt_db * np.log(10) / 10
    return 2 * gain.log() + tilt * torch.linspace(-1, 1, 64)


@torch.no_grad()
def listen(network: AmbientNetwork, clips: AmbientClips, least_apart: float = 0.1,
           seed: int = 0) -> Heard:
    """Hear a whole split; pairs are those of the data set, or one for each sample by the seed."""
    network.eval()
    parts = torch.arange(len(clips)).split(_BATCH)
    device = next(network.parameters()).device
    embedding = torch.cat([network.embed(clips.pictures(part).to(device)) for part in parts])
    near = network.obstacle(embedding).float().cpu()
    distance = (network.distance(embedding).float() + 0.5).clamp(0, 1).cpu()
    distance = distance * network.config.farthest
    pairs = pairs_of(clips, least_apart, seed)
    nearer = network.nearer(embedding[pairs[:, 0]], embedding[pairs[:, 1]]).float().cpu()
    return Heard(near, distance, pairs, nearer)


def pairs_of(clips: AmbientClips, least_apart: float = 0.1, seed: int = 0) -> Tensor:
    """Return the pairs of a data set, or one for each sample by the seed, shape (m, 2)."""
    if clips.pairs is not None:
        return clips.pairs
    every = torch.arange(len(clips))
    generator = Generator().manual_seed(seed)
    pairs = torch.stack([every, clips.partners(every, generator, least_apart)], dim=1)
    return pairs[pairs[:, 0] != pairs[:, 1]]


def figures(heard: Heard, clips: AmbientClips, farthest: float) -> dict[str, float]:
    """
    Figures as the paper has them, in percent and metres.

    ``ap`` and ``acc`` of obstacles, ``balanced``: mean of the accuracies near and far, ``chance``:
    the share of obstacles, which is the AP of guessing; ``order_ap`` and ``order_acc``; of
    distances cut at ``farthest`` the mean and median absolute error and R².
    """
    near = clips.near
    right = (heard.near > 0) == near
    found = {'chance': 100 * near.float().mean().item(), 'ap': _ap(heard.near, near),
             'acc': 100 * right.float().mean().item(),
             'balanced': 50 * sum(right[near == side].float().mean().item()
                                  for side in (True, False) if (near == side).any())}
    first, second = heard.pairs.T
    if len(first):
        truth = clips.distance[first] < clips.distance[second]
        for name, value in figures_of_choice(heard.nearer, truth).items():
            found[f'order_{name}'] = value
    truth = clips.distance.clamp(max=farthest)
    error = (heard.distance - truth).abs()
    found['mae'] = error.mean().item()
    found['median'] = error.median().item()
    found['r2'] = 1 - (error.square().mean() / truth.var(unbiased=False).clamp_min(1e-9)).item()
    return found


def figures_of_choice(logits: Tensor, truth: Tensor) -> dict[str, float]:
    """AP and accuracy of one yes-or-no question, percent."""
    right = ((logits > 0) == truth).float().mean().item()
    return {'ap': _ap(logits, truth), 'acc': 100 * right}


def _ap(logits: Tensor, truth: Tensor) -> float:
    if not truth.any():
        return float('nan')
    return 100 * binary_average_precision(torch.sigmoid(logits.double()), truth.long()).item()


def intervals(heard: Heard, clips: AmbientClips, farthest: float, draws: int = 200,
              seed: int = 0) -> dict[str, float]:
    """Half widths of 95 % intervals of :func:`figures`, by drawing rooms anew."""
    rng = np.random.default_rng(seed)
    rooms = clips.group.unique()
    members = {int(room): (clips.group == room).nonzero()[:, 0] for room in rooms}
    pair_room = clips.group[heard.pairs[:, 0]] if len(heard.pairs) else torch.empty(0)
    of_room = {int(room): (pair_room == room).nonzero()[:, 0] for room in rooms}
    found: dict[str, list[float]] = {}
    for _ in range(draws):
        drawn = [int(room) for room in rng.choice(rooms.numpy(), len(rooms))]
        index = torch.cat([members[room] for room in drawn])
        pairs = torch.cat([of_room[room] for room in drawn])
        part = AmbientClips(clips.mel, clips.rows[index], clips.both, clips.distance[index],
                            clips.near[index], clips.group[index])
        spoken = Heard(heard.near[index], heard.distance[index], heard.pairs[:0], heard.nearer[:0])
        for name, value in figures(spoken, part, farthest).items():
            found.setdefault(name, []).append(value)
        if len(pairs):
            truth = clips.distance[heard.pairs[pairs, 0]] < clips.distance[heard.pairs[pairs, 1]]
            for name, value in figures_of_choice(heard.nearer[pairs], truth).items():
                found.setdefault(f'order_{name}', []).append(value)
    return {name: float(np.subtract(*np.nanpercentile(values, (97.5, 2.5))) / 2)
            for name, values in found.items()}
