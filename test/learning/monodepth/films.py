# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A room whose walls are painted like noise, filmed by a camera that drives: known in full."""

import json

import numpy as np
import torch

from echo_depth_ros.learning.monodepth.warp import Intrinsics

CAMERA = Intrinsics(32.0, 32.0, 31.5, 31.5)


def texture(size=(64, 64), seed=0, smooth=5):
    """Return a smooth random image (1, 3, *size), 0 to 1."""
    chance = torch.Generator().manual_seed(seed)
    noise = torch.rand(1, 3, size[0] + smooth - 1, size[1] + smooth - 1, generator=chance)
    image = torch.nn.functional.avg_pool2d(noise, smooth, 1)
    return (image - image.min()) / (image.max() - image.min())


def _corridor(where, size=64):
    """Film one frame from the middle of a corridor 2 m wide and high, whose end is at 6 m."""
    ray = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = np.meshgrid(ray, ray)
    depth = np.minimum(6.0 - where, 1 / np.maximum(np.maximum(np.abs(x), np.abs(y)), 1e-6))
    along, across, up = depth + where, x * depth, y * depth
    colours = [0.5 + 0.25 * np.sin(a * along + b * across + 2) * np.cos(c * up + a * across)
               for a, b, c in ((5, 3, 4), (7, 5, 3), (4, 7, 6))]
    return (np.stack(colours, -1) * 255).astype(np.uint8), (depth * 1000).astype(np.uint16)


def write_drive(root, rooms=2, frames=6):
    """Write films as `echo-depth simulate-drive` does."""
    for split in ('train', 'val', 'test'):
        (root / split).mkdir(parents=True)
        for room in range(rooms):
            shots = [_corridor(0.5 * room + 0.15 * i) for i in range(frames)]
            moved = np.tile(np.array([0.15, 0.0], np.float32), (frames, 1))
            moved[0] = np.nan
            np.savez(root / split / f'drive_{room:07d}.npz', rgb=np.stack([s[0] for s in shots]),
                     depth=np.stack([s[1] for s in shots]), moved=moved)
    (root / 'dataset.json').write_text(json.dumps({'kind': 'drive', 'camera': vars(CAMERA)}))
    return root
