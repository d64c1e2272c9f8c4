# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Benchmarks are scripts, each run from its own folder; here they are imported from there."""

import importlib
from pathlib import Path

import pytest


@pytest.fixture(scope='session')
def script():
    """Return a script's module by its name, with its folder on the path as when it is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / 'benchmarks'))
        yield importlib.import_module
