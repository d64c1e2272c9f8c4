# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One small data set of toy rooms, shared by the tests of this folder."""

import pytest

from .toy import write_dataset


@pytest.fixture(scope='session')
def toy_data(tmp_path_factory):
    """Folder with 12 training, 4 validation and 3 test rooms of 16 poses."""
    return write_dataset(tmp_path_factory.mktemp('toy'), {'train': 12, 'val': 4, 'test': 3}, 16)
