# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks of AVS-Net from the files that a run leaves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from echo_depth_ros.learning.avs.config import KIND
from echo_depth_ros.learning.avs.network import AvsNet
from echo_depth_ros.learning.avs.sizes import AvsSizes
from echo_depth_ros.learning.training.checkpoint import load_network
from echo_depth_ros.learning.training.errors import CheckpointError
from echo_depth_ros.learning.training.sections import section


def load_avs(path: Path | str) -> tuple[AvsNet, dict[str, Any]]:
    """
    Network of a ``model.pt``, ``best.pt`` or ``last.ckpt`` of "echo-depth train-avs".

    Nothing is downloaded, whatever its visual backbone: sizes and weights are all in the file.

    :returns: see :func:`~echo_depth_ros.learning.training.checkpoint.load_network`.
    :raises CheckpointError: the file is none of these.
    :raises FileNotFoundError: there is no such file.
    """
    return load_network(path, _build, 'train-avs')


def _build(kind: str, sizes: Mapping[str, Any]) -> AvsNet:
    if kind != KIND:
        raise CheckpointError(f'it is of kind {kind!r}')
    return AvsNet(section(AvsSizes, sizes, 'sizes'))
