# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""DepthNet and PoseNet from the files that a run leaves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from echo_depth_ros.learning.monodepth.config import KIND
from echo_depth_ros.learning.monodepth.network import Monodepth
from echo_depth_ros.learning.monodepth.sizes import MonodepthSizes
from echo_depth_ros.learning.training.checkpoint import load_network
from echo_depth_ros.learning.training.errors import CheckpointError
from echo_depth_ros.learning.training.sections import section


def load_monodepth(path: Path | str) -> tuple[Monodepth, dict[str, Any]]:
    """
    Networks of a ``model.pt``, ``best.pt`` or ``last.ckpt`` of "echo-depth train-monodepth".

    :returns: see :func:`~echo_depth_ros.learning.training.checkpoint.load_network`.
    :raises CheckpointError: the file is none of these.
    :raises FileNotFoundError: there is no such file.
    """
    return load_network(path, _build, 'train-monodepth')


def _build(kind: str, sizes: Mapping[str, Any]) -> Monodepth:
    if kind != KIND:
        raise CheckpointError(f'it is of kind {kind!r}')
    return Monodepth(section(MonodepthSizes, sizes, 'sizes'))
