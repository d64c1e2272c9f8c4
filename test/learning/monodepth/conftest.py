# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Films, shared by the tests of this folder."""

import pytest
import torch

from .films import write_drive


@pytest.fixture(autouse=True)
def one_thread():
    """Sum in one order, so that runs can be compared bit by bit."""
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before[0])
    torch.use_deterministic_algorithms(before[1])


@pytest.fixture(scope='session')
def films(tmp_path_factory):
    """Films of a corridor."""
    return write_drive(tmp_path_factory.mktemp('films') / 'drive')
