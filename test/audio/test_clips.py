# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import numpy as np
import pytest

from echo_depth_ros.audio.clips import Clips
from echo_depth_ros.audio.errors import GapError

FS = 44100
BEGIN = 4_410_000


class Tone:
    """Microphones that hear a tone whose phase is that of the frame counter."""

    sample_rate = FS
    overflows = 0

    def __init__(self, hertz=440.0):
        self.hertz, self.end_frame, self.lost = hertz, BEGIN, False

    def stamp(self, frame):
        return round(frame * 1e9 / FS)

    def read(self, start_frame, count, timeout):
        if self.lost:
            raise GapError('frames were lost')
        self.end_frame = max(self.end_frame, start_frame + count)
        time = (start_frame + np.arange(count)) / FS
        return np.float32([np.sin(2 * np.pi * self.hertz * time)] * 2)

    def close(self):
        pass


def test_clips_are_cut_every_hop_and_are_the_sound_of_their_stamp():
    clips = Clips(Tone(), 16000, 0.5, 0.125)
    heard = [clips.read(1.0) for _ in range(4)]
    assert [clip.ears.shape for clip in heard] == [(2, 8000)] * 4
    np.testing.assert_allclose(np.diff([clip.stamp for clip in heard]), 0.125e9, atol=2)
    assert heard[0].stamp == pytest.approx(BEGIN / FS * 1e9, abs=3e6)
    for clip in heard:
        time = clip.stamp / 1e9 + np.arange(8000) / 16000
        # To its very ends: a clip is cut from more than itself.
        np.testing.assert_allclose(clip.ears[0], np.sin(2 * np.pi * 440 * time), atol=2e-3)
        assert clip.heard.shape[1] >= 0.5 * FS


def test_what_a_clip_cannot_carry_does_not_fold_into_it():
    clip = Clips(Tone(15000.0), 16000, 0.5, 0.125).read(1.0)
    assert np.abs(clip.ears).max() < 1e-3


def test_who_is_slow_gets_the_newest_clip():
    ears = Tone()
    clips = Clips(ears, FS, 0.5, 0.125)
    first = clips.read(1.0)
    ears.end_frame += FS
    after = clips.read(1.0)
    assert clips.skipped == 7
    late = ears.end_frame / FS - (after.stamp / 1e9 + 0.5)
    assert 0 <= late < 0.125 + 1e-6
    assert (after.stamp - first.stamp) / 0.125e9 == pytest.approx(8, abs=1e-3)


def test_after_a_gap_or_a_pause_it_begins_with_what_comes():
    ears = Tone()
    clips = Clips(ears, FS, 0.5, 0.125)
    clips.read(1.0)
    ears.lost = True
    with pytest.raises(GapError):
        clips.read(1.0)
    ears.lost, ears.end_frame = False, BEGIN + 10 * FS
    assert clips.read(1.0).stamp == pytest.approx(ears.stamp(BEGIN + 10 * FS), abs=2)
    ears.end_frame = BEGIN + 20 * FS
    clips.start_over()
    assert clips.read(1.0).stamp == pytest.approx(ears.stamp(BEGIN + 20 * FS), abs=2)
    assert clips.skipped == 0
