# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy.signal import butter, freqz, resample_poly

from echo_depth_ros.acoustics.calibration.analyse import analyse, Setup
from echo_depth_ros.acoustics.errors import NoChirpError, WindowError
from echo_depth_ros.acoustics.format import SPEED_OF_SOUND

from ..scenes import FMT
from .takes import frames, SILENT, take, taps

PROPERTY = settings(derandomize=True, max_examples=12, deadline=None)
TRAVEL = FMT.direct_distance / SPEED_OF_SOUND


@PROPERTY
@given(delay=st.floats(100, 20000), lag=st.floats(-4, 4), left=st.floats(-30, -8),
       right=st.floats(-30, -8), seed=st.integers(0, 1000))
def test_delay_gains_and_lag(delay, lag, left, right, seed):
    chirps = frames(5, seed)
    found = analyse(
        take(chirps, delay, (10**(left / 20), 10**(right / 20)), lag, -70, seed), chirps=chirps)
    assert len(found.pings) == 5 and found.pings.missed == 0
    assert found.loop_delay_s == pytest.approx(delay / 44100 - TRAVEL, abs=0.1 / 44100)
    assert found.loop_spread_s < 0.5 / 44100
    assert found.direct_gain == pytest.approx([10**(left / 20), 10**(right / 20)], rel=0.03)
    assert found.direct_level_db == pytest.approx(np.array([left, right]) - 6.02, abs=0.3)
    assert found.itd_s == pytest.approx(lag / 44100, abs=0.1 / 44100)
    apart = found.distance_m[0] - found.distance_m[1]
    assert apart == pytest.approx(lag / 44100 * SPEED_OF_SOUND, abs=0.001)
    assert found.distance_m.mean() == pytest.approx(FMT.direct_distance)
    assert found.imbalance_db == pytest.approx(left - right, abs=0.3)
    assert found.ear_gain_db == pytest.approx(
        np.array([-0.5, 0.5]) * found.imbalance_db)


def test_without_chirp_frames_all_but_the_loop_delay():
    recording = take(frames(), lag=2.0)
    found, told = analyse(recording), analyse(recording, chirps=frames())
    assert found.loop_delay_s is None and found.played is None
    assert len(found.pings) == 8
    assert found.direct_gain == pytest.approx(told.direct_gain, rel=0.01)
    assert found.itd_s == pytest.approx(told.itd_s, abs=1e-6)
    assert found.snr_db == pytest.approx(told.snr_db, abs=0.2)


@pytest.mark.parametrize('noise_db', [(-60.0, -50.0), (-40.0, -40.0)])
def test_noise_and_snr(noise_db):
    found = analyse(take(frames(), gains=(0.2, 0.2), noise_db=noise_db))
    assert found.noise.level_db == pytest.approx(noise_db, abs=0.2)
    # White noise: each octave holds the share of it that its width is.
    share = 10 * math.log10(1000 * (math.sqrt(2) - math.sqrt(0.5)) / 22050)
    assert found.noise.octave_db[:, 4] == pytest.approx(np.array(noise_db) + share, abs=0.7)
    # A sweep of gain g and amplitude a has the mean square (g a)^2 / 2 while it lasts.
    assert found.snr_db == pytest.approx(
        10 * math.log10((0.2 * 0.5)**2 / 2) - np.array(noise_db), abs=1.0)


def test_given_silence_tells_the_noise():
    silence = (0.01 * np.random.default_rng(1).standard_normal((2, 22050))).astype(np.float32)
    found = analyse(take(frames(), noise_db=-80), silence=silence)
    assert found.noise.level_db == pytest.approx([-40, -40], abs=0.2)
    assert found.noise.seconds == pytest.approx(0.5)


def test_noise_between_pings_where_nothing_precedes_them():
    recording = take(frames(), noise_db=-55)[:, SILENT - 2000:]
    assert analyse(recording).noise.level_db == pytest.approx([-55, -55], abs=0.5)


@pytest.mark.parametrize('order, cut, kind', [
    (1, 4000, 'lowpass'), (2, 1500, 'highpass'), (2, (1000, 8000), 'bandpass')])
def test_frequency_response(order, cut, kind):
    b, a = butter(order, cut, kind, fs=44100)
    found = analyse(take(frames(), filters=((b, a), ([0.5], [1.0])), noise_db=-80))
    response = found.response
    inside = (response.frequency > 600) & (response.frequency < 16000)
    expected = 20 * np.log10(0.2 * np.abs(
        freqz(b, a, response.frequency[inside], fs=44100)[1]))
    strong = expected > expected.max() - 20
    assert response.gain_db[0, inside][strong] == pytest.approx(expected[strong], abs=0.8)
    assert response.gain_db[1, inside] == pytest.approx(20 * math.log10(0.1), abs=0.5)
    assert response.gate_s == pytest.approx(0.005)
    assert response.resolution_hz == pytest.approx(200)
    assert response.frequency[0] >= response.resolution_hz


