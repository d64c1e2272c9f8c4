# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The baselines of other authors: their sizes, their losses, and that they learn."""

import pytest
import torch

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.networks.batvision_unet import BatVisionUNet
from echo_depth_ros.learning.networks.echonet import EchoNet
from echo_depth_ros.learning.networks.magnitude import Magnitude, masked_mean

WINDOW = PingFormat().window


class NarrowUNet(BatVisionUNet):
    """The same levels with few channels, so that tests are fast."""

    WIDTHS = (4, 8, 8, 8, 8, 8, 8, 8)


def waveform(count: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return 0.05 * torch.randn(count, 2, WINDOW, generator=generator)


def silenced(network: torch.nn.Module) -> torch.nn.Module:
    """All weights 0: the sigmoid then says one half, which is 6 m, everywhere."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    return network.eval()


@pytest.fixture(params=[NarrowUNet, EchoNet])
def network(request):
    torch.manual_seed(0)
    return request.param()


@pytest.mark.parametrize('kind, published', [(BatVisionUNet, 54.4), (EchoNet, 8.98)])
def test_has_the_published_size_and_answers_in_metres(kind, published):
    network = kind().eval()
    parameters = sum(parameter.numel() for parameter in network.parameters())
    assert parameters / 1e6 == pytest.approx(published, abs=0.01)
    with torch.no_grad():
        depth = network(waveform(1))
    assert depth.shape == (1, 128, 128)
    assert depth.dtype == torch.float32
    assert 0 < depth.min() and depth.max() < 12


def test_buffers_are_not_stored_with_the_weights(network):
    assert not [name for name in network.state_dict() if 'kernels' in name]


def test_magnitude_is_torch_stft():
    windows = waveform(1)
    expected = torch.stft(windows[0], 512, 16, 64, torch.hann_window(64), center=True,
                          pad_mode='reflect', return_complex=True).abs()
    assert expected.shape == (2, 257, 200)
    torch.testing.assert_close(Magnitude()(windows)[0], expected, atol=1e-5, rtol=1e-4)


def test_silence_has_a_finite_slope():
    silence = torch.zeros(1, 2, WINDOW, requires_grad=True)
    Magnitude()(silence).sum().backward()
    assert torch.isfinite(silence.grad).all()


def test_echonet_hears_sixty_milliseconds():
    network = EchoNet().eval()
    first = waveform(1)
    later = first.clone()
    later[..., 2646:] = 1.0
    with torch.no_grad():
        assert torch.equal(network(first), network(later))


@pytest.mark.parametrize('metres', [0.5, 6.0, 11.0])
def test_losses_are_the_published_ones(metres):
    depth = torch.full((2, 128, 128), metres)
    error = torch.tensor(abs(6.0 - metres))
    with torch.no_grad():
        unet = silenced(NarrowUNet()).training_loss(waveform(), depth)
        echonet = silenced(EchoNet()).training_loss(waveform(), depth)
    torch.testing.assert_close(unet, error / 12)
    torch.testing.assert_close(echonet, torch.log(error + 1))


def test_unet_is_taught_on_256_and_answers_their_average():
    network = NarrowUNet().eval()
    with torch.no_grad():
        fine = network.normalised(waveform(1))
        assert fine.shape == (1, 1, 256, 256)
        blocks = fine.reshape(128, 2, 128, 2).mean(dim=(1, 3)) * 12
        torch.testing.assert_close(network(waveform(1))[0], blocks)
        depth = torch.rand(1, 128, 128) * 10 + 1
        taught = depth[0].repeat_interleave(2, 0).repeat_interleave(2, 1) / 12
        torch.testing.assert_close(network.training_loss(waveform(1), depth),
                                   (fine[0, 0] - taught).abs().mean())


def test_holes_teach_nothing(network):
    network.eval()
    depth = torch.rand(2, 128, 128, generator=torch.Generator().manual_seed(1)) * 5 + 0.5
    depth[:, :64] = 0
    loss = network.training_loss(waveform(), depth)
    with torch.no_grad():
        visible = network(waveform())[:, 64:]
    if isinstance(network, EchoNet):
        expected = torch.log1p((visible - depth[:, 64:]).abs()).mean()
        torch.testing.assert_close(loss, expected)
    empty = network.training_loss(waveform(), torch.zeros(2, 128, 128))
    assert empty == 0
    empty.backward()
    assert all((parameter.grad == 0).all() for parameter in network.parameters())


def test_depth_beyond_the_largest_counts_as_the_largest(network):
    network.eval()
    with torch.no_grad():
        losses = [network.training_loss(waveform(), torch.full((2, 128, 128), metres))
                  for metres in (12.0, 40.0)]
    assert losses[0] == losses[1]


def test_masked_mean_ignores_what_is_in_holes():
    values = torch.tensor([[[1.0, torch.inf], [3.0, torch.nan]]])
    depth = torch.tensor([[[1.0, 0.0], [2.0, 0.0]]])
    assert masked_mean(values, depth) == 2


def test_a_few_steps_reduce_the_loss(network):
    depth = torch.full((4, 128, 128), 2.0)
    depth[:, :, :64] = 4.0
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    losses = []
    for _ in range(6):
        loss = network.training_loss(waveform(4), depth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]


def test_dropout_is_off_unless_asked_for():
    assert not [m for m in NarrowUNet().modules() if isinstance(m, torch.nn.Dropout)]
    levels = [m for m in NarrowUNet(dropout=0.5).modules() if isinstance(m, torch.nn.Dropout)]
    assert [level.p for level in levels] == [0.5, 0.5, 0.5]
