# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions of training: what was wrong, what was expected, what to do."""

from echo_depth_ros.acoustics.errors import EchoDepthError


class ConfigError(EchoDepthError, ValueError):
    """A configuration has an unknown key, a wrong type or a value out of range."""


class CheckpointError(EchoDepthError, ValueError):
    """A file is no checkpoint of this package, or one of another run."""


class TrainingError(EchoDepthError, ValueError):
    """A run cannot start or cannot go on."""