def test_an_echo_ends_the_gate_and_raises_the_lowest_frequency():
    found = analyse(take(frames(), echoes=((100, 0.8),)))
    assert 0.0017 < found.response.gate_s < 100 / 44100
    assert found.response.frequency[0] >= found.response.resolution_hz > 441
    middle = found.response.gain_db[:, found.response.frequency < 15000]
    assert middle == pytest.approx(20 * math.log10(0.2), abs=1.0)


def test_noise_hides_frequencies_rather_than_inventing_them():
    b, a = butter(6, 3000, fs=44100)
    found = analyse(take(frames(), filters=((b, a), (b, a)), noise_db=-45))
    assert np.isfinite(found.response.gain_db[:, found.response.frequency < 3000]).all()
    assert np.isnan(found.response.gain_db[:, found.response.frequency > 12000]).all()


@pytest.mark.parametrize('level', [0.05, 0.3, 1.0])
def test_clipping_level(level):
    chirps = frames()
    clean = take(chirps, gains=(2.5 * level, 0.1 * level), noise_db=-70)
    found = analyse(np.clip(clean, -level, level), chirps=chirps)
    assert found.clipped_at[0] == pytest.approx(level, rel=0.001)
    assert math.isnan(found.clipped_at[1])


@settings(derandomize=True, max_examples=10, deadline=None)
@given(gain=st.floats(0.02, 1.9), seed=st.integers(0, 1000), bits=st.sampled_from((16, 24)))
def test_no_false_alarm_of_clipping(gain, seed, bits):
    clean = take(frames(4), gains=(gain, gain), noise_db=-75, seed=seed)
    # Just below full scale, in the steps of a converter.
    clean *= min(1.0, 0.99 / np.abs(clean).max())
    steps = 2**(bits - 1)
    found = analyse((np.round(clean * steps) / steps).astype(np.float32))
    assert np.isnan(found.clipped_at).all()
    assert found.peak_db == pytest.approx(20 * np.log10(np.abs(clean).max(axis=1)), abs=0.1)


@pytest.mark.parametrize('offset', [0.05, -0.05])
@pytest.mark.parametrize('swapped', [False, True])
def test_a_speaker_off_the_middle_tells_swapped_ears(offset, swapped):
    setup = Setup(FMT, speaker_offset=offset)
    half, ahead = FMT.ear_spacing / 2, math.sqrt(FMT.direct_distance**2 - FMT.ear_spacing**2 / 4)
    left, right = math.hypot(ahead, half - offset), math.hypot(ahead, half + offset)
    lag = (left - right) / SPEED_OF_SOUND * 44100
    recording = take(frames(), lag=lag, gains=(0.04 / left, 0.04 / right))
    found = analyse(recording[::-1] if swapped else recording, setup)
    assert found.wiring.swapped is swapped
    # Figures are of the true ears either way, and the distance explains the level.
    assert found.itd_s == pytest.approx(lag / 44100, abs=2e-6)
    assert found.imbalance_db == pytest.approx(0, abs=0.3)
    assert (found.direct_gain[0] > found.direct_gain[1]) is np.bool_(offset > 0)
    assert np.diff(found.distance_m)[0] == pytest.approx(right - left, abs=0.002)


def test_a_speaker_in_the_middle_tells_nothing():
    found = analyse(take(frames()))
    assert found.wiring.swapped is None and '--tap' in found.wiring.why


def test_a_lag_that_does_not_fit_the_offset_tells_nothing():
    found = analyse(take(frames(), lag=0.2), Setup(speaker_offset=0.05))
    assert found.wiring.swapped is None and 'check the offset' in found.wiring.why


@pytest.mark.parametrize('ear', [0, 1])
def test_taps_tell_swapped_ears(ear):
    recording = take(frames(), gains=(0.3, 0.1))
    found = analyse(recording, tap=taps(ear))
    assert found.wiring.swapped is bool(ear)
    assert found.direct_gain[0] == pytest.approx(0.1 if ear else 0.3, rel=0.05)


@pytest.mark.parametrize('tap, word', [
    (taps(0, leak=1.0), 'alone'), (taps(0)[:, :15000], None),
    (1e-3 * np.random.default_rng(0).standard_normal((2, 90000)).astype(np.float32), 'no tap')])
def test_taps_that_tell_nothing(tap, word):
    if word is None:
        with pytest.raises(WindowError, match='longer'):
            analyse(take(frames()), tap=tap)
    else:
        wiring = analyse(take(frames()), tap=tap).wiring
        assert wiring.swapped is None and word in wiring.why


def test_one_dead_ear():
    recording = take(frames(), gains=(0.2, 0.0))
    found = analyse(recording)
    assert found.deaf.tolist() == [False, True]
    assert found.direct_gain[0] == pytest.approx(0.2, rel=0.05)
    assert math.isnan(found.snr_db[1]) and found.ear_gain_db.tolist() == [0, 0]
    assert analyse(np.stack([recording[0], 0 * recording[0]])).deaf.tolist() == [False, True]


