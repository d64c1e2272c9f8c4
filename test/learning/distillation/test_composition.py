# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import torch

from echo_depth_ros.learning.distillation.composition import CompositionalEmbedding


def _composition():
    torch.manual_seed(0)
    return CompositionalEmbedding(teacher=6, student=4)


def test_without_a_residual_the_teacher_remains():
    compose = _composition()
    torch.nn.init.zeros_(compose.project[2].weight)
    torch.nn.init.zeros_(compose.project[2].bias)
    teacher, student = torch.randn(2, 6, 8, 8), torch.randn(2, 4, 8, 8)
    torch.testing.assert_close(compose(teacher, student), compose.adapt(teacher).relu())


def test_what_the_student_heard_changes_the_composition_at_its_place_alone():
    compose = _composition()
    teacher, student = torch.randn(1, 6, 8, 8), torch.rand(1, 4, 8, 8)
    other = student.clone()
    # Two channels trade places at one cell, which leaves the mean and spread that the norm takes.
    other[0, :, 2, 5] = student[0, [1, 0, 2, 3], 2, 5]
    changed = (compose(teacher, other) - compose(teacher, student)).abs().amax(dim=(0, 1)) > 1e-5
    assert changed[2, 5] and changed.sum() == 1


def test_student_and_composition_both_learn():
    compose = _composition()
    student = torch.rand(2, 4, 8, 8, requires_grad=True)
    compose(torch.randn(2, 6, 8, 8), student).sum().backward()
    assert student.grad.abs().any()
    assert all(p.grad is not None and p.grad.abs().any() for p in compose.parameters())
