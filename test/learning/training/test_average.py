# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import copy

import torch
from torch import nn

from echo_depth_ros.learning.training.average import averaged_copy, update_average


def test_early_steps_count_for_more_and_buffers_follow():
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    average = averaged_copy(network)
    assert not average.training and not any(p.requires_grad for p in average.parameters())
    start = copy.deepcopy(network.state_dict())
    with torch.no_grad():
        for value in network.state_dict().values():
            value.add_(1)
    update_average(average, network, step=1, decay=0.998)
    kept = 2 / 11
    for name, value in average.state_dict().items():
        expected = start[name] + (1 - kept if value.is_floating_point() else 1)
        torch.testing.assert_close(value, expected)
    update_average(average, network, step=10**9, decay=0.0)
    torch.testing.assert_close(average.state_dict(), network.state_dict())
