# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What frozen teachers see in every training image, computed once and read from then on."""

from contextlib import contextmanager
import fcntl
import hashlib
import os
from pathlib import Path

import numpy as np
import torch
from torch import nn, Tensor
from tqdm import tqdm

from echo_depth_ros.learning.data import EchoSplit
from echo_depth_ros.learning.distillation.teachers import Teacher
from echo_depth_ros.learning.training.errors import TrainingError

GRID = 8
_VERSION = 'bank 1'


class TeacherBank:
    """
    Embeddings of all samples of a split, of the images as they are and mirrored.

    Teachers are frozen, so looking again at each step would only cost time: the embeddings lie
    in a memory map of half floats, which processes share.

    :ivar values: float16 (N, 2, C, 8, 8); [:, 1] of the mirrored images.
    """

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    @property
    def channels(self) -> int:
        """C."""
        return self.values.shape[2]

    def batch(self, indices: Tensor, mirrored: Tensor) -> Tensor:
        """
        Look samples up.

        :param indices: (B,).
        :param mirrored: (B,) bool, which of them were mirrored.
        :returns: float32 (B, C, 8, 8).
        """
        return torch.from_numpy(self.values[indices.numpy(), mirrored.long().numpy()]).float()


def open_bank(folder: Path, teacher: Teacher, name: str, split: EchoSplit,
              batch: int = 64, bfloat16: bool = False) -> TeacherBank:
    """
    Open the bank of a teacher and a split, computing it where there is none yet.

    Processes that ask at the same time wait for the first one. A kill leaves nothing half done.

    :param folder: where banks are kept.
    :param name: of the teacher, for the progress bar and for errors.
    :param bfloat16: let the teacher compute in it.
    :raises TrainingError: what the teacher makes is no finite (B, C, 8, 8).
    """
    path = folder / f'{fingerprint(teacher, name, split)}.npy'
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with _only_one(path.with_suffix('.lock')):
            if not path.is_file():
                _compute(path, teacher, name, split, batch, bfloat16)
    values = np.load(path, mmap_mode='r')
    if values.shape[:2] != (len(split), 2):
        raise TrainingError(f'{path} holds embeddings of {len(values)} samples, but the split has '
                            f'{len(split)}; remove the file, it will be made again')
    return TeacherBank(values)


def fingerprint(teacher: Teacher, name: str, split: EchoSplit) -> str:
    """Name that changes with the teacher's weights and with the images of the split."""
    digest = hashlib.sha256(f'{_VERSION} {len(split)} {type(teacher).__name__}'.encode())
    if isinstance(teacher, nn.Module):
        for key, value in teacher.state_dict().items():
            digest.update(key.encode())
            digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    else:
        digest.update(name.encode())
    shown = torch.linspace(0, len(split) - 1, min(64, len(split))).long()
    digest.update(split.rgb_batch(shown).mul(255).round().byte().contiguous().numpy())
    return digest.hexdigest()[:20]


@torch.inference_mode()
def _compute(path: Path, teacher: Teacher, name: str, split: EchoSplit, batch: int,
             bfloat16: bool) -> None:
    partial = path.with_name(f'.{path.stem}.{os.getpid()}.partial')
    values = None
    try:
        for indices in tqdm(torch.arange(len(split)).split(batch), unit='batch',
                            desc=f'look at the images with {name}'):
            rgb = split.rgb_batch(indices)
            with torch.autocast('cpu', torch.bfloat16, enabled=bfloat16):
                seen = [teacher.embed(rgb), teacher.embed(rgb.flip(-1))]
            seen = torch.stack([embedding.float() for embedding in seen], 1)
            if seen.ndim != 5 or seen.shape[-2:] != (GRID, GRID):
                raise TrainingError(f'teacher {name} makes embeddings of shape '
                                    f'{tuple(seen[:, 0].shape)}; expected (B, C, {GRID}, {GRID})')
            half = seen.half().cpu().numpy()
            if not np.isfinite(half).all():
                raise TrainingError(f'teacher {name} makes embeddings that are not finite, or '
                                    'beyond 65504; normalise them')
            if values is None:
                values = np.lib.format.open_memmap(partial, 'w+', np.float16,
                                                   (len(split), *half.shape[1:]))
            values[indices[0]:indices[-1] + 1] = half
        values.flush()
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _only_one(path: Path):
    """Hold a lock that the system releases if this process dies."""
    with path.open('w') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
