# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions of the cameras: what was wrong, what was expected, what to do."""

from echo_depth_ros.acoustics.errors import EchoDepthError


class CameraError(EchoDepthError, RuntimeError):
    """A camera cannot be opened as it was asked for."""


class CameraLostError(CameraError):
    """A camera that was open gives no more images."""


class ProfileError(EchoDepthError, ValueError):
    """A file that should name a camera's topics does not."""


class ImageError(EchoDepthError, ValueError):
    """An image whose encoding or size nobody can make use of."""
