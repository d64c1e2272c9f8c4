# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.acoustics.pulse import compress, pulse_energy, received_snr_db

from .scenes import add_noise, FMT, power, sweep


@pytest.mark.parametrize('baseline, reach', [(255, 140), (63, 44)])
def test_a_sweep_becomes_one_pulse_of_its_gain(baseline, reach):
    response = compress(0.7 * np.stack([sweep(3000, 1000.0)] * 2), FMT, baseline)[0]
    assert np.argmax(response) == 1000
    assert response[1000] == pytest.approx(0.7, rel=1e-3)
    beside = np.abs(np.delete(response, np.s_[1000 - reach:1001 + reach]))
    assert 20 * np.log10(beside.max() / 0.7) < -70


def test_overlapping_sweeps_come_apart():
    wave = sweep(2000, 500.0) + 0.1 * sweep(2000, 560.0)
    response = compress(np.stack([wave, wave]), FMT, 63)[0]
    assert 540 + np.argmax(response[540:600]) == 560
    assert response[560] == pytest.approx(0.1, rel=0.02)


def test_is_linear_and_keeps_polarity():
    wave = np.stack([sweep(2000, 300.0), -0.5 * sweep(2000, 900.0)])
    response = compress(wave, FMT)
    assert response[1, 900] == pytest.approx(-0.5, rel=1e-3)
    assert np.allclose(compress(3 * wave, FMT), 3 * response, atol=1e-5)


@settings(derandomize=True, max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), snr_db=st.floats(5, 40), start=st.floats(200, 2500))
def test_measures_the_snr_of_a_received_sweep(seed, snr_db, start):
    wave = np.stack([sweep(3197, start)] * 2)
    noisy = add_noise(wave, np.random.default_rng(seed), power(wave[0]), snr_db)
    measured = received_snr_db(
        noisy, compress(noisy, FMT), [round(start)] * 2, slice(0, int(start) - 10), FMT)
    assert measured == pytest.approx(snr_db, abs=4)


def test_pulse_energy_is_that_of_the_pulse():
    response = compress(np.stack([sweep(3197, 1500.0)] * 2), FMT)
    assert pulse_energy(FMT) == pytest.approx(np.sum(response[0]**2), rel=1e-3)
