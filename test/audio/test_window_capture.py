# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.errors import NoChirpError
from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND
from echo_depth_ros.audio.errors import ReadTimeoutError
from echo_depth_ros.audio.ring import FrameRing
from echo_depth_ros.audio.window_capture import WindowCapture

FMT = PingFormat()
TRAVEL = FMT.direct_distance / SPEED_OF_SOUND * FMT.sample_rate
ECHOES = ((1.0, 0.4), (3.0, 0.2), (6.5, 0.1))


class RecordedMicrophones:
    """Microphones that have heard everything already."""

    def __init__(self, recording, now=0):
        self._ring = FrameRing(2, 2.0, 44100)
        self._ring.write(recording)
        self.end_frame = now

    def read(self, start_frame, count, timeout):
        self.end_frame = max(self.end_frame, start_frame + count)
        return self._ring.read(start_frame, count)


def stream(chirps, samples, gain=0.15):
    """Hear chirps that leave the speaker at these frames, each followed by its echoes."""
    out = np.random.default_rng(0).normal(0, 1e-3, (2, samples)).astype(np.float32)
    chirp = linear_chirp(FMT)
    for frame in chirps:
        direct = frame + round(TRAVEL)
        for at, strength in ((direct, gain), *(
                (direct + round(FMT.range_to_samples(r)), g) for r, g in ECHOES)):
            part = out[:, at:at + chirp.size]
            part += strength * chirp[:part.shape[1]]
    return out


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(-80, 80))
def test_the_window_begins_where_the_direct_sound_says(off):
    microphones = RecordedMicrophones(stream([1000 + off], 6000))
    capture = WindowCapture(microphones, FMT, 88).after_chirp(1000, 0.0)
    assert abs(capture.frame - (1000 + off + round(TRAVEL) - FMT.direct_index)) <= 1
    assert capture.window.shape == (2, FMT.window)
    assert capture.direct.index == pytest.approx(FMT.direct_index, abs=1)


def test_a_chirp_that_nobody_hears_is_no_window():
    with pytest.raises(NoChirpError):
        WindowCapture(RecordedMicrophones(stream([], 6000)), FMT, 88).after_chirp(1000, 0.0)


def test_a_stream_that_ends_is_a_timeout():
    with pytest.raises(ReadTimeoutError):
        WindowCapture(RecordedMicrophones(stream([1000], 3000)), FMT, 88).after_chirp(1000, 0.0)


def onsets(capture, limit):
    """Take windows until the stream ends."""
    frames = []
    while len(frames) < limit:
        try:
            frames.append(capture.by_onset(0.0).frame)
        except NoChirpError:
            continue
        except ReadTimeoutError:
            break
    return frames


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 3218))
def test_ping_after_ping_is_found_by_onset_from_any_moment(now):
    chirps = [300 + 3219 * i for i in range(12)]
    microphones = RecordedMicrophones(stream(chirps, 42000), now)
    frames = onsets(WindowCapture(microphones, FMT, 88), 20)
    expected = {chirp + round(TRAVEL) - FMT.direct_index for chirp in chirps}
    assert len(frames) >= 7
    assert all(min(abs(frame - e) for e in expected) <= 1 for frame in frames)


def test_single_chirps_are_found_by_onset():
    chirps = [9000, 31000, 52345]
    microphones = RecordedMicrophones(stream(chirps, 70000))
    frames = onsets(WindowCapture(microphones, FMT, 88), 20)
    assert len(frames) == 3
    np.testing.assert_allclose(
        frames, np.array(chirps) + round(TRAVEL) - FMT.direct_index, atol=1)
