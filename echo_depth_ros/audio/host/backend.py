# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""PortAudio as the host uses it; each of these calls may hang, or end the process."""

from collections.abc import Callable
from typing import Any, Union

from echo_depth_ros.audio.devices import Device, list_devices, portaudio
from echo_depth_ros.audio.errors import DeviceError
from echo_depth_ros.audio.host.plan import Plan


class PortAudio:
    """Lists devices and opens streams."""

    def __init__(self):
        """Load nothing yet."""
        self._sound: Any = None

    def refresh(self) -> None:
        """
        Look for devices anew; PortAudio knows only those that there were when it began.

        :raises DeviceError: PortAudio is not installed, or does not start.
        """
        if self._sound is None:
            self._sound = portaudio()
            return
        try:
            while self._sound._initialized:
                self._sound._terminate()
            self._sound._initialize()
        except self._sound.PortAudioError as error:
            raise DeviceError(f'PortAudio does not start: {error}') from error

    def devices(self) -> list[Device]:
        """Return the devices that there were at the last :meth:`refresh`."""
        try:
            return list_devices()
        except self._sound.PortAudioError as error:
            raise DeviceError(f'PortAudio lists no devices: {error}') from error

    def check(self, kind: str, device: Device, channels: int, rate: int) -> str:
        """Say why a device cannot do something, '' if it can."""
        ask = getattr(self._sound, f'check_{kind}_settings')
        try:
            ask(device.index, channels, 'float32', samplerate=rate)
        except (self._sound.PortAudioError, ValueError) as error:
            return str(error)
        return ''

    def open(self, plan: Plan, latency: Union[float, str], callback: Callable) -> Any:
        """
        Open a stream and start it.

        :returns: what has ``latency`` (one number, or input and output) and ``close()``.
        :raises DeviceError: it cannot be opened.
        """
        sound = self._sound
        both = plan.input is not None and plan.output is not None
        kind = sound.Stream if both else sound.InputStream if plan.input else sound.OutputStream

        def pair(first: Any, second: Any) -> Any:
            return (first, second) if both else first if plan.input else second
        devices = pair(plan.input and plan.input.index, plan.output and plan.output.index)
        try:
            stream = kind(samplerate=plan.rate, blocksize=plan.block, device=devices,
                          channels=pair(*plan.channels), dtype='float32', latency=latency,
                          callback=callback)
            stream.start()
        except (sound.PortAudioError, ValueError) as error:
            names = ' and '.join(str(device) for device in (plan.input, plan.output) if device)
            raise DeviceError(f'{names} cannot be opened: {error}') from error
        return stream
