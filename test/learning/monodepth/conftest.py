# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Films, shared by the tests of this folder."""

import pytest

from .films import write_drive


@pytest.fixture(autouse=True)
def always_one_thread(one_thread):
    """Compare runs bit by bit in all tests here."""


@pytest.fixture(scope='session')
def films(tmp_path_factory):
    """Films of a corridor."""
    return write_drive(tmp_path_factory.mktemp('films') / 'drive')
