# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.spectrogram import spectrogram
from echo_depth_ros.learning.features import EchoFeatures, Spectrogram
from echo_depth_ros.learning.networks import EchoUNet, NetworkConfig

from .toy import make_room

TINY = NetworkConfig(encoder=(8, 12, 16, 24), decoder=(16, 12, 8, 8), links=(8, 8, 0),
                     squeeze=8, code=32)


@pytest.fixture(scope='module')
def windows():
    return torch.from_numpy(make_room(3, 4)['waveform']).float() / 32767


@pytest.fixture
def tiny():
    torch.manual_seed(0)
    return EchoUNet(TINY).eval()


@pytest.mark.parametrize('bin_step', [1, 4])
def test_spectrogram_is_torch_stft(windows, bin_step):
    real, imag = Spectrogram(bin_step=bin_step)(windows)
    expected = torch.stft(windows.reshape(-1, 3197), 512, 16, 64, torch.hann_window(64),
                          center=True, pad_mode='reflect', return_complex=True)
    expected = expected.reshape(4, 2, 257, 200)[:, :, ::bin_step]
    assert real.shape == expected.shape
    torch.testing.assert_close(torch.complex(real, imag), expected, atol=2e-5, rtol=1e-4)


def test_spectrogram_is_the_one_of_acoustics(windows):
    real, imag = Spectrogram()(windows)
    expected = spectrogram(windows[0].numpy(), PingFormat())
    np.testing.assert_allclose(torch.hypot(real, imag)[0].numpy(), expected, atol=1e-4)


def test_depth_is_metres_inside_the_range(tiny, windows):
    depth = tiny(windows)
    assert depth.shape == (4, 128, 128)
    assert depth.min() > 0 and depth.max() < 12


@pytest.mark.parametrize('gain', [0.01, 0.3, 3.0])
def test_depth_does_not_depend_on_gain(tiny, windows, gain):
    torch.testing.assert_close(tiny(gain * windows), tiny(windows), rtol=1e-3, atol=1e-4)


def test_silence_gives_numbers(tiny):
    assert torch.isfinite(tiny(torch.zeros(1, 2, 3197))).all()


def test_swapping_ears_swaps_their_levels(windows):
    features = EchoFeatures()
    there, back = features(windows), features(windows.flip(1))
    torch.testing.assert_close(there[:, [0, 2]], back[:, [1, 3]])
    torch.testing.assert_close(there[:, 4], back[:, 4])


def test_matched_filter_puts_a_pulse_where_the_sweep_begins():
    wave = torch.zeros(1, 2, 3197)
    sweep = torch.from_numpy(linear_chirp(PingFormat()))
    wave[0, 0, 500:632], wave[0, 1, 3100:] = sweep, sweep[:97]
    pulses = EchoFeatures().compress(wave)[0]
    assert pulses.abs().argmax(dim=1).tolist() == [500, 3100]
    assert pulses[0, 500].item() == pytest.approx(sweep.norm().item(), rel=1e-4)


def test_starts_from_the_mean_image(tiny, windows):
    mean = torch.linspace(1, 6, 128).expand(128, 128).clone()
    mean[0, 0] = torch.nan
    tiny.set_mean_depth(mean)
    torch.nn.init.zeros_(tiny.head.weight)
    depth = tiny(windows)
    torch.testing.assert_close(depth[:, 1:], mean[1:].expand(4, -1, -1))
    assert torch.isfinite(depth).all()


def test_every_weight_learns(windows):
    torch.manual_seed(0)
    network = EchoUNet(TINY).train()
    network.log_depth(windows).square().mean().backward()
    idle = [name for name, p in network.named_parameters()
            if p.grad is None or not p.grad.abs().any()]
    assert not idle


def test_default_network_is_small():
    assert sum(p.numel() for p in EchoUNet().parameters()) <= 3e6


def test_config_survives_a_checkpoint():
    assert NetworkConfig.from_dict(TINY.to_dict()) == TINY
