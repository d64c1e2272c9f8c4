# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
import torch
from torch.nn import functional

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.spectrogram import spectrogram
from echo_depth_ros.learning.networks.features import EchoFeatures, MatchedFilter, Spectrogram

from ..toy import make_room


@pytest.fixture(scope='module')
def windows():
    return torch.from_numpy(make_room(3, 4)['waveform']).float() / 32767


@pytest.mark.parametrize('bin_step', [1, 4])
@pytest.mark.parametrize('length', [3197, 3112, 7782])
def test_spectrogram_is_torch_stft(bin_step, length):
    wave = torch.randn(2, 2, length, generator=torch.Generator().manual_seed(length))
    real, imag = Spectrogram(bin_step=bin_step)(wave)
    expected = torch.stft(wave.reshape(-1, length), 512, 16, 64, torch.hann_window(64),
                          center=True, pad_mode='reflect', return_complex=True)
    expected = expected.unflatten(0, (2, 2))[:, :, ::bin_step]
    assert real.shape == expected.shape
    torch.testing.assert_close(torch.complex(real, imag), expected, atol=5e-5, rtol=1e-4)


def test_spectrogram_is_the_one_of_acoustics(windows):
    real, imag = Spectrogram()(windows)
    expected = spectrogram(windows[0].numpy(), PingFormat())
    np.testing.assert_allclose(torch.hypot(real, imag)[0].numpy(), expected, atol=1e-4)


def test_a_window_that_hops_unevenly_is_refused():
    with pytest.raises(ValueError, match='multiple of stft_hop'):
        Spectrogram(replace(PingFormat(), stft_hop=24))


@given(st.integers(140, 700))
@settings(max_examples=25, deadline=None)
def test_matched_filter_is_correlation_with_the_sweep(length):
    wave = torch.randn(1, 2, length, generator=torch.Generator().manual_seed(length))
    sweep = torch.from_numpy(linear_chirp(PingFormat())).double()
    sweep = (sweep / sweep.norm()).float()
    padded = functional.pad(wave, (0, len(sweep) - 1)).transpose(0, 1)
    expected = functional.conv1d(padded, sweep[None, None]).transpose(0, 1)
    torch.testing.assert_close(MatchedFilter()(wave), expected, atol=1e-5, rtol=1e-4)


def test_matched_filter_puts_a_pulse_where_the_sweep_begins():
    wave = torch.zeros(1, 2, 3197)
    sweep = torch.from_numpy(linear_chirp(PingFormat()))
    wave[0, 0, 500:632], wave[0, 1, 3100:] = sweep, sweep[:97]
    pulses = MatchedFilter()(wave)[0]
    assert pulses.abs().argmax(dim=1).tolist() == [500, 3100]
    assert pulses[0, 500].item() == pytest.approx(sweep.norm().item(), rel=1e-4)


def test_swapping_ears_swaps_their_levels(windows):
    features = EchoFeatures()
    there, back = features(windows), features(windows.flip(1))
    torch.testing.assert_close(there[:, [0, 2]], back[:, [1, 3]])
    torch.testing.assert_close(there[:, 4], back[:, 4])


def test_a_frame_is_at_the_same_time_in_a_longer_window():
    features = EchoFeatures()
    short, long = features(torch.zeros(1, 2, 3197)), features(torch.zeros(1, 2, 7782))
    assert (short.shape[3], long.shape[3]) == (200, 487)
    torch.testing.assert_close(short[:, 4], long[:, 4, :, :200])
    assert short[0, 4, 0, [0, -1]].tolist() == [-1, 1]
