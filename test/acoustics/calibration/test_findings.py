# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy.signal import butter

from echo_depth_ros.acoustics.calibration.analyse import analyse, Setup
from echo_depth_ros.acoustics.calibration.findings import findings, usable
from echo_depth_ros.acoustics.calibration.volume import volume_change

from ..scenes import FMT
from .takes import frames, take, taps


def judge(recording, setup=Setup(), max_level=0.5, **told):
    found = analyse(recording, setup, **told)
    return {finding.subject: finding for finding in findings(found, max_level)}


def verdicts(judged, verdict):
    return {subject for subject, finding in judged.items() if finding.verdict == verdict}


def test_all_is_well():
    judged = judge(take(frames()), Setup(head_height=0.5), chirps=frames(), tap=taps(0))
    assert verdicts(judged, 'change') == set()
    assert verdicts(judged, 'unknown') == {'floor'}
    assert '20.' in judged['head-room'].text or '19.' in judged['head-room'].text
    assert '8 of 8' in judged['pings'].text


@pytest.mark.parametrize('recording, setup, subject, words', [
    (take(frames(), gains=(0.2, 0.0)), Setup(), 'ears', 'the right ear hears no chirp'),
    (take(frames())[[0, 0]], Setup(), 'ears', 'mono microphone'),
    (np.clip(take(frames(), gains=(1.0, 0.3)), -0.3, 0.3), Setup(), 'head-room',
     'the left ear clips at -10.5 dBFS'),
    (take(frames(), gains=(1.4, 1.4)), Setup(), 'head-room', 'set amplitude to 0.2'),
    (take(frames(), noise_db=-38), Setup(), 'noise', 'what hums'),
    (take(frames(), noise_db=-38), Setup(), 'loudness', 'turn up the amplifier'),
    (take(frames(), gains=(0.4, 0.05)), Setup(), 'balance', 'left ear louder by 18.'),
    (take(frames(), lag=8.0), Setup(), 'distances', '--speaker-offset'),
    (take(frames()), Setup(wall=1.0), 'wall', 'nothing answers at 1 m'),
    (take(frames(), echoes=((FMT.range_to_samples(0.5), 0.9),)), Setup(head_height=0.5), 'floor',
     'louder than a floor can'),
    (take(frames()) + np.float32(0.05), Setup(), 'offset', '0.050 of full scale'),
    (take(frames(), filters=(([1.0], [1.0]), butter(2, 1500, fs=44100))), Setup(), 'response',
     'covered'),
])
def test_what_to_change(recording, setup, subject, words):
    finding = judge(recording, setup)[subject]
    assert finding.verdict == 'change'
    assert words in finding.text
    assert 'expected' in finding.text or subject == 'wall'


def test_unsteady_levels():
    chirps = frames(8)
    recording = take(chirps)
    for index, chirp in enumerate(chirps):
        recording[:, chirp:chirp + 8000] *= 1.25 if index % 2 else 0.8
    finding = judge(recording)['steadiness']
    assert finding.verdict == 'change' and 'automatic gain' in finding.text


def test_swapped_ears_are_to_be_exchanged():
    finding = judge(take(frames()), tap=taps(1))['left and right']
    assert finding.verdict == 'change' and 'swap_ears' in finding.text


def test_a_drifting_loop_delay():
    chirps = frames(12)
    finding = judge(take(chirps[0] + (chirps - chirps[0]) * (1 + 400e-6)),
                    chirps=chirps)['loop delay']
    assert finding.verdict == 'change'
    assert '400 ppm' in finding.text and 'one card' in finding.text


def test_heard_before_it_was_played():
    finding = judge(take(frames()), chirps=frames() + 1400)['loop delay']
    assert finding.verdict == 'change' and 'clocks of two streams' in finding.text


@pytest.mark.parametrize('spoilt, useful', [
    (take(frames()), True), (take(frames())[[1, 1]], False),
    (take(frames(), gains=(0.0, 0.3)), False)])
def test_what_is_worth_loading(spoilt, useful):
    assert usable(analyse(spoilt)) is useful


@settings(derandomize=True, max_examples=30, deadline=None)
@given(gain_db=st.floats(-30, 10), noise_db=st.floats(-70, -35),
       played=st.floats(0.02, 0.9), max_level=st.floats(0.05, 1.0))
def test_a_suggested_volume_is_allowed_and_settles(gain_db, noise_db, played, max_level):
    """Obeying the advice once leaves nothing to obey, and never exceeds the limit."""
    base = _measured()
    change = volume_change(_heard(base, gain_db, noise_db, played), max_level)
    assert 0 < change.amplitude <= max_level
    assert change.amplitude_db == pytest.approx(20 * math.log10(change.amplitude / played))
    rest = change.wanted_db - change.amplitude_db
    if abs(change.wanted_db) < 1e-9 or abs(rest) > 0.5:
        return
    again = volume_change(
        _heard(base, gain_db, noise_db, change.amplitude), max_level)
    assert abs(again.wanted_db) < 0.5


def _measured():
    if not hasattr(_measured, 'found'):
        _measured.found = analyse(take(frames(4)))
    return _measured.found


def _heard(base, gain_db, noise_db, played):
    """Pretend that a chirp of this amplitude came through with this gain."""
    level = gain_db + 20 * math.log10(played)
    if level > -0.1:
        return replace(base, setup=Setup(replace(FMT, chirp_amplitude=played)),
                       peak_db=np.zeros(2), clipped_at=np.ones(2))
    return replace(
        base, setup=Setup(replace(FMT, chirp_amplitude=played)), peak_db=np.full(2, level),
        snr_db=np.full(2, level - 3 - noise_db), clipped_at=np.full(2, np.nan))
