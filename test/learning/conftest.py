# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One small data set of toy rooms, and repeatable sums, shared by the tests of this folder."""

import pytest
import torch

from echo_depth_ros.learning.data import open_split

from .toy import write_dataset


@pytest.fixture
def one_thread():
    """Sum in one order, so that runs can be compared bit by bit."""
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before[0])
    torch.use_deterministic_algorithms(before[1])


@pytest.fixture(scope='session')
def toy_data(tmp_path_factory):
    """Folder with 12 training, 4 validation and 3 test rooms of 16 poses."""
    return write_dataset(tmp_path_factory.mktemp('toy'), {'train': 12, 'val': 4, 'test': 3}, 16)


@pytest.fixture(scope='session')
def splits(toy_data):
    """Training split of 192 samples and validation split of 64."""
    return (open_split(toy_data, 'train', progress=False),
            open_split(toy_data, 'val', progress=False))
