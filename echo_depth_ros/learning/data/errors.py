# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The error of everything that reads data sets."""

from echo_depth_ros.acoustics.errors import EchoDepthError


class DatasetError(EchoDepthError, ValueError):
    """A data set is missing, empty or of another format."""
