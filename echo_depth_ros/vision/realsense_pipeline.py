# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
One opened RealSense camera: pyrealsense2's pipeline, from device to arrays.

Everything blocks, and opening holds Python's lock, as pyrealsense2 does: a camera belongs in a
process where nothing else is in a hurry. :mod:`echo_depth_ros.vision.realsense` gives it a thread.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Optional

import numpy as np

from echo_depth_ros.vision.camera import CalibratedCamera
from echo_depth_ros.vision.clock import GLOBAL, HARDWARE, SYSTEM
from echo_depth_ros.vision.errors import CameraError, CameraLostError

_POLL_MS = 100
_MILLIMETRE = 1e-3


@dataclass(frozen=True)
class RealSenseSettings:
    """
    Which camera, and which images.

    :ivar serial: serial number; empty takes the first camera.
    :ivar width: of the colour image, and of the depth image aligned to it, in pixels.
    :ivar rate: images per second of both.
    :ivar file: a recording (``.db3`` or ``.bag``) that is played in place of a camera, once.
    :ivar patience: seconds without an image after which a camera counts as lost.
    """

    serial: str = ''
    width: int = 640
    height: int = 480
    rate: int = 30
    file: str = ''
    patience: float = 2.0


class RealSenseInfo(NamedTuple):
    """A camera that is connected."""

    name: str
    serial: str
    usb: str

    def __str__(self) -> str:
        """Return the name as messages give it."""
        return f'{self.name} (serial {self.serial}{f", USB {self.usb}" if self.usb else ""})'


class Shot(NamedTuple):
    """
    Colour and depth of one moment, with the camera's own stamps.

    :ivar color: uint8 (h, w, 3), RGB; None where it was not wanted.
    :ivar depth: uint16 (h, w), millimetres along the optical axis in the colour camera's image, 0
        where unknown; None where it was not wanted.
    :ivar color_ms: milliseconds, as ``domain`` counts them, :ivar depth_ms: and so is this.
    """

    color: Optional[np.ndarray]
    depth: Optional[np.ndarray]
    color_ms: float
    depth_ms: float
    domain: str


def load_library() -> Any:
    """
    Return pyrealsense2.

    :raises CameraError: it, or the libusb that it needs, is not installed.
    """
    try:
        import pyrealsense2
    except ImportError as error:
        remedy = ('apt install libusb-1.0-0' if 'libusb' in str(error)
                  else 'pip install "echo_depth_ros[realsense]"')
        raise CameraError(
            f'RealSense cameras need pyrealsense2, which cannot be imported ({error}): '
            f'{remedy}') from error
    # Its wheels differ in where the module is.
    return pyrealsense2 if hasattr(pyrealsense2, 'pipeline') else pyrealsense2.pyrealsense2


def list_cameras() -> list[RealSenseInfo]:
    """
    Return the RealSense cameras that are connected now.

    :raises CameraError: pyrealsense2 cannot be imported.
    """
    rs = load_library()
    return [_info(rs, device) for device in _context().query_devices()]


