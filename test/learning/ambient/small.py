# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A small data set that sounds as walls do, without the simulator."""

import json
from pathlib import Path

import numpy as np
import torch

from echo_depth_ros.learning.ambient.clips import AmbientClips, draw_clips

CLIP = 15360


def sounds(distance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """
    Noise with more lows the nearer a wall is, in each ear by its own side.

    :param distance: metres of each ear, shape (m, 2).
    :returns: float32, shape (m, 2, CLIP).
    """
    white = np.fft.rfft(rng.standard_normal((*distance.shape, CLIP)))
    frequencies = np.fft.rfftfreq(CLIP, 1 / 16000)
    lows = 1 + 4 * np.exp(-frequencies / 400) * (distance < 0.5)[..., None]
    sound = np.fft.irfft(white * lows / (1 + frequencies / 500), CLIP)
    return (0.05 * rng.uniform(0.5, 2, (len(distance), 1, 1)) * sound).astype(np.float32)


def clips(count: int = 60, hear: str = 'ears', seed: int = 0, images: bool = False
          ) -> AmbientClips:
    """Clips in memory, six to a room."""
    rng = np.random.default_rng(seed)
    sides = rng.uniform(0.2, 1.5, (count, 2)).astype(np.float32)
    mel = draw_clips(sounds(sides, rng), hear)
    group = np.arange(count) // 6
    if hear == 'mono':
        rows = np.stack([np.arange(count), np.zeros(count, int)], axis=1)
        truth = sides.min(axis=1)
    else:
        rows = np.stack([np.repeat(np.arange(count), 2), np.tile([0, 1], count)], axis=1)
        truth, group = sides.ravel(), np.repeat(group, 2)
    image = None
    if images:
        shade = np.clip(255 * sides.min(axis=1) / 1.5, 0, 255)
        image = np.broadcast_to(shade[:, None, None, None], (count, 3, 32, 32)).astype(np.uint8)
    distance = torch.from_numpy(truth)
    return AmbientClips(mel, torch.from_numpy(rows), hear == 'ears', distance, distance < 0.5,
                        torch.from_numpy(group), image=image, name='small')


def write_simulated(root: Path, rooms: int = 3, poses: int = 6) -> None:
    """Write what `echo-depth simulate-ambient` writes."""
    root.mkdir(parents=True, exist_ok=True)
    (root / 'dataset.json').write_text(json.dumps({'kind': 'ambient', 'format': {'clip': CLIP}}))
    rng = np.random.default_rng(1)
    for split in ('train', 'val', 'test'):
        (root / split).mkdir(exist_ok=True)
        for room in range(rooms):
            distance = rng.uniform(0.2, 1.5, (poses, 5)).astype(np.float32)
            distance[:, 4] = distance[:, :4].min(axis=1)
            sound = sounds(distance[:, [1, 3]], rng)
            np.savez(root / split / f'ambient_{room:06d}.npz', distance=distance,
                     sound=np.rint(np.clip(sound, -1, 1) * 32767).astype(np.int16),
                     rgb=rng.integers(0, 255, (poses, 16, 16, 3)).astype(np.uint8))
