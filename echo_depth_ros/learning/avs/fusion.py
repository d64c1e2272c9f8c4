# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Cross-modal attention: what is seen asks, what is heard answers."""

import math

import torch
from torch import nn, Tensor


class CrossModalAttention(nn.Module):
    """
    Equations 1 and 2 of AVS-Net.

    ``Att(f^V, f^A) = softmax(Q K^T / sqrt(s)) V`` with Q = W_Q f^V, K = W_K f^A, V = W_V f^A,
    in several heads whose answers lie side by side; s is the width of a head. Then
    ``L = Att(f^V, f^A) + f^V``. Every pixel of f^V asks, every cell of f^A is a key.

    :param visual: channels of f^V, a multiple of ``heads``.
    :param auditory: channels of f^A.
    :raises ValueError: the channels cannot be dealt out to the heads.
    """

    def __init__(self, visual: int, auditory: int, heads: int = 4) -> None:
        super().__init__()
        if visual % heads:
            raise ValueError(f'{visual} channels of the bottleneck cannot be dealt out to {heads} '
                             'heads; expected a multiple')
        self.heads, self.width = heads, visual // heads
        self.query = nn.Linear(visual, visual, bias=False)
        self.key = nn.Linear(auditory, visual, bias=False)
        self.value = nn.Linear(auditory, visual, bias=False)

    def forward(self, seen: Tensor, heard: Tensor) -> tuple[Tensor, Tensor]:
        """
        Fuse.

        :param seen: f^V, (N, visual, h, w).
        :param heard: f^A, (N, auditory, f, t).
        :returns: L^{A,V}, (N, visual, h, w), and the attention that each pixel pays to each cell,
            (N, heads, h w, f t), which sums to 1 over the cells.
        """
        pixels = seen.flatten(2).transpose(1, 2)
        cells = heard.flatten(2).transpose(1, 2)
        query, key, value = (
            linear(items).unflatten(2, (self.heads, self.width)).transpose(1, 2)
            for linear, items in ((self.query, pixels), (self.key, cells), (self.value, cells)))
        attention = torch.softmax(query @ key.transpose(2, 3) / math.sqrt(self.width), dim=3)
        answer = (attention @ value).transpose(1, 2).flatten(2)
        return answer.transpose(1, 2).reshape(seen.shape) + seen, attention