def test_one_microphone_on_both_channels():
    recording = take(frames())
    assert analyse(recording[[0, 0]]).noise.alike
    assert not analyse(recording).noise.alike


@settings(derandomize=True, max_examples=12, deadline=None)
@given(distance=st.floats(0.08, 0.4), wall=st.floats(0.7, 2.0))
def test_a_wall_measures_the_distance(distance, wall):
    truth = replace(FMT, direct_distance=distance)
    recording = take(frames(4), delay=800, echoes=((truth.range_to_samples(wall), 0.5),))
    found = analyse(recording, Setup(wall=wall), chirps=frames(4))
    assert found.distance_by == 'wall'
    assert found.distance_m == pytest.approx([distance] * 2, abs=0.004)
    travel = distance / SPEED_OF_SOUND
    assert found.loop_delay_s == pytest.approx(800 / 44100 - travel, abs=2e-5)


def test_a_wall_that_is_not_there():
    found = analyse(take(frames()), Setup(wall=1.0))
    assert found.distance_by == 'assumed'


@settings(derandomize=True, max_examples=12, deadline=None)
@given(height=st.floats(0.4, 1.2), level_db=st.floats(-20, -6))
def test_the_floor(height, level_db):
    at = FMT.range_to_samples(0.95 * height)
    recording = take(frames(4), echoes=((at, 10**(level_db / 20)),))
    floor = analyse(recording, Setup(head_height=height)).floor
    assert floor.near < 0.95 * height < floor.far < floor.near + 0.15
    assert floor.level_db == pytest.approx(level_db + 3, abs=1.5)


def test_no_floor():
    assert analyse(take(frames()), Setup(head_height=0.5)).floor is None
    assert analyse(take(frames())).floor is None


def test_pings_of_other_levels_are_left_out():
    chirps = frames(10)
    recording = take(chirps)
    recording[:, :chirps[2] - 500] *= 0.3
    found = analyse(recording)
    assert (len(found.pings), found.pings.odd) == (8, 2)
    assert found.direct_gain == pytest.approx([0.2, 0.2], rel=0.05)


def test_missed_chirps_are_counted():
    chirps = frames(8)
    found = analyse(take(np.delete(chirps, [2, 5])), chirps=chirps)
    assert (found.played, len(found.pings), found.pings.missed) == (8, 6, 2)
    assert found.loop_delay_s == pytest.approx(1000 / 44100 - TRAVEL, abs=1e-5)


def test_a_steady_rate_leaves_the_loop_delay_open():
    chirps = SILENT + 6000 * np.arange(10)
    assert analyse(take(chirps), chirps=chirps).pings.ambiguous
    assert not analyse(take(frames(10)), chirps=frames(10)).pings.ambiguous


def test_drift_of_two_clocks():
    chirps = frames(12)
    stretched = chirps[0] + (chirps - chirps[0]) * (1 + 200e-6)
    found = analyse(take(stretched), chirps=chirps)
    assert found.drift_ppm == pytest.approx(200, rel=0.05)
    assert found.loop_spread_s > 15 / 44100


@pytest.mark.parametrize('recording, error, words', [
    (np.zeros((2, 90000), np.float32), NoChirpError, 'both ears are silent.*unmute'),
    (0.01 * np.random.default_rng(0).standard_normal((2, 90000)), NoChirpError,
     'left ear -40 dBFS, right ear -40 dBFS.*turn up the speaker'),
    (np.zeros(90000, np.float32), WindowError, r'expected an array of shape \(2, n\)'),
    (np.zeros((1, 90000), np.float32), WindowError, r'expected an array of shape \(2, n\)'),
    (np.zeros((2, 90000), np.int16), WindowError, 'full scale'),
    (np.zeros((2, 1000), np.float32), WindowError, 'record for longer'),
    (take(frames(2)), NoChirpError, '2 chirps .* at least 3'),
    (resample_poly(take(frames()), 160, 147, axis=1), NoChirpError, 'taken as 48000 Hz')])
def test_what_cannot_be_calibrated(recording, error, words):
    with pytest.raises(error, match=words):
        analyse(recording)


def test_nan_is_refused():
    recording = take(frames())
    recording[1, 500] = np.nan
    with pytest.raises(WindowError, match='1 NaN'):
        analyse(recording)
    with pytest.raises(WindowError, match='NaN'):
        analyse(take(frames()), silence=np.full((2, 9000), np.nan, np.float32))


def test_frames_of_another_recording():
    with pytest.raises(NoChirpError, match='frames of another recording'):
        analyse(take(frames()), chirps=frames() + 10**6)


def test_frames_that_fit_nothing():
    with pytest.raises(NoChirpError, match='8 chirps are heard, but not one delay'):
        analyse(take(frames(8)), chirps=frames(8) + 4000 * (-1)**np.arange(8) * np.arange(8))


def test_two_clocks_that_disagree():
    found = analyse(take(frames(), delay=10), chirps=frames() + 410)
    assert found.loop_delay_s == pytest.approx(-400 / 44100 - TRAVEL, abs=1e-5)
