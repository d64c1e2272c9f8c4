# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Batches of a training kind, gathered from a split in one go."""

from typing import Protocol

import torch
from torch import Generator, Tensor

from echo_depth_ros.learning.augment import Augmentation
from echo_depth_ros.learning.data import EchoSplit

Batch = dict[str, Tensor]


class Embeddings(Protocol):
    """What looks up the teachers' embeddings of samples."""

    def batch(self, indices: Tensor, mirrored: Tensor) -> Tensor:
        """Embeddings (B, C, 8, 8) of samples, of their mirror images where ``mirrored``."""


class EchoBatches:
    """
    Windows with their depth, and what the student's objective wants besides.

    :param augmentation: None leaves the samples as they are.
    :param material: whether to add the material images.
    :param teachers: embeddings by task ('depth', 'material'); none are added where empty.
    """

    def __init__(self, split: EchoSplit, augmentation: Augmentation | None = None,
                 material: bool = False, teachers: dict[str, Embeddings] | None = None) -> None:
        self.split, self.augmentation = split, augmentation
        self.material, self.teachers = material, teachers or {}

    def __call__(self, indices: Tensor, chance: Generator) -> Batch:
        """Gather samples and let chance change them."""
        waveform, depth = self.split.batch(indices)
        if self.augmentation is None:
            mirrored = torch.zeros(len(indices), dtype=torch.bool)
        else:
            waveform, depth, mirrored = self.augmentation(waveform, depth, chance)
        batch = {'waveform': waveform, 'depth': depth}
        if self.material:
            batch['material'] = flip_where(self.split.material_batch(indices), mirrored)
        for task, bank in self.teachers.items():
            batch[f'teacher_{task}'] = bank.batch(indices, mirrored)
        return batch


class RgbBatches:
    """
    Colour images with their depth or material.

    :param task: 'depth' or 'material'.
    :param augment: mirror half of them, and change brightness and contrast a little.
    """

    def __init__(self, split: EchoSplit, task: str, augment: bool = False) -> None:
        self.split, self.task, self.augment = split, task, augment

    def __call__(self, indices: Tensor, chance: Generator) -> Batch:
        """Gather samples and let chance change them."""
        rgb = self.split.rgb_batch(indices)
        truth = (self.split.material_batch(indices) if self.task == 'material'
                 else self.split.batch(indices)[1])
        if self.augment:
            mirrored = torch.rand(len(rgb), generator=chance) < 0.5
            rgb, truth = flip_where(rgb, mirrored), flip_where(truth, mirrored)
            gain = 0.8 + 0.4 * torch.rand(len(rgb), 1, 1, 1, generator=chance)
            shift = 0.2 * torch.rand(len(rgb), 1, 1, 1, generator=chance) - 0.1
            rgb = (rgb * gain + shift).clamp(0, 1)
        return {'rgb': rgb, self.task: truth}


def flip_where(images: Tensor, mirrored: Tensor) -> Tensor:
    """Images (B, …, width) with left and right exchanged where ``mirrored`` (B,)."""
    chosen = mirrored.reshape(-1, *[1] * (images.ndim - 1))
    return torch.where(chosen, images.flip(-1), images)
