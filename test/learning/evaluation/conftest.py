# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Untrained students, as checkpoint and as ONNX file."""

import pytest
import torch

from echo_depth_ros.learning.export import export
from echo_depth_ros.learning.networks.student import EchoStudent
from echo_depth_ros.learning.networks.teacher import RgbTeacher, TeacherConfig
from echo_depth_ros.learning.training.checkpoint import save_model

from ..tiny import TINY


@pytest.fixture(scope='session')
def student():
    """Tiny and untrained: 2 m everywhere."""
    torch.manual_seed(0)
    student = EchoStudent(TINY)
    student.set_mean_depth(torch.full((128, 128), 2.0))
    return student.eval()


@pytest.fixture(scope='session')
def onnx_file(student, tmp_path_factory):
    """``student``, exported."""
    path = tmp_path_factory.mktemp('onnx') / 'tiny.onnx'
    export(student, path, 'nothing')
    return path


@pytest.fixture(scope='session')
def checkpoint(student, tmp_path_factory):
    """``student``, saved."""
    path = tmp_path_factory.mktemp('run') / 'model.pt'
    save_model(path, 'student', student, {})
    return path


@pytest.fixture(scope='session')
def teachers(tmp_path_factory):
    """One untrained teacher for each task, saved, by task."""
    config = TeacherConfig(encoder=(8, 8, 8, 8), decoder=(8, 8, 8))
    paths = {}
    for task in ('depth', 'material'):
        paths[task] = tmp_path_factory.mktemp(task) / 'model.pt'
        save_model(paths[task], f'teacher_{task}', RgbTeacher(task, config), {})
    return paths
