# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import dataclasses

import numpy as np
import pytest
from scipy.signal import hilbert

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat


def test_is_132_samples_with_peak_one_half():
    chirp = linear_chirp(PingFormat())
    assert chirp.shape == (132,)
    assert chirp.dtype == np.float32
    assert chirp[0] == 0
    assert np.abs(chirp).max() == pytest.approx(0.5, abs=1e-3)


def test_equals_its_formula_at_a_sample_worked_out_by_hand():
    # At 1 ms: 20 Hz * 1 ms + (19980 Hz / 3 ms) * (1 ms)^2 / 2 = 0.02 + 3.33 cycles.
    fmt = PingFormat(sample_rate=48000)
    assert linear_chirp(fmt)[48] == pytest.approx(0.5 * np.sin(2 * np.pi * 3.35), abs=1e-6)


def test_frequency_rises_linearly_from_start_to_end():
    fmt = PingFormat(sample_rate=441000, chirp_duration=0.03)
    frequency = np.diff(np.unwrap(np.angle(hilbert(linear_chirp(fmt))))) * 441000 / 2 / np.pi
    time = (np.arange(frequency.size) + 0.5) / 441000
    middle = slice(2000, 11000)
    slope, offset = np.polyfit(time[middle], frequency[middle], 1)
    assert slope == pytest.approx(19980 / 0.03, rel=1e-3)
    assert offset == pytest.approx(20, abs=40)


def test_amplitude_scales():
    fmt = PingFormat()
    loud = linear_chirp(dataclasses.replace(fmt, chirp_amplitude=1.0))
    assert np.allclose(loud, 2 * linear_chirp(fmt))
