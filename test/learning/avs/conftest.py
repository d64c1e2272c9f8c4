# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Repeatable sums in all tests of this folder."""

import pytest


@pytest.fixture(autouse=True)
def always_one_thread(one_thread):
    """Compare runs bit by bit in all tests here."""
