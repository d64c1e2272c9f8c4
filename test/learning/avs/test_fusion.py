# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from echo_depth_ros.learning.avs.fusion import CrossModalAttention


def _set(attention, **matrices):
    with torch.no_grad():
        for name, values in matrices.items():
            getattr(attention, name).weight.copy_(torch.tensor(values))


def test_one_head_by_hand():
    """Equations 1 and 2 with one pixel, two cells and numbers that fit on paper."""
    attention = CrossModalAttention(2, 3, heads=1)
    _set(attention, query=[[1.0, 0.0], [0.0, 2.0]], key=[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
         value=[[0.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
    seen = torch.tensor([1.0, 0.5]).reshape(1, 2, 1, 1)
    heard = torch.tensor([[1.0, 2.0], [3.0, 0.0], [5.0, -1.0]]).reshape(1, 3, 1, 2)
    # Q = (1, 1); keys (1, 3), (2, 0); so the scores are 4 and 2 over sqrt(2).
    weight = 1 / (1 + math.exp(-2 / math.sqrt(2)))
    # Values (5, 4) and (-1, 2).
    answer = [weight * 5 - (1 - weight), weight * 4 + (1 - weight) * 2]
    fused, paid = attention(seen, heard)
    assert paid.flatten().tolist() == pytest.approx([weight, 1 - weight], abs=1e-6)
    assert fused.flatten().tolist() == pytest.approx([answer[0] + 1, answer[1] + 0.5], abs=1e-5)


def test_heads_attend_on_their_own():
    torch.manual_seed(0)
    attention = CrossModalAttention(8, 6, heads=2)
    seen, heard = torch.randn(2, 8, 3, 4), torch.randn(2, 6, 2, 5)
    fused, paid = attention(seen, heard)
    assert fused.shape == seen.shape and paid.shape == (2, 2, 12, 10)
    assert torch.allclose(paid.sum(3), torch.ones(2, 2, 12))
    for head in range(2):
        rows = slice(4 * head, 4 * head + 4)
        query, key, value = (
            part.weight[rows] @ features.flatten(2)
            for part, features in ((attention.query, seen), (attention.key, heard),
                                   (attention.value, heard)))
        weight = (query.transpose(1, 2) @ key / math.sqrt(4)).softmax(2)
        expected = (value @ weight.transpose(1, 2)).reshape(2, 4, 3, 4) + seen[:, rows]
        assert torch.allclose(fused[:, rows], expected, atol=1e-5)


def test_without_values_only_the_skip_is_left():
    attention = CrossModalAttention(4, 4, heads=2)
    torch.nn.init.zeros_(attention.value.weight)
    seen = torch.randn(1, 4, 2, 2)
    assert torch.equal(attention(seen, torch.randn(1, 4, 2, 2))[0], seen)


def test_channels_that_cannot_be_dealt_out_are_named():
    with pytest.raises(ValueError, match='10 channels.*4 heads'):
        CrossModalAttention(10, 4, heads=4)
