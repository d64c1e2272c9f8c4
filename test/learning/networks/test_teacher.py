# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from echo_depth_ros.learning.networks.teacher import RgbTeacher, TeacherConfig

TINY = TeacherConfig(encoder=(4, 6, 8, 12), decoder=(8, 6, 4))


def test_depth_teacher_answers_through_its_embedding():
    teacher = RgbTeacher('depth', TINY).eval()
    rgb = torch.rand(2, 3, 128, 128)
    embedding = teacher.embed(rgb)
    assert embedding.shape == (2, teacher.channels, 8, 8) == (2, 12, 8, 8)
    log_depth = teacher.decode(embedding)
    assert log_depth.shape == (2, 128, 128)
    assert log_depth.exp().min() > 0.09 and log_depth.exp().max() < 12.1
    torch.testing.assert_close(teacher(rgb), log_depth)


def test_material_teacher_answers_with_classes():
    teacher = RgbTeacher('material', TINY).eval()
    assert teacher(torch.rand(2, 3, 128, 128)).shape == (2, 17, 32, 32)


def test_images_of_other_sizes_are_brought_to_its_own():
    teacher = RgbTeacher('depth', TINY).eval()
    flat = torch.full((1, 3, 90, 160), 0.4)
    torch.testing.assert_close(teacher.embed(flat), teacher.embed(flat[..., :1, :1].expand(
        -1, -1, 128, 128)))


def test_unknown_task_is_refused():
    with pytest.raises(ValueError, match="'colour'.*depth, material"):
        RgbTeacher('colour')


def test_config_survives_a_checkpoint():
    assert TeacherConfig.from_dict(TINY.to_dict()) == TINY
