# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A RealSense camera as a source of colour and depth that comes back by itself.

    with RealSense(RealSenseSettings(), show) as camera:
        ...
"""

from threading import Event, Thread
from time import monotonic, time_ns
from typing import Callable, NamedTuple, Optional

import numpy as np

from echo_depth_ros.vision.camera import CalibratedCamera
from echo_depth_ros.vision.clock import StampClock
from echo_depth_ros.vision.errors import CameraError, CameraLostError
from echo_depth_ros.vision.realsense_pipeline import (
    load_library,
    RealSenseInfo,
    RealSensePipeline,
    RealSenseSettings,
)

_RETRY = 1.0
_REMIND = 5.0


class RgbdFrame(NamedTuple):
    """
    Colour and depth of one moment, depth as the colour camera would see it.

    Depth is uint16 millimetres rather than float32 metres: it is what the camera measures, half
    the bytes on its way to others, what realsense-ros publishes and what BatVision's files hold.

    :ivar stamp: nanoseconds on the caller's clock, of the colour image.
    :ivar depth_stamp: and of the depth image.
    :ivar color: uint8 (h, w, 3), RGB; None while it is not wanted.
    :ivar depth: uint16 (h, w), millimetres along the optical axis, 0 unknown; None while it is
        not wanted.
    :ivar camera: of both images.
    """

    stamp: int
    depth_stamp: int
    color: Optional[np.ndarray]
    depth: Optional[np.ndarray]
    camera: CalibratedCamera


class RealSense:
    """
    Opens a camera, hands over its frames, and opens it again whenever it was lost.

    All of it happens in a thread of its own, in which ``on_frame`` is called as well: an absent
    camera is waited for, and never delays the caller.

    :ivar state: starting, waiting or streaming.
    :ivar problem: why it is waiting; empty while streaming.
    :ivar info: of the camera that is open, or was last.
    :ivar frames: handed over, :ivar failed: and those upon which ``on_frame`` failed.
    :ivar repeated: pairs of images that were dropped because one of them had come before.
    :ivar lost: how many times the camera was lost.
    """

    def __init__(self, settings: RealSenseSettings, on_frame: Callable[[RgbdFrame], None], *,
                 now: Callable[[], int] = time_ns,
                 log: Callable[[str, str], None] = lambda level, text: None,
                 opener: Callable[[RealSenseSettings], RealSensePipeline] = RealSensePipeline,
                 retry: float = _RETRY):
        """
        Start to look for the camera; never fails because it is not there.

        :param now: nanoseconds on the clock that frames are stamped by.
        :param log: takes a level, info, warning or error, and a text.
        :param opener: opens the camera, or stands for one.
        :param retry: seconds between attempts to open it.
        :raises CameraError: pyrealsense2 is missing, for which waiting is no help.
        """
        if opener is RealSensePipeline:
            load_library()
        self._settings, self._on_frame, self._log = settings, on_frame, log
        self._now, self._opener, self._retry = now, opener, retry
        self._clock = StampClock(now)
        self._color = self._depth = True
        self._jumps = self._repeated = 0
        self._pipeline: Optional[RealSensePipeline] = None
        self._said: tuple[str, float] = ('', 0.0)
        self._stop = Event()
        self.state, self.problem = 'starting', 'the camera is being opened'
        self.info: Optional[RealSenseInfo] = None
        self.frames = self.failed = self.lost = 0
        self._thread = Thread(target=self._run, name='realsense', daemon=True)
        self._thread.start()

    @property
    def time_base(self) -> str:
        """What stamps are made from: global, system or hardware; '' before the first frame."""
        return self._clock.base

    @property
    def jumps(self) -> int:
        """How many times the camera's clock was set against the caller's."""
        return self._jumps + self._clock.jumps

    @property
    def repeated(self) -> int:
        """Pairs of images that were dropped because one of them had come before."""
        pipeline = self._pipeline
        return self._repeated + (pipeline.repeated if pipeline is not None else 0)

    def want(self, color: bool, depth: bool) -> None:
        """Say which images are of use; where none is, frames are taken and dropped."""
        self._color, self._depth = color, depth

    def close(self) -> None:
        """End it; waits for the camera for a few seconds at most."""
        self._stop.set()
        self._thread.join(5.0)

    def __enter__(self) -> 'RealSense':
        """Return itself."""
        return self

    def __exit__(self, *reason) -> None:
        """Close it."""
        self.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._open()
                self._stream()
            except CameraError as error:
                self._waiting(error, str(error))
            except Exception as error:  # the thread must outlive whatever a driver brings
                self._waiting(error, f'{type(error).__name__}: {error}')
            finally:
                self._close()
            self._stop.wait(self._retry)

    def _open(self) -> None:
        self._pipeline = pipeline = self._opener(self._settings)
        self.info = pipeline.info
        self._jumps += self._clock.jumps
        self._clock = StampClock(self._now)
        self.state, self.problem, self._said = 'streaming', '', ('', 0.0)
        self._log('info', f'{pipeline.info} is open: {self._settings.width}x'
                  f'{self._settings.height} pixels at {self._settings.rate} Hz')

    def _stream(self) -> None:
        pipeline = self._pipeline
        since = monotonic()
        while not self._stop.is_set():
            shot = pipeline.read(self._color, self._depth)
            if shot is not None:
                since = monotonic()
                self._hand_over(shot)
            elif monotonic() - since > self._settings.patience:
                what = 'gives no images' if pipeline.connected() else 'was unplugged'
                raise CameraLostError(
                    f'{pipeline.info} {what}: it is opened again as soon as it can be')

    def _hand_over(self, shot) -> None:
        stamp = self._clock.stamp(shot.color_ms, shot.domain)
        # Both come at one moment, so only one of them can teach the clock.
        depth_stamp = stamp + round((shot.depth_ms - shot.color_ms) * 1e6)
        if shot.color is None and shot.depth is None:
            return
        try:
            self._on_frame(RgbdFrame(
                stamp, depth_stamp, shot.color, shot.depth, self._pipeline.camera))
            self.frames += 1
        except Exception as error:  # one frame that cannot be used is no reason to go blind
            self.failed += 1
            self._log('error', f'a camera frame was lost: {type(error).__name__}: {error}')

    def _waiting(self, error: Exception, text: str) -> None:
        if self._stop.is_set():
            return
        self.lost += isinstance(error, CameraLostError)
        self.state, self.problem = 'waiting', text
        # The same news once in a few seconds is enough.
        said, at = self._said
        if text != said or monotonic() - at >= _REMIND:
            self._said = text, monotonic()
            self._log('warning', f'waiting for the camera: {text}')

    def _close(self) -> None:
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            self._repeated += pipeline.repeated
            pipeline.close()
