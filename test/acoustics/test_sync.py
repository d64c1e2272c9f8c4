# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.acoustics.errors import NoChirpError, WindowError
from echo_depth_ros.acoustics.pulse import compress
from echo_depth_ros.acoustics.sync import align, cut_window, find_direct_sound

from .scenes import add_noise, FMT, power, room, sweep

PROPERTY = settings(derandomize=True, max_examples=40, deadline=None)


@PROPERTY
@given(start=st.floats(60, 3000), gain=st.floats(0.003, 1.0), seed=st.integers(0, 10**6))
def test_finds_a_lone_sweep_to_a_twentieth_of_a_sample(start, gain, seed):
    wave = np.stack([sweep(3300, start, gain)] * 2)
    recording = add_noise(wave, np.random.default_rng(seed), power(wave[0]), 30)
    direct = find_direct_sound(recording, FMT)
    assert direct.index == pytest.approx(start, abs=0.05)
    assert direct.snr_db == pytest.approx(30, abs=4)
    assert direct.peak == pytest.approx((gain, gain), rel=0.15)


@PROPERTY
@given(
    seed=st.integers(0, 10**6), start=st.floats(200, 1200), snr_db=st.floats(10, 40),
    echo_db=st.floats(-6, 12), echo_delay=st.floats(106, 800), decay_s=st.floats(0.1, 1.0),
    lowpass_hz=st.floats(3000, 12000), ear_shift=st.floats(-4, 4))
def test_finds_the_first_arrival_not_the_loudest(
        seed, start, snr_db, echo_db, echo_delay, decay_s, lowpass_hz, ear_shift):
    recording = room(
        seed, 3300, start, snr_db, echo_db, echo_delay, lowpass_hz, decay_s, ear_shift)
    direct = find_direct_sound(recording, FMT)
    # A lowpass delays: by half a sample as phase tells it, at 3 kHz.
    assert direct.index == pytest.approx(start, abs=1.0)
    left, right = direct.ear_indices
    assert right - left == pytest.approx(ear_shift, abs=1.0)


def test_the_loudest_pulse_would_have_been_wrong():
    recording = room(0, start=700.0, echo_db=9.0, echo_delay=309.0, snr_db=30)
    assert abs(np.argmax(np.abs(compress(recording, FMT)[0])) - 1009) < 3
    assert find_direct_sound(recording, FMT).index == pytest.approx(700, abs=1)


@PROPERTY
@given(seed=st.integers(0, 10**6), snr_db=st.floats(10, 40), decay_s=st.floats(0.1, 0.8))
def test_hears_through_the_tail_of_the_ping_before(seed, snr_db, decay_s):
    recording = room(seed, 3300, 800.0, snr_db, decay_s=decay_s, period=3219)
    assert find_direct_sound(recording, FMT).index == pytest.approx(800, abs=1)


@PROPERTY
@given(seed=st.integers(0, 10**6), fraction=st.floats(-0.5, 0.5), snr_db=st.floats(10, 40))
def test_finds_it_in_a_window_already_cut(seed, fraction, snr_db):
    start = FMT.direct_index + fraction
    recording = room(seed, FMT.window, start, snr_db, period=3219)
    assert find_direct_sound(recording, FMT).index == pytest.approx(start, abs=1)


def test_finds_it_in_a_long_recording():
    recording = room(1, 20000, 282.3, 25.0, decay_s=0.5)
    assert find_direct_sound(recording, FMT).index == pytest.approx(282.3, abs=1)


def test_polarity_does_not_matter():
    recording = room(2)
    assert find_direct_sound(-recording, FMT) == find_direct_sound(recording, FMT)


def test_level_does_not_matter():
    recording = room(3)
    quiet = find_direct_sound(recording * np.float32(1e-3), FMT)
    assert quiet.index == pytest.approx(find_direct_sound(recording, FMT).index, abs=0.01)


def test_search_range_decides_between_two_pings():
    wave = np.stack([sweep(9000, 1000.0) + sweep(9000, 5000.5)] * 2)
    recording = add_noise(wave, np.random.default_rng(0), power(wave[0]), 30)
    assert find_direct_sound(recording, FMT).index == pytest.approx(1000, abs=0.1)
    late = find_direct_sound(recording, FMT, search=(4960, 5040))
    assert late.index == pytest.approx(5000.5, abs=0.1)
    with pytest.raises(NoChirpError, match='2000 and 4000'):
        find_direct_sound(recording, FMT, search=(2000, 4000))


@pytest.mark.parametrize('noise', [0.0, 0.1])
def test_a_dead_ear_is_not_counted(noise):
    recording = room(4, snr_db=20)
    recording[0] = noise * np.random.default_rng(0).standard_normal(3300)
    direct = find_direct_sound(recording, FMT)
    assert direct.index == pytest.approx(700, abs=1)
    assert np.isnan(direct.ear_indices[0])
    assert direct.ear_indices[1] == direct.index


