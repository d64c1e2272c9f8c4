# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Building blocks of the student and its teachers."""

import math

from torch import nn, Tensor
from torch.nn import functional


class ConvBlock(nn.Sequential):
    """Convolution, batch normalisation (folded into it at export), ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel=3, stride=1) -> None:
        kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = tuple(k // 2 for k in kernel)
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False),
            nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """Two convolutions beside an identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvBlock(channels, channels)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, features: Tensor) -> Tensor:
        """Keep the shape."""
        return functional.relu(features + self.second(self.first(features)))


class Link(nn.Module):
    """
    Skip link from a time-frequency map to an image grid.

    Rows and columns of a spectrogram are not rows and columns of an image, so the map is not
    copied across, as in an ordinary U-Net, but every image cell learns where to listen: one
    linear map from all (frequency, time) cells to all (row, column) cells, shared by channels.

    :param inputs: channels of the encoder level.
    :param outputs: channels of the link.
    :param grid: frequency × time cells of the encoder level for a window of the usual length;
        maps of other sizes are pooled to it.
    :param size: rows (= columns) of the image grid.
    """

    def __init__(self, inputs: int, outputs: int, grid: tuple[int, int], size: int) -> None:
        super().__init__()
        self.grid = grid
        self.reduce = ConvBlock(inputs, outputs, kernel=1)
        self.listen = nn.Linear(math.prod(grid), size * size, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.size = size

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, inputs, F, T) to (N, outputs, size, size)."""
        cells = to_grid(self.reduce(features), self.grid).flatten(2)
        image = self.listen(cells).unflatten(2, (self.size, self.size))
        return functional.relu(self.norm(image))


def to_grid(features: Tensor, grid: tuple[int, int]) -> Tensor:
    """Pool (N, C, F, T) to (N, C, *grid); a map that has the grid already stays as it is."""
    if tuple(features.shape[2:]) == grid:
        return features
    return functional.adaptive_avg_pool2d(features, grid)
