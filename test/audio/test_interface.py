# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.audio import errors
from echo_depth_ros.audio.clock import FrameClock
from echo_depth_ros.audio.interface import Microphones, Played, Speaker
from echo_depth_ros.audio.ring import FrameRing


class Loopback:
    """The smallest device: what is played is heard by both ears, at once and as loud."""

    def __init__(self, sample_rate=1000, latency=5):
        self.sample_rate = sample_rate
        self.overflows = 0
        self._latency = latency
        self._ring = FrameRing(2, 1.0, sample_rate)
        self._clock = FrameClock(sample_rate, 0)

    @property
    def end_frame(self):
        return self._ring.end_frame

    def play(self, samples, at_frame=None):
        frame = self.end_frame + self._latency if at_frame is None else at_frame
        self._ring.write(np.zeros((2, frame - self.end_frame)))
        self._ring.write(np.stack([samples, samples]))
        return Played(frame, self.stamp(frame))

    def read(self, start_frame, count, timeout):
        return self._ring.read(start_frame, count, timeout)

    def stamp(self, frame):
        return self._clock.stamp_of(frame)

    def close(self):
        self._ring.close()


def test_one_device_is_both_speaker_and_microphones():
    device = Loopback()
    assert isinstance(device, Speaker)
    assert isinstance(device, Microphones)
    played = device.play(np.ones(3))
    assert played == Played(frame=5, stamp=5_000_000)
    np.testing.assert_array_equal(device.read(played.frame - 1, 4, 0.0), [[0, 1, 1, 1]] * 2)


def test_every_audio_error_is_one_of_the_package():
    for name in ('OverrunError', 'GapError', 'ReadTimeoutError', 'DeviceLostError'):
        assert issubclass(getattr(errors, name), errors.AudioError)
    assert issubclass(errors.AudioError, EchoDepthError)
