# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions of AVS-Net: what was wrong, what was expected, what to do."""

from echo_depth_ros.acoustics.errors import EchoDepthError


class VisualError(EchoDepthError, ValueError):
    """A visual backbone is missing, or does not fit."""
