# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between a sound card, or the simulated air, and a block of samples."""

from echo_depth_ros.acoustics.errors import EchoDepthError


class AudioError(EchoDepthError, RuntimeError):
    """Base of the errors of this package."""


class OverrunError(AudioError):
    """The frames asked for have been overwritten: the reader is too late."""


class GapError(AudioError):
    """Some of the frames asked for never arrived: the device or the transport lost them."""


class ReadTimeoutError(AudioError):
    """The frames asked for have not arrived in time: the stream is late, stalled or dead."""


class DeviceLostError(AudioError):
    """The device has gone: unplugged, its server was stopped, or its stream was closed."""


class DeviceError(AudioError):
    """No such device, or one that cannot do what is asked of it; the text lists what exists."""


class SettingsError(EchoDepthError, ValueError):
    """Settings of a card that make no sense, whatever card it is."""
