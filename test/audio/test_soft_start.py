# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from random import Random

import numpy as np
import pytest

from echo_depth_ros.acoustics.calibration.analyse import analyse
from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND
from echo_depth_ros.audio.soft_start import CalibrationError, SILENCE, SoftStart

from .fake_card import FakeCard

FMT = PingFormat()


def start(card, **told):
    said = []
    player = SoftStart(
        card.speaker(), card.microphones(), FMT, stream=lambda: card.discontinuities,
        problem=lambda: card.problem, say=said.append, random=Random(0), **told)
    return player, said


def test_silence_then_louder_and_louder_then_for_real():
    card = FakeCard(delay=900, gain=0.3)
    player, said = start(card)
    take = player.take(0.5, 6)
    peaks = [np.abs(sound).max() for _, sound in card.played]
    assert take.amplitude == pytest.approx(0.5) and not take.clipped
    assert peaks[:12] == sorted(peaks[:12]) and peaks[0] < 0.02
    assert max(peaks) <= 0.5 and len(peaks) == 12 + 6 == len(take.chirps) + 12
    assert card.played[0][0] - card.begins > SILENCE * 44100
    assert take.silence.shape == (2, round(SILENCE * 44100))
    assert np.abs(take.silence).max() < 0.01
    assert any('quiet' in line for line in said)
    gaps = np.diff([frame for frame, _ in card.played])
    assert gaps.min() > 0.25 * 44100 and np.ptp(gaps[-5:]) > 200
    found = analyse(take.recording, chirps=take.chirps, silence=take.silence)
    travel = FMT.direct_distance / SPEED_OF_SOUND
    assert found.loop_delay_s == pytest.approx(900 / 44100 - travel, abs=1e-5)
    assert len(found.pings) == 6


def test_stops_rising_where_it_clips():
    card = FakeCard(gain=8.0)
    take = start(card)[0].take(0.5, 3)
    assert take.clipped or take.amplitude < 0.5
    assert np.abs(take.recording).max() < 1.0
    assert max(np.abs(sound).max() for _, sound in card.played) < 0.5


def test_stops_rising_where_an_amplifier_clips_below_full_scale():
    take = start(FakeCard(gain=2.0, clips_at=0.2))[0].take(0.5, 3)
    assert take.clipped and np.abs(take.recording).max() < 0.2


def test_never_louder_than_the_limit():
    card = FakeCard(gain=0.01)
    assert start(card)[0].take(0.1, 3).amplitude == pytest.approx(0.1)
    assert max(np.abs(sound).max() for _, sound in card.played) <= 0.1 + 1e-6


def test_a_chirp_is_drawn_at_the_speakers_own_rate():
    card = FakeCard(device_rate=48000)
    start(card)[0].take(0.5, 3)
    assert {sound.size for _, sound in card.played} == {144}


def test_taps_are_asked_for_first():
    player, said = start(FakeCard())
    take = player.take(0.5, 3, tap_seconds=2.0)
    assert 'LEFT' in said[0]
    assert take.tap.shape == (2, 88200)


@pytest.mark.parametrize('fault', ['gap', 'discontinuity'])
def test_a_gap_is_measured_again(fault):
    card = FakeCard()
    card.faults = [fault]
    player, said = start(card)
    assert len(player.take(0.5, 3).chirps) == 3
    assert any('once more' in line for line in said)


def test_a_stream_that_keeps_losing_samples():
    card = FakeCard()
    card.faults = ['gap'] * 9
    with pytest.raises(CalibrationError, match='4 times in a row .*without gaps'):
        start(card)[0].take(0.5, 3)


def test_a_stream_that_gives_nothing():
    card = FakeCard()
    card.faults, card.problem = ['timeout'], 'the server is gone'
    with pytest.raises(CalibrationError, match='no sound comes in: the server is gone'):
        start(card)[0].take(0.5, 3)


