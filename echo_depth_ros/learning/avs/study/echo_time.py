# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
When AVS-Net listens: how much its depth straight ahead owes to each moment of the echoes.

Three ways to ask: Grad-CAM (Selvaraju et al. 2017, as in Fig. 6 of the paper) on a stage of the
echo branch; the cross-modal attention itself, whose cells are few; and, surest of all, occlusion:
how far the depth moves when a stretch of the echoes is replaced by what is mostly heard then.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.avs.errors import VisualError
from echo_depth_ros.learning.avs.network import AvsNet
from echo_depth_ros.learning.avs.study.kept import TestSet

AHEAD = (0.375, 0.625)
"""Part of the rows, and of the columns, that is straight ahead."""
STAGE = 1
"""Of the echo branch's four, that Grad-CAM looks at: its columns are 1/8 of the picture's."""
_BATCH = 16
_OCCLUSIONS = 24


class Listened(NamedTuple):
    """
    How much each image owes to each moment.

    :ivar profile: (N, T), 0 or more.
    :ivar ranges: (T,) metres: how far a surface is whose echo has its middle at that moment.
    """

    profile: np.ndarray
    ranges: np.ndarray


class Reading(NamedTuple):
    """Maps of frequencies and moments, (N, F, T), and the range of each moment, (T,)."""

    maps: np.ndarray
    ranges: np.ndarray


def column_ranges(columns: int, fmt: PingFormat = PingFormat()) -> np.ndarray:
    """
    Range in metres that each column of a resized spectrogram stands for, (columns,).

    An echo lasts as long as the chirp, and it is its middle that a column is of.
    """
    frames = fmt.window // fmt.stft_hop + 1
    frame = (np.arange(columns) + 0.5) * frames / columns - 0.5
    delay = frame * fmt.stft_hop - fmt.direct_index - fmt.chirp_samples / 2
    return np.array([fmt.samples_to_range(each) for each in delay])


def grad_cam(network: AvsNet, test: TestSet, stage: int = STAGE) -> Reading:
    """
    Grad-CAM of the mean log depth straight ahead, on a stage of the echo branch.

    :returns: (N, F, T), 0 or more, each of largest value 1 unless there is nothing.
    :raises VisualError: the network does not listen, or has no such stage.
    """
    _check(network)
    stages = network.echo.resnet.encoder.stages
    if not 0 <= stage < len(stages):
        raise VisualError(f'stage is {stage}; expected 0 to {len(stages) - 1}')
    heard: list[Tensor] = []
    hook = stages[stage].register_forward_hook(lambda *call: heard.append(call[2]))
    maps = []
    try:
        for rgb, windows in _batches(test):
            heard.clear()
            depth = network(rgb, windows)
            # Samples do not touch each other in eval mode: one gradient of the sum is theirs.
            slope, = torch.autograd.grad(_ahead(depth).sum(), heard[0])
            weight = slope.mean((2, 3), keepdim=True)
            found = functional.relu((weight * heard[0]).sum(1)).detach()
            maps.append(found / found.amax((1, 2), keepdim=True).clamp_min(1e-12))
    finally:
        hook.remove()
    values = torch.cat(maps).numpy()
    return Reading(values, column_ranges(values.shape[2]))


def attention(network: AvsNet, test: TestSet) -> Reading:
    """
    Attention that the pixels straight ahead pay to each cell, the mean over heads: (N, F, T).

    :raises VisualError: the network does not listen.
    """
    _check(network)
    maps = []
    with torch.no_grad():
        for rgb, windows in _batches(test):
            paid = network.explain(rgb, windows).attention
            rows, columns = (_part(side) for side in paid.shape[2:4])
            maps.append(paid[:, :, rows, columns].mean((1, 2, 3)))
    values = torch.cat(maps).numpy()
    return Reading(values, column_ranges(values.shape[2]))


def occlusion(network: AvsNet, test: TestSet, parts: int = _OCCLUSIONS) -> Listened:
    """
    Change of the mean log depth straight ahead, when a stretch is not heard.

    What is heard in its place is the mean of all images at that time.

    :param parts: that the time is cut into.
    :raises VisualError: the network does not listen.
    """
    _check(network)
    network.eval()
    with torch.no_grad():
        pictures = torch.cat([network.echo.picture(windows) for _, windows in _batches(test)])
        usual = pictures.mean(0)
        edges = np.linspace(0, pictures.shape[3], parts + 1).round().astype(int)
        moved = []
        for at, (rgb, _) in enumerate(_batches(test)):
            seen = network.visual(functional.interpolate(
                rgb, network.config.image, mode='bilinear', antialias=True))
            mine = pictures[at * _BATCH:at * _BATCH + len(rgb)]

            def depth(picture: Tensor, seen=seen) -> Tensor:
                heard = network.echo.resnet(picture).last_hidden_state
                return _ahead(network.metric(network.fusion(seen.bottleneck, heard)[0], seen))
            whole = depth(mine)
            columns = []
            for start, end in zip(edges[:-1], edges[1:]):
                less = mine.clone()
                less[:, :, :, start:end] = usual[:, :, start:end]
                columns.append((depth(less) - whole).abs())
            moved.append(torch.stack(columns, 1))
    return Listened(torch.cat(moved).numpy(), column_ranges(parts))


def profile(reading: Reading) -> Listened:
    """Sum a map over frequencies."""
    return Listened(reading.maps.sum(1), reading.ranges)


METHODS: dict[str, Callable[[AvsNet, TestSet], Listened]] = {
    'Grad-CAM': lambda network, test: profile(grad_cam(network, test)),
    'occlusion': occlusion,
    'attention': lambda network, test: profile(attention(network, test)),
}
"""Ways to ask when a network listens, by name."""


def _check(network: AvsNet) -> None:
    if network.echo is None:
        raise VisualError('an Only-RGB network does not listen; expected one with '
                          'echo_branch: true')


def _batches(test: TestSet):
    for indices in torch.arange(len(test)).split(_BATCH):
        yield test.split.rgb_batch(indices), test.split.batch(indices)[0]


def _part(side: int) -> slice:
    """Pixels of a side that are straight ahead; at least one."""
    low, high = int(AHEAD[0] * side), int(np.ceil(AHEAD[1] * side))
    return slice(low, max(high, low + 1))


def _ahead(depth: Tensor) -> Tensor:
    """Mean log depth straight ahead (N,)."""
    rows, columns = (_part(side) for side in depth.shape[1:])
    return depth[:, rows, columns].log().mean((1, 2))
