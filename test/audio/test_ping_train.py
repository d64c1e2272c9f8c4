# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

from random import Random

import numpy as np
import pytest

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.audio.errors import DeviceLostError
from echo_depth_ros.audio.interface import Played
from echo_depth_ros.audio.ping_train import PingTrain, SOFTEST

FMT = PingFormat()


class Tape:
    """A speaker that notes what it plays; time passes when the test says so."""

    def __init__(self, sample_rate=44100):
        self.sample_rate, self.next_frame = sample_rate, 50000
        self.sounds, self.lost = [], False

    def play(self, samples, at_frame=None):
        if self.lost:
            raise DeviceLostError('unplugged')
        if at_frame < self.next_frame:
            raise ValueError(f'frame {at_frame} has passed')
        self.sounds.append((at_frame, samples))
        return Played(at_frame, at_frame)

    @property
    def frames(self):
        return [frame for frame, _ in self.sounds]


def run(train, speaker, seconds, tick=None, stream=None):
    for _ in range(round(seconds / (tick or train.tick))):
        train.play_due(stream)
        speaker.next_frame += round((tick or train.tick) * speaker.sample_rate)


def test_one_period_apart_whenever_it_is_asked():
    speaker = Tape()
    run(PingTrain(speaker, FMT, 13.7), speaker, 3.0)
    assert len(speaker.frames) > 38 and set(np.diff(speaker.frames)) == {3219}


def test_late_timers_within_the_slack_move_nothing_and_later_ones_are_counted():
    speaker = Tape()
    train = PingTrain(speaker, FMT, 13.7)
    run(train, speaker, 1.0, tick=train.tick + 0.07)
    assert train.missed == 0 and set(np.diff(speaker.frames)) == {3219}
    speaker.next_frame += 44100
    run(train, speaker, 1.0)
    assert train.missed in range(11, 15)
    assert {gap % 3219 for gap in np.diff(speaker.frames)} == {0}


def test_the_sweep_is_drawn_at_the_rate_of_the_card():
    speaker = Tape(48000)
    run(PingTrain(speaker, FMT, 10.0), speaker, 1.0)
    assert speaker.sounds[0][1].size == 144
    assert set(np.diff(speaker.frames)) == {4800}


def test_jitter_only_draws_pauses_out():
    speaker = Tape()
    run(PingTrain(speaker, FMT, 13.7, jitter=0.02, random=Random(1)), speaker, 5.0)
    gaps = np.diff(speaker.frames)
    assert gaps.min() >= 3219 and gaps.max() <= 3219 + 882 and np.ptp(gaps) > 441


def test_a_soft_start_grows_from_a_tenth_and_begins_anew_with_the_stream():
    speaker = Tape()
    train = PingTrain(speaker, FMT, 13.7, soft_start=1.0)
    run(train, speaker, 2.0, stream=1)
    levels = [np.abs(sound).max() / np.abs(linear_chirp(FMT)).max() for _, sound in speaker.sounds]
    assert levels[0] == pytest.approx(SOFTEST) and levels[-1] == 1.0
    assert np.all(np.diff(levels) >= 0) and 12 <= np.sum(np.array(levels) < 1) <= 15
    before = len(speaker.sounds)
    train.play_due(2)
    assert np.abs(speaker.sounds[before][1]).max() < 0.2 * np.abs(linear_chirp(FMT)).max()


def test_single_chirps_are_loud_and_clear_of_the_last_window():
    speaker = Tape()
    train = PingTrain(speaker, FMT, 13.7, soft_start=5.0)
    first, second = train.play_one(), train.play_one()
    assert second.frame - first.frame >= FMT.window
    np.testing.assert_array_equal(speaker.sounds[0][1], linear_chirp(FMT))


def test_a_speaker_that_refuses_is_counted_and_asked_again():
    speaker = Tape()
    train = PingTrain(speaker, FMT, 13.7)
    speaker.lost = True
    run(train, speaker, 0.5)
    assert train.missed > 0 and train.emitted == 0 and train.refusal == 'unplugged'
    speaker.lost = False
    run(train, speaker, 0.5)
    assert train.emitted == len(speaker.frames) > 0


def test_a_moment_that_passed_is_not_told_in_the_words_of_an_old_refusal():
    speaker = Tape()
    train = PingTrain(speaker, FMT, 13.7)
    speaker.lost = True
    run(train, speaker, 0.5)
    refused, speaker.lost = train.missed, False
    run(train, speaker, 0.5)
    speaker.next_frame += 44100
    train.play_due()
    assert train.missed > refused and train.refusal == ''


def test_a_counter_that_was_set_back_is_followed():
    speaker = Tape()
    train = PingTrain(speaker, FMT, 13.7)
    run(train, speaker, 1.0)
    speaker.next_frame -= 30 * 44100
    run(train, speaker, 1.0)
    assert speaker.frames[-1] < 50000


def test_windows_that_would_overlap_are_refused():
    with pytest.raises(ValueError, match='choose at most'):
        PingTrain(Tape(), FMT, 14.0)
