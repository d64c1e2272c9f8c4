# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Errors of what writes data sets."""

from echo_depth_ros.acoustics.errors import EchoDepthError


class RecorderError(EchoDepthError, ValueError):
    """Something that keeps a recording from being written, or from being used later."""


class DiskFullError(RecorderError):
    """The disk is about to be full."""
