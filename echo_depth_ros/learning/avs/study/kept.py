# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Models, test sets, and what each model says of each set: worked out once, and kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
import hashlib
import math
import os
from pathlib import Path
import tempfile
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from echo_depth_ros.learning.avs.darkness import darken
from echo_depth_ros.learning.avs.figures import AvsFigures
from echo_depth_ros.learning.avs.narrow import see_only
from echo_depth_ros.learning.data import EchoSplit
from echo_depth_ros.learning.evaluation.predictors import Predictor
from echo_depth_ros.learning.training.checkpoint import digest

MAX_DEPTH = 12.0
_BATCH = 16


@dataclass(frozen=True)
class Model:
    """
    A model that is judged.

    :ivar name: of its rows.
    :ivar mark: that no other model has: a digest of its file, or its name.
    :ivar kind: 'depth', or 'disparity'.
    :ivar metric: whether it claims to be in metres.
    """

    name: str
    predictor: Predictor
    mark: str
    kind: str = 'depth'
    metric: bool = True

    @classmethod
    def of(cls, name: str, path: Path | str, predictor: Predictor, kind: str = 'depth',
           metric: bool = True) -> 'Model':
        """Name a model after what its file holds; one of Hugging Face after its name."""
        mark = digest(path) if Path(path).is_file() else str(path)
        return cls(name, predictor, mark, kind, metric)


@dataclass(frozen=True)
class TestSet:
    """
    Images that models are judged by.

    :ivar name: of the set.
    """

    __test__ = False  # pytest takes it for one of its own

    name: str
    split: EchoSplit

    def __len__(self) -> int:
        return len(self.split)

    @cached_property
    def mark(self) -> str:
        """Digest of all that is seen and heard, and of the truth."""
        found = hashlib.sha256()
        for part in (self.split.waveform, self.split.depth, self.split.rgb):
            if part is not None:
                found.update(np.ascontiguousarray(part.numpy()).tobytes())
        return found.hexdigest()[:20]

    @cached_property
    def truth(self) -> np.ndarray:
        """Depth (N, H, W) metres, 0 = hole."""
        return self.split.batch(torch.arange(len(self)))[1].numpy()

    def some(self, indices: Tensor | np.ndarray | list[int], name: str = '') -> 'TestSet':
        """Choose samples."""
        chosen, split = torch.as_tensor(indices).long(), self.split
        return TestSet(name or self.name, EchoSplit(
            split.waveform[chosen], split.depth[chosen], split.first_range[chosen],
            split.shapes[chosen.numpy()],
            [split.sources[i] for i in chosen.tolist()] if split.sources else None,
            rgb=None if split.rgb is None else split.rgb[chosen],
            material=None if split.material is None else split.material[chosen]))

    def in_light(self, light: float, seed: int = 0) -> 'TestSet':
        """Take the same images in less light; at 1 they are as they were."""
        rgb = self.split.rgb_batch(torch.arange(len(self)))
        return self._with(darken(rgb, torch.full((len(self),), light),
                                 torch.Generator().manual_seed(seed)), f'light {light:g}')

    def through(self, hfov_deg: float, vfov_deg: float) -> 'TestSet':
        """See only what a narrower camera shows; the rest of the 90 x 90 degrees is black."""
        across, down = (torch.full((len(self), 1), math.tan(math.radians(angle) / 2))
                        for angle in (hfov_deg, vfov_deg))
        rgb = self.split.rgb_batch(torch.arange(len(self)))
        return self._with(see_only(rgb, across, down), f'{hfov_deg:g}° × {vfov_deg:g}°')

    def _with(self, rgb: Tensor, what: str) -> 'TestSet':
        split = self.split
        seen = (rgb * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()
        return TestSet(f'{self.name}, {what}', EchoSplit(
            split.waveform, split.depth, split.first_range, split.shapes, split.sources, rgb=seen,
            material=split.material))


class Said(NamedTuple):
    """
    What a model says.

    :ivar depth: float32 (N, H, W), or disparity.
    :ivar confidence: float32 (N, H, W), or None.
    """

    depth: np.ndarray
    confidence: np.ndarray | None


@dataclass(frozen=True)
class Kept:
    """
    Answers and figures of earlier runs, by what they came from.

    :ivar folder: that holds them.
    """

    folder: Path
    _memory: dict[str, Said] = field(default_factory=dict, compare=False)

    def said(self, model: Model, test: TestSet) -> Said:
        """Ask a model, unless its answers are kept."""
        def ask() -> dict[str, np.ndarray]:
            parts = torch.arange(len(test)).split(_BATCH)
            answers = [model.predictor.predict(test.split, indices) for indices in tqdm(
                parts, desc=f'{model.name}: {test.name}', unit='batch', leave=False,
                disable=None)]
            arrays = {'depth': np.concatenate([answer.depth for answer in answers])}
            if all(answer.confidence is not None for answer in answers):
                arrays['confidence'] = np.concatenate([a.confidence for a in answers])
            return arrays
        key = f'{model.mark} {test.mark}'
        if key not in self._memory:
            # The last few only: a study's answers do not all fit into memory.
            while len(self._memory) >= 12:
                self._memory.pop(next(iter(self._memory)))
            arrays = self.arrays('said', key, ask)
            self._memory[key] = Said(arrays['depth'], arrays.get('confidence'))
        return self._memory[key]

    def figures(self, key: str, work_out: Callable[[], list[AvsFigures]]) -> list[AvsFigures]:
        """Work figures out, unless those of this key are kept."""
        arrays = self.arrays('figures', key, lambda: {
            'rows': np.array(work_out(), float).reshape(-1, len(AvsFigures._fields))})
        return [AvsFigures(*row) for row in arrays['rows'].tolist()]

    def arrays(self, sort: str, key: str, work_out: Callable[[], dict[str, np.ndarray]],
                ) -> dict[str, np.ndarray]:
        """Work arrays out, unless those of this sort and key are kept."""
        path = self.folder / f'{sort}-{hashlib.sha256(key.encode()).hexdigest()[:24]}.npz'
        if path.exists():
            with np.load(path, allow_pickle=False) as there:
                return {name: there[name] for name in there.files}
        arrays = work_out()
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix='.part', delete=False) as part:
            np.savez(part, **arrays)
        os.replace(part.name, path)
        return arrays