class RealSensePipeline:
    """An open camera, or a recording of one."""

    def __init__(self, settings: RealSenseSettings):
        """
        Open it; seconds pass.

        :raises CameraError: it is not there, has no such images, or is in use.
        """
        self._rs = rs = load_library()
        self._settings = settings
        self._pipeline = rs.pipeline(_context())
        config = self._config()
        # With a callback queue the pipeline does not try to reconnect by itself, which would
        # block for 15 s and again.
        self._queue = rs.frame_queue(2)
        try:
            profile = self._pipeline.start(config, self._queue)
        except RuntimeError as error:
            raise CameraError(
                f'{self._wanted()} cannot be started: {error}; does another program use it? '
                f'{_present()}') from error
        self._device = profile.get_device()
        self.info = _info(rs, self._device)
        self._use_global_time()
        stream = profile.get_stream(rs.stream.color).as_video_stream_profile()
        self.camera = _calibration(stream.get_intrinsics())
        self._align = rs.align(rs.stream.color)
        self._last = None
        self.repeated = 0

    def read(self, color: bool = True, depth: bool = True) -> Optional[Shot]:
        """
        Return the next images; None where none came within a tenth of a second.

        Depth costs an alignment, so leave out what is not wanted.

        :raises CameraLostError: the recording has ended.
        """
        there, frame = self._queue.try_wait_for_frame(_POLL_MS)
        if not there:
            if self._ended():
                raise CameraLostError(f'{self._wanted()} has ended')
            return None
        frames = frame.as_frameset()
        pair = frames.get_color_frame(), frames.get_depth_frame()
        if not all(pair):
            return None
        # The pipeline repeats a frame of one stream where the other one lacks its partner.
        numbers = [part.get_frame_number() for part in pair]
        if self._last is not None and any(n == last for n, last in zip(numbers, self._last)):
            self.repeated += 1
            return None
        self._last = numbers
        domains = [self._domain(part) for part in pair]
        times = [part.get_timestamp() for part in pair]
        return Shot(
            np.array(pair[0].get_data()) if color else None,
            self._depth(frames) if depth else None,
            times[0], times[1] if domains[0] == domains[1] else times[0], domains[0])

    def connected(self) -> bool:
        """Whether the camera is still plugged in; takes some 20 ms."""
        return bool(self._settings.file) or self.info.serial in {
            camera.serial for camera in list_cameras()}

    def close(self) -> None:
        """Stop it, whatever state it is in."""
        try:
            self._pipeline.stop()
        except RuntimeError:
            pass  # it is gone already

    def _config(self) -> Any:
        rs, wanted = self._rs, self._settings
        if wanted.file and not Path(wanted.file).is_file():
            raise CameraError(f'there is no {self._wanted()}')
        wrapper = rs.pipeline_wrapper(self._pipeline)
        sizes = ((wanted.width, wanted.height), (0, 0))
        try:
            # Alignment takes any size of depth; the same as colour's is the cheapest.
            for depth_size in sizes:
                config = rs.config()
                if wanted.file:
                    config.enable_device_from_file(wanted.file, repeat_playback=False)
                elif wanted.serial:
                    config.enable_device(wanted.serial)
                config.enable_stream(rs.stream.color, wanted.width, wanted.height, rs.format.rgb8,
                                     wanted.rate)
                config.enable_stream(rs.stream.depth, *depth_size, rs.format.z16, wanted.rate)
                # start() would wait 15 s for a camera that is not there; this tells at once.
                if config.can_resolve(wrapper):
                    return config
        except RuntimeError as error:
            raise CameraError(f'{self._wanted()} cannot be opened: {error}') from error
        raise CameraError(self._reason(wrapper))

    def _reason(self, wrapper: Any) -> str:
        rs, wanted = self._rs, self._settings
        asked = f'{wanted.width}x{wanted.height} pixels at {wanted.rate} Hz in colour and depth'
        cameras = list_cameras()
        named = [c for c in cameras if not wanted.serial or c.serial == wanted.serial]
        if not wanted.file and not named:
            return f'{self._wanted()} is not connected: {_present(cameras)}'
        if wanted.file:
            config = rs.config()
            config.enable_device_from_file(wanted.file, repeat_playback=False)
            device = config.resolve(wrapper).get_device()
        else:
            device = next(d for d in _context().query_devices()
                          if _info(rs, d).serial == named[0].serial)
        modes = ', '.join(_modes(rs, device)) or 'no pair of colour and depth at all'
        slow = '; it is plugged in as USB 2: use a USB 3 port and cable' if any(
            c.usb.startswith('2') for c in named) else ''
        return f'{self._wanted()} has no {asked}{slow}. It offers: {modes}'

    def _wanted(self) -> str:
        if self._settings.file:
            return f'recording {self._settings.file}'
        return f'RealSense camera {self._settings.serial}'.strip()

    def _use_global_time(self) -> None:
        option = self._rs.option.global_time_enabled
        for sensor in self._device.query_sensors():
            try:
                if sensor.supports(option) and not sensor.is_option_read_only(option):
                    sensor.set_option(option, 1.0)
            except RuntimeError:
                pass  # an old firmware; its stamps then say that they are of another clock

    def _ended(self) -> bool:
        if not self._settings.file:
            return False
        return self._device.as_playback().current_status() == self._rs.playback_status.stopped

    def _depth(self, frames: Any) -> np.ndarray:
        aligned = self._align.process(frames).get_depth_frame()
        depth = np.array(aligned.get_data())
        unit = aligned.get_units()
        if abs(unit - _MILLIMETRE) > 1e-6:
            metres = depth * np.float32(unit / _MILLIMETRE)
            depth = np.where(metres < 65535.5, np.rint(metres), 0).astype(np.uint16)
        return depth

    def _domain(self, frame: Any) -> str:
        domains = self._rs.timestamp_domain
        return {domains.global_time: GLOBAL, domains.system_time: SYSTEM}.get(
            frame.get_frame_timestamp_domain(), HARDWARE)


@cache
def _context() -> Any:
    # One for all: each watches the USB ports by a thread of its own.
    return load_library().context()


def _present(cameras: Optional[list[RealSenseInfo]] = None) -> str:
    cameras = list_cameras() if cameras is None else cameras
    if not cameras:
        return ('there is none at all; is it plugged in, and may this user open it (udev rules '
                'of librealsense)?')
    return f'connected are {", ".join(map(str, cameras))}'


def _info(rs: Any, device: Any) -> RealSenseInfo:
    def get(field: Any) -> str:
        return device.get_info(field) if device.supports(field) else ''
    about = rs.camera_info
    return RealSenseInfo(get(about.name) or 'RealSense', get(about.serial_number),
                         get(about.usb_type_descriptor))


def _modes(rs: Any, device: Any) -> list[str]:
    """Return the sizes of colour images, at rates that depth has as well."""
    colours: set[tuple[int, int, int]] = set()
    rates: set[int] = set()
    for sensor in device.query_sensors():
        for profile in sensor.get_stream_profiles():
            if profile.stream_type() == rs.stream.depth:
                rates.add(profile.fps())
            elif profile.stream_type() == rs.stream.color:
                video = profile.as_video_stream_profile()
                colours.add((video.width(), video.height(), profile.fps()))
    usable = sorted(mode for mode in colours if mode[2] in rates)
    return [f'{width}x{height} at {rate}' for width, height, rate in usable]


def _calibration(intrinsics: Any) -> CalibratedCamera:
    # librealsense's coefficients are passed on as plumb_bob ones, as realsense-ros does.
    return CalibratedCamera(
        intrinsics.width, intrinsics.height, intrinsics.fx, intrinsics.fy, intrinsics.ppx,
        intrinsics.ppy, tuple(float(c) for c in intrinsics.coeffs[:5]))
