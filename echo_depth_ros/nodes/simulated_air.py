# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Speaker and microphones whose air is a room simulator in another process.

``air/speaker`` carries what the speaker plays, stamped with the DAC time of its first sample;
``air/ears`` carries what the ears hear, stamped with the ADC time of each block's first sample.
The simulator sends the ears' stream ahead of time, and the microphones hold each frame back until
the clock reaches it, as a real converter would: the transport adds no latency of its own.
"""

from threading import Event
from time import monotonic
from typing import Optional

import numpy as np
from sensor_msgs.msg import Image

from echo_depth_ros.audio.clock import FrameClock
from echo_depth_ros.audio.errors import DeviceLostError, GapError, ReadTimeoutError
from echo_depth_ros.audio.interface import Played
from echo_depth_ros.audio.ring import FrameRing
from echo_depth_ros.audio.wiring import wire
from echo_depth_ros.nodes.conversions import (
    MessageError,
    recording_from_msg,
    recording_to_msg,
    stamp_from_msg,
)

SPEAKER_TOPIC = 'air/speaker'
EARS_TOPIC = 'air/ears'
QUEUE = 50
_NS = 1_000_000_000
_NAP = 0.05


def frame_grid(sample_rate: int, now: int) -> FrameClock:
    """
    Frame counter that every process agrees on without talking: frame 0 is time 0.

    The line is laid through the last whole second, which is a whole number of frames, so that
    its arithmetic stays exact for days.
    """
    second = now // _NS
    return FrameClock(sample_rate, second * _NS, second * sample_rate)


class AirSpeaker:
    """The :class:`~echo_depth_ros.audio.interface.Speaker` of a simulated room."""

    def __init__(self, node, sample_rate: int, latency: float):
        """
        Open the speaker.

        :param node: a managed node, whose clock and publishers are used.
        :param latency: seconds from ``play`` to the earliest sound, as of a real device.
        """
        self._node = node
        self._sample_rate = sample_rate
        self._latency = round(latency * _NS)
        self._grid = frame_grid(sample_rate, node.now())
        self._publisher = node.create_publisher(Image, SPEAKER_TOPIC, QUEUE)

    @property
    def sample_rate(self) -> int:
        """Frames per second."""
        return self._sample_rate

    @property
    def connected(self) -> bool:
        """Whether a room listens."""
        return self._publisher is not None and self._publisher.get_subscription_count() > 0

    @property
    def next_frame(self) -> int:
        """The earliest frame that can still be played."""
        return int(np.ceil(self._grid.frame_at(self._node.now() + self._latency)))

    def stamp(self, frame: int) -> int:
        """Nanoseconds at which ``frame`` leaves the speaker."""
        return self._grid.stamp_of(frame)

    def play(self, samples: np.ndarray, at_frame: Optional[int] = None) -> Played:
        """Hand a sound to the air; see the protocol."""
        if self._publisher is None:
            raise DeviceLostError('the speaker has been closed')
        samples = np.asarray(samples, np.float32)
        if samples.ndim != 1 or not samples.size or not np.isfinite(samples).all():
            raise ValueError(
                f'a sound has shape {samples.shape}; expected one row of finite samples')
        earliest = self.next_frame
        frame = earliest if at_frame is None else at_frame
        if frame < earliest:
            raise ValueError(
                f'frame {frame} passed {earliest - frame} frames ago; play earlier, or lower '
                'output_latency')
        played = Played(frame, self.stamp(frame))
        self._publisher.publish(recording_to_msg(samples[None], played.stamp, 'speaker'))
        return played

    def close(self) -> None:
        """Free the publisher."""
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            self._node.destroy_publisher(publisher)


class AirMicrophones:
    """The :class:`~echo_depth_ros.audio.interface.Microphones` of a simulated room."""

    def __init__(self, node, sample_rate: int, seconds: float = 2.0):
        """
        Open the ears.

        :param node: a managed node, whose clock and subscriptions are used.
        :param seconds: of sound to hold.
        """
        self._node = node
        self._sample_rate = sample_rate
        self._grid = frame_grid(sample_rate, node.now())
        self._ring = FrameRing(2, seconds, sample_rate)
        self._closed = Event()
        self._restarts = 0
        self._heard_anything = False
        self.bad_blocks = 0
        self.late_blocks = 0
        self.swap = False
        self.gain = (1.0, 1.0)
        self._subscription = node.subscription(
            Image, EARS_TOPIC, self._on_block, depth=QUEUE, reliable=True)

    @property
    def sample_rate(self) -> int:
        """Frames per second."""
        return self._sample_rate

    @property
    def end_frame(self) -> int:
        """One past the newest frame whose time has come."""
        return min(self._ring.end_frame, int(self._grid.frame_at(self._node.now())))

    @property
    def overflows(self) -> int:
        """Gaps in the stream, and times it began anew."""
        return self._ring.gaps + self._restarts

    @property
    def receiving(self) -> bool:
        """Whether the stream reaches up to now."""
        now = self._grid.frame_at(self._node.now())
        return self._heard_anything and self._ring.end_frame >= now - self._sample_rate / 2

    def frame_at(self, stamp: int) -> int:
        """Frame that is at the ears at that time."""
        return round(self._grid.frame_at(stamp))

    def chirp_frame(self, stamp: int) -> int:
        """Frame on which a chirp of that time would be heard if it had no way to travel."""
        return self.frame_at(stamp)

    def values(self) -> dict[str, int]:
        """Return figures for the diagnostics."""
        return {'overflows': self.overflows, 'late blocks': self.late_blocks,
                'bad blocks': self.bad_blocks}

    def stamp(self, frame: int) -> int:
        """Nanoseconds at which ``frame`` is at the ears."""
        return self._grid.stamp_of(frame)

    def read(self, start_frame: int, count: int, timeout: float) -> np.ndarray:
        """Wait until the clock has passed the frames, then copy them out; see the protocol."""
        deadline = monotonic() + timeout
        complete = self._grid.stamp_of(start_frame + count)
        simulated_time = self._node.get_clock().ros_time_is_active
        while (left := (complete - self._node.now()) / _NS) > 0:
            if self._closed.is_set():
                raise DeviceLostError('the microphones have been closed')
            allowed = deadline - monotonic()
            if allowed <= 0:
                raise ReadTimeoutError(
                    f'frames {start_frame} to {start_frame + count - 1} are complete in '
                    f'{left:.3f} s only')
            # Time that is published jumps: look often. Real time comes by itself: sleep once.
            self._closed.wait(min(left, allowed, _NAP if simulated_time else left))
        block = self._ring.read(start_frame, count, max(0.0, deadline - monotonic()))
        return wire(block, self.swap, self.gain)

    def close(self) -> None:
        """Stop receiving and wake a reader."""
        self._closed.set()
        self._ring.close()
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            self._node.destroy_subscription(subscription)

    def _on_block(self, msg: Image) -> None:
        try:
            block = recording_from_msg(msg)
        except MessageError as error:
            self.bad_blocks += 1
            self._node.get_logger().error(f'{EARS_TOPIC}: {error}', throttle_duration_sec=5.0)
            return
        frame = self.frame_at(stamp_from_msg(msg.header.stamp))
        if not self._heard_anything:
            self._ring.restart(frame)
            self._heard_anything = True
        if self._grid.frame_at(self._node.now()) > frame + block.shape[1]:
            self.late_blocks += 1
        try:
            self._ring.write(block, frame)
        except GapError:
            self._restarts += 1
            self._ring.restart(frame)
            self._ring.write(block, frame)
