# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks by the kind of a run."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from echo_depth_ros.learning.networks.batvision_unet import BatVisionUNet
from echo_depth_ros.learning.networks.echonet import EchoNet
from echo_depth_ros.learning.networks.student import EchoStudent, StudentConfig
from echo_depth_ros.learning.networks.teacher import RgbTeacher, TeacherConfig
from echo_depth_ros.learning.training.errors import CheckpointError
from echo_depth_ros.learning.training.sections import plain

BASELINES = {'batvision_unet': BatVisionUNet, 'echonet': EchoNet}
TEACHERS = {'teacher_depth': 'depth', 'teacher_material': 'material'}


def build_network(kind: str, sizes: Mapping[str, Any]) -> nn.Module:
    """
    Build a network with fresh weights.

    :param kind: 'student', 'batvision_unet', 'echonet', 'teacher_depth' or 'teacher_material'.
    :param sizes: the fields of its configuration, as :func:`sizes_of` gives them.
    :raises CheckpointError: unknown kind.
    """
    if kind == 'student':
        return EchoStudent(StudentConfig.from_dict(dict(sizes)))
    if kind in BASELINES:
        return BASELINES[kind]()
    if kind in TEACHERS:
        return RgbTeacher(TEACHERS[kind], TeacherConfig.from_dict(dict(sizes)))
    raise CheckpointError(f'kind is {kind!r}; expected one of '
                          f'{", ".join(["student", *BASELINES, *TEACHERS])}')


def sizes_of(network: nn.Module) -> dict[str, Any]:
    """Return what :func:`build_network` needs to build this network again; plain types."""
    return plain(network.config) if hasattr(network, 'config') else {}
