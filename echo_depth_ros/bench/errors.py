# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with the test bench itself."""

from echo_depth_ros.acoustics.errors import EchoDepthError


class BenchError(EchoDepthError, RuntimeError):
    """A server or the room of the test bench did not do what it was asked for."""
