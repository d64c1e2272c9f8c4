# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Affine-invariant disparity, as MiDaS learns it: right up to a scale and a shift.

MiDaS and Depth Anything need a download. This small network is trained with the loss of the former
(Ranftl et al., "Towards robust monocular depth estimation", section 5), so that what is said of
such models can be checked without one. It is of course no match for them.
"""

from pathlib import Path

import torch
from torch import nn, Tensor
from tqdm import tqdm

from echo_depth_ros.learning.augment import Augmentation
from echo_depth_ros.learning.avs.batches import AvsBatches
from echo_depth_ros.learning.avs.sizes import AvsSizes
from echo_depth_ros.learning.avs.visual import SmallVisual
from echo_depth_ros.learning.data import EchoSplit
from echo_depth_ros.learning.training.checkpoint import read_checkpoint, save_model
from echo_depth_ros.learning.training.errors import CheckpointError
from echo_depth_ros.learning.training.sections import section

DISPARITY = 'avs_disparity'
"""What checkpoints of it are called."""
_KEPT = 0.8
"""Share of an image's pixels that count: the worst ones are left out."""
_SCALES = 4
_GRADIENTS = 0.5
"""Weight of the gradients' term, as published."""
_LEAST = 1e-6


class DisparityNet(nn.Module):
    """
    The small visual backbone of AVS-Net with nothing behind it.

    :param config: its sizes.
    """

    def __init__(self, config: AvsSizes) -> None:
        super().__init__()
        self.config = config
        self.visual = SmallVisual(config)

    def forward(self, rgb: Tensor) -> Tensor:
        """Map (N, 3, *image), 0 to 1, to disparity of no unit, (N, h, w), above 0."""
        return self.visual(rgb).relative


def scale_shift_invariant(predicted: Tensor, depth: Tensor, max_depth: float = 12.0) -> Tensor:
    """
    Loss of MiDaS: trimmed absolute error and gradients, of disparities brought to one scale.

    Both are brought to median 0 and mean absolute deviation 1 over the valid pixels first.

    :param predicted: (N, H, W) disparity of any unit.
    :param depth: (N, H, W) metres; what is not above 0 and below ``max_depth`` does not count.
    :returns: scalar; 0 where no image has a valid pixel.
    """
    valid = (depth > 0) & (depth < max_depth)
    truth = torch.where(valid, 1 / depth.clamp_min(_LEAST), 0.0)
    total = predicted.new_zeros(())
    for guess, true, known in zip(predicted.float(), truth, valid):
        if known.sum() < 2:
            continue
        error = torch.where(known, _level(guess, known) - _level(true, known), 0.0)
        sizes = error[known].abs()
        kept = sizes.sort().values[:max(1, int(_KEPT * len(sizes)))]
        total = total + kept.sum() / (2 * len(sizes)) + _GRADIENTS * _gradients(error, known)
    return total / max(1, len(predicted))


def train_disparity(split: EchoSplit, path: Path, config: AvsSizes, steps: int = 800,
                    batch: int = 16, rate: float = 1e-3, seed: int = 0,
                    progress: bool = True) -> DisparityNet:
    """
    Train, and write a checkpoint.

    :param split: with colour images; its echoes are not heard.
    :param path: of the checkpoint.
    :returns: the network, ready to predict.
    """
    torch.manual_seed(seed)
    chance = torch.Generator().manual_seed(seed)
    network = DisparityNet(config).train()
    load = AvsBatches(split, echoes=False, augmentation=Augmentation(), brightness=0.2)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=max(steps, 2),
                                                   pct_start=0.1)
    for _ in tqdm(range(steps), desc='disparity', unit='step', disable=not progress):
        indices = torch.randint(len(split), (batch,), generator=chance)
        samples = load(indices, chance)
        rgb = nn.functional.interpolate(samples['rgb'], config.image, mode='bilinear',
                                        antialias=True)
        said = network(rgb)
        # Nearest: the mean over an edge is the depth of neither side.
        truth = nn.functional.interpolate(samples['depth'][:, None], said.shape[1:])[:, 0]
        loss = scale_shift_invariant(said, truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    save_model(path, DISPARITY, network, {'step': steps, 'loss': float(loss.detach())})
    return network.eval()


def load_disparity(path: Path | str) -> DisparityNet:
    """
    Network of a checkpoint that :func:`train_disparity` wrote, ready to predict.

    :raises CheckpointError: it is none.
    """
    state = read_checkpoint(path)
    if state.get('kind') != DISPARITY:
        raise CheckpointError(f'{path} is of kind {state.get("kind")!r}; expected {DISPARITY}')
    network = DisparityNet(section(AvsSizes, state['config'], str(path)))
    network.load_state_dict(state['state'])
    return network.eval()


def _level(disparity: Tensor, known: Tensor) -> Tensor:
    """Subtract the median, and divide by the mean distance from it."""
    apart = disparity - disparity[known].median()
    return apart / apart[known].abs().mean().clamp_min(_LEAST)


def _gradients(error: Tensor, known: Tensor) -> Tensor:
    """Mean change of the error from pixel to pixel, over several resolutions."""
    total = error.new_zeros(())
    for power in range(_SCALES):
        part, here = error[::2 ** power, ::2 ** power], known[::2 ** power, ::2 ** power]
        across = (part[:, 1:] - part[:, :-1]).abs() * (here[:, 1:] & here[:, :-1])
        down = (part[1:] - part[:-1]).abs() * (here[1:] & here[:-1])
        total = total + (across.sum() + down.sum()) / here.sum().clamp_min(1)
    return total
