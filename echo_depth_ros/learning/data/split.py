# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A split of a data set: windows, depth, colour and materials, on disk and read as needed."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from echo_depth_ros.learning.data.errors import DatasetError

SPLITS = ('train', 'val', 'test')
MAX_DEPTH_MM = 12000
"""Depth beyond 12 m is clipped to 12 m, as the BatVision authors do."""
FULL_SCALE = 32767.0
MATERIALS = 16
"""Kinds of surface; what is not one of them has the number 0."""


class EchoSplit(Dataset):
    """
    Samples of one split, as integers (45 kB without colour), made floats batch by batch.

    The arrays may be memory maps: opening a split costs nothing, and processes share its pages.

    :ivar waveform: int16 (N, 2, window), full scale 32767, direct sound on ``direct_index``.
    :ivar depth: int16 (N, H, W) millimetres up to 12000, 0 = hole (no return).
    :ivar rgb: uint8 (N, H, W, 3), or None when the data set has no colour.
    :ivar material: uint8 (N, H, W), 0 = no surface, else one more than the index in the
        simulator's MATERIALS; or None.
    :ivar first_range: float32 (N,) true metres to the nearest surface, NaN where not given.
    :ivar shapes: (N,) kind of room: 'box', 'corridor', 'L', … or the place it was recorded in.
    :ivar sources: (N,) file and index in it.
    :ivar skipped: names of the samples that could not be used, with the reason.
    :ivar report: what the packer counted and measured; see :mod:`.packing`.
    """

    def __init__(self, waveform: Tensor, depth: Tensor, first_range: Tensor | None = None,
                 shapes: list[str] | np.ndarray | None = None,
                 sources: list[tuple[Path, int]] | None = None,
                 skipped: dict[str, str] | None = None, rgb: Tensor | None = None,
                 material: Tensor | None = None, report: dict | None = None) -> None:
        count = len(waveform)
        self.waveform = waveform
        self.depth = depth
        self.rgb = rgb
        self.material = material
        self.first_range = torch.full((count,), torch.nan) if first_range is None else first_range
        self.shapes = np.array(shapes if shapes is not None else ['unknown'] * count)
        self.sources = sources if sources is not None else []
        self.skipped = skipped or {}
        self.report = report or {}

    def __len__(self) -> int:
        return len(self.waveform)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """One sample: waveform (2, window) ±1 and depth (H, W) metres, 0 = hole."""
        return self.waveform[index].float() / FULL_SCALE, self.depth[index].float() / 1000

    def batch(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Gather samples: waveform (B, 2, window) ±1 and depth (B, H, W) metres, 0 = hole."""
        return self.waveform[indices].float() / FULL_SCALE, self.depth[indices].float() / 1000

    def rgb_batch(self, indices: Tensor) -> Tensor:
        """
        Gather colour images, float (B, 3, H, W) in 0 to 1.

        :raises DatasetError: when the data set has none.
        """
        if self.rgb is None:
            raise DatasetError('this data set has no colour images; train without teachers, or '
                               'on a data set that "echo-depth inspect" lists rgb for')
        return self.rgb[indices].permute(0, 3, 1, 2).float() / 255

    def material_batch(self, indices: Tensor) -> Tensor:
        """
        Gather material images, int64 (B, H, W), 0 = no surface.

        :raises DatasetError: when the data set has none.
        """
        if self.material is None:
            raise DatasetError('this data set has no material images (only simulated rooms do); '
                               'train without the material task')
        return self.material[indices].long()

    def depth_metres(self, index: int) -> np.ndarray:
        """Depth (H, W) float32 metres, NaN where nothing returned."""
        depth = self.depth[index].numpy().astype(np.float32) / 1000
        return np.where(depth > 0, depth, np.float32(np.nan))

    def mean_depth(self) -> Tensor:
        """Mean of each pixel's valid depths (H, W), metres; NaN where it never has one."""
        total = torch.zeros(self.depth.shape[1:], dtype=torch.float64)
        valid = torch.zeros_like(total)
        for part in self.depth.split(1024):
            total += part.sum(0, dtype=torch.int64)
            valid += (part > 0).sum(0)
        return (total / valid / 1000).float()
