# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions of the acoustic front end: what was wrong, what was expected, what to do."""


class EchoDepthError(Exception):
    """Base of every error that this package raises on purpose."""


class WindowError(EchoDepthError, ValueError):
    """A recording or window has the wrong shape, type or values."""


class NoChirpError(EchoDepthError, RuntimeError):
    """No direct sound of the chirp was found in a recording."""