def test_a_reflection_off_the_robots_body_does_no_harm():
    recording = room(5)
    recording[:, 15:] += 0.8 * recording[:, :-15]
    assert find_direct_sound(recording, FMT).index == pytest.approx(700, abs=1)


def test_an_offset_and_mains_hum_do_no_harm():
    recording = room(6)
    hum = 0.05 * np.sin(2 * np.pi * 50 / 44100 * np.arange(3300))
    recording += (0.1 + hum).astype(np.float32)
    assert find_direct_sound(recording, FMT).index == pytest.approx(700, abs=1)


def _false_alarms(samples, count, signal):
    found = 0
    for seed in range(count):
        recording = signal(np.random.default_rng(seed), samples).astype(np.float32)
        try:
            find_direct_sound(recording, FMT)
            found += 1
        except NoChirpError:
            pass
    return found


@pytest.mark.parametrize('samples, count', [(3197, 400), (20000, 60)])
def test_no_false_alarm_on_noise(samples, count):
    assert _false_alarms(samples, count, lambda rng, n: rng.normal(0, 0.01, (2, n))) == 0


def _pink(rng, samples):
    spectrum = np.fft.rfft(rng.standard_normal((2, samples)))
    return np.fft.irfft(spectrum / np.sqrt(1 + np.arange(spectrum.shape[1])), samples)


def _tone(rng, samples):
    wave = np.sin(2 * np.pi * rng.uniform(100, 15000) / 44100 * np.arange(samples))
    wave[:int(rng.uniform(0, 2000))] = 0
    return 0.1 * wave + rng.normal(0, 1e-3, (2, samples))


def _burst(rng, samples):
    wave = rng.normal(0, 1e-3, (2, samples))
    wave[:, 900:900 + int(rng.uniform(150, 2000))] *= 100
    return wave


def _click(rng, samples):
    wave = rng.normal(0, 1e-3, (2, samples))
    wave[:, int(rng.uniform(300, 2900))] += 0.5
    return wave


def _slow_sweep(rng, samples):
    time = np.arange(882) / 44100
    wave = rng.normal(0, 1e-3, (2, samples))
    at = int(rng.uniform(300, 2300))
    wave[:, at:at + 882] += 0.2 * np.sin(2 * np.pi * (500 * time + 7500 / 0.02 / 2 * time**2))
    return wave


# The onset of broadband noise, the same at both ears and 40 dB out of the silence before it, now
# and then looks like a sweep for a millisecond.
@pytest.mark.parametrize('signal, allowed', [
    (_pink, 1), (_tone, 1), (_burst, 4), (_click, 1), (_slow_sweep, 1)])
def test_other_sounds_are_no_chirp(signal, allowed):
    assert _false_alarms(3300, 60, signal) <= allowed


@pytest.mark.parametrize('level', [0.0, 0.1])
def test_silence_is_no_chirp(level):
    with pytest.raises(NoChirpError, match='expected'):
        find_direct_sound(np.full((2, 3300), level, np.float32), FMT)


@pytest.mark.parametrize('recording, what', [
    (np.zeros((3300, 2), np.float32), r'\(3300, 2\)'),
    (np.zeros(3300, np.float32), r'\(3300,\)'),
    (np.zeros((2, 3300), np.int16), 'int16'),
    (np.zeros((2, 100), np.float32), '100 samples'),
    (np.full((2, 3300), np.inf, np.float32), '6600 NaN or infinite'),
    ([[0.0], [0.0]], 'list')])
def test_refuses_what_is_no_recording(recording, what):
    with pytest.raises(WindowError, match=what):
        find_direct_sound(recording, FMT)


@pytest.mark.parametrize('search', [(5000, 6000), (800, 700), (0, 10)])
def test_refuses_a_search_range_with_nothing_in_it(search):
    with pytest.raises(WindowError, match='search range'):
        find_direct_sound(room(0), FMT, search)


def test_align_puts_the_direct_sound_on_its_sample():
    recording = room(7, 5000, 911.4, 30)
    window, direct = align(recording, FMT)
    assert window.shape == (2, 3197)
    assert window.dtype == np.float32
    start = round(direct.index) - 64
    assert np.array_equal(window, recording[:, start:start + 3197])
    assert find_direct_sound(window, FMT).index == pytest.approx(direct.index - start, abs=0.1)


@pytest.mark.parametrize('samples, start', [(3300, 700.0), (4000, 50.0)])
def test_a_window_must_lie_inside_the_recording(samples, start):
    recording = room(8, samples, start, 30)
    with pytest.raises(WindowError, match='record from 64 samples before'):
        cut_window(recording, find_direct_sound(recording, FMT), FMT)
