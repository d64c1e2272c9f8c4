# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Compositional Embedding, equation 1 of V2E-CCL."""

import torch
from torch import nn, Tensor


class CompositionalEmbedding(nn.Module):
    """
    Refine what the teacher saw by what the student heard.

    ``F_x^ts = f_x^t + F_CE(f_x^t, f_echo^s)``: a residual from normalisation, concatenation and
    linear projection, place by place. The paper does not say how deep the projection is; here a
    linear layer brings the pair together and another one makes the residual. Teachers differ in
    width, so a linear map first brings f_x^t to the student's.

    :param teacher: channels of f_x^t.
    :param student: channels of f_echo^s and of the result.
    """

    def __init__(self, teacher: int, student: int) -> None:
        super().__init__()
        self.adapt = nn.Conv2d(teacher, student, 1)
        self.norm_teacher = nn.GroupNorm(1, student)
        self.norm_student = nn.GroupNorm(1, student)
        self.project = nn.Sequential(
            nn.Conv2d(2 * student, student, 1), nn.ReLU(), nn.Conv2d(student, student, 1))

    def forward(self, teacher: Tensor, student: Tensor) -> Tensor:
        """
        Compose f_x^t (N, C, 8, 8) and f_echo^s (N, E, 8, 8) into F_x^ts (N, E, 8, 8).

        Non-negative as f_echo^s is, so that one decoder reads both.
        """
        seen = self.adapt(teacher)
        pair = torch.cat([self.norm_teacher(seen), self.norm_student(student)], dim=1)
        return torch.relu(seen + self.project(pair))
