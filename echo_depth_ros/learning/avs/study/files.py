# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Exported files: how far they are from torch, how large, and how fast."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
import math
from pathlib import Path
import time
from typing import Any

import numpy as np
import onnx
import torch
from torch.nn import functional

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.avs.network import AvsNet
from echo_depth_ros.learning.avs.study.kept import TestSet
from echo_depth_ros.perception.avs_contract import AVS_KEY
from echo_depth_ros.perception.avs_model import AvsModel
from echo_depth_ros.perception.model import StudentModel

_BATCH = 16
_WEIGHTS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.INT8,
            onnx.TensorProto.UINT8)


@dataclass(frozen=True)
class File:
    """
    What an exported file costs.

    :ivar megabytes: of the file.
    :ivar parameters_m: millions of numbers in it, fixed kernels included.
    :ivar ms: median milliseconds of one image by the number of threads.
    :ivar largest: difference to torch, relative to the depth; NaN where there is no checkpoint.
    :ivar mean: likewise, the mean.
    :ivar images: that this was worked out on.
    """

    name: str
    megabytes: float
    parameters_m: float
    ms: dict[int, float]
    largest: float = math.nan
    mean: float = math.nan
    images: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain types, for JSON, which has no NaN."""
        return {name: None if isinstance(value, float) and math.isnan(value) else value
                for name, value in asdict(self).items()}


def difference(network: AvsNet, path: Path, test: TestSet, threads: int = 2,
               ) -> tuple[float, float]:
    """
    Difference between a file in ONNX Runtime and its network in torch, on the same real input.

    :returns: the largest and the mean, relative to the depth.
    """
    model, size = AvsModel(path, threads=threads), network.config.image
    worst, total, count = 0.0, 0.0, 0
    for indices in torch.arange(len(test)).split(_BATCH):
        rgb = functional.interpolate(test.split.rgb_batch(indices), size, mode='bilinear',
                                     antialias=True)
        windows = test.split.batch(indices)[0]
        with torch.no_grad():
            expected = network(rgb, windows).numpy()
        apart = np.abs(model.infer_batch(rgb.numpy(), windows.numpy()) - expected) / expected
        # NumPy's maximum keeps a NaN, Python's may lose it.
        worst = float(np.maximum(worst, apart.max()))
        total, count = total + float(apart.sum()), count + apart.size
    return worst, total / count


def judge_files(paths: Mapping[str, Path], rounds: int = 30,
                threads: tuple[int, ...] = (1, 2)) -> list[File]:
    """Size and time of files, AVS-Nets and students, one after the other, round after round."""
    times: dict[str, dict[int, float]] = {name: {} for name in paths}
    for number in threads:
        calls = {name: _call(path, number) for name, path in paths.items()}
        taken = {name: [] for name in paths}
        for _ in range(rounds):
            for name, call in calls.items():
                before = time.perf_counter()
                call()
                taken[name].append(1000 * (time.perf_counter() - before))
        for name, values in taken.items():
            times[name][number] = float(np.median(values))
    return [File(name, path.stat().st_size / 1e6, _parameters(path) / 1e6, times[name])
            for name, path in paths.items()]


def files_table(files: list[File]) -> str:
    """Markdown."""
    threads = list(files[0].ms)
    head = ['', 'MB', 'M parameters', *(f'ms, {n} thread{"s" * (n > 1)}' for n in threads),
            'largest difference to torch', 'mean', 'images']
    lines = ['| ' + ' | '.join(head) + ' |', '|---|' + '---:|' * (len(head) - 1)]
    for file in files:
        apart = ['–'] * 3 if math.isnan(file.largest) else [
            f'{file.largest:.1e}', f'{file.mean:.1e}', str(file.images)]
        lines.append('| ' + ' | '.join([
            file.name, f'{file.megabytes:.2f}', f'{file.parameters_m:.2f}',
            *(f'{file.ms[n]:.1f}' for n in threads), *apart]) + ' |')
    return '\n'.join(lines)


def _call(path: Path, threads: int) -> Callable[[], Any]:
    chance = np.random.default_rng(0)
    window = chance.normal(0, 0.05, (2, PingFormat().window)).astype(np.float32)
    if AVS_KEY not in {prop.key for prop in onnx.load(path).metadata_props}:
        student = StudentModel(path, PingFormat(), threads=threads)
        return lambda: student.infer(window)
    model = AvsModel(path, threads=threads)
    image = chance.integers(0, 256, (*model.shape, 3), np.uint8)
    return lambda: model.infer(image, window)


def _parameters(path: Path) -> int:
    return sum(math.prod(weight.dims) for weight in onnx.load(path).graph.initializer
               if weight.data_type in _WEIGHTS)
