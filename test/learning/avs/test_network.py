# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from echo_depth_ros.learning.avs.errors import VisualError
from echo_depth_ros.learning.avs.loss import scale_invariant
from echo_depth_ros.learning.avs.network import AvsNet
from echo_depth_ros.learning.avs.sizes import AvsSizes
from echo_depth_ros.learning.networks.sizes import Sizes
from echo_depth_ros.learning.training.errors import ConfigError

from .small import senses, tiny


@pytest.mark.parametrize('bins', ['normed', 'softplus'])
@pytest.mark.parametrize('echoes', [True, False])
@pytest.mark.parametrize('size', [(32, 64), (48, 48)])
def test_depth_has_the_images_size_and_is_positive_metres(bins, echoes, size):
    network = tiny(bin_centers=bins, echo_branch=echoes)
    with torch.no_grad():
        depth = network(*senses(size=size))
    assert depth.shape == (2, *size) and depth.dtype == torch.float32
    assert torch.isfinite(depth).all() and (depth >= network.config.depth_min).all()
    if bins == 'normed':
        assert (depth <= network.config.depth_max).all()


@pytest.mark.parametrize('bins', ['normed', 'softplus'])
def test_gradients_reach_every_part(bins):
    network = tiny(bin_centers=bins).train()
    scale_invariant(network(*senses(4)), torch.rand(4, 32, 64) * 5 + 0.5).backward()
    without = [name for name, p in network.named_parameters()
               if p.grad is None or not torch.isfinite(p.grad).all()]
    assert not without
    idle = {name for name, p in network.named_parameters() if not p.grad.any()}
    parts = {name.rpartition('.')[0] for name, _ in network.named_parameters()}
    assert not idle & {f'{part}.weight' for part in parts}


def test_echoes_change_the_depth_only_where_they_are_heard():
    rgb, windows = senses()
    for echoes in (True, False):
        network = tiny(echo_branch=echoes)
        with torch.no_grad():
            one, other = network(rgb, windows), network(rgb, windows.roll(40, 2))
        assert torch.equal(one, other) != echoes
    with torch.no_grad():
        assert torch.equal(network(rgb), one)
    assert network.echo is None and network.fusion is None


def test_colour_changes_the_depth():
    network, (rgb, windows) = tiny(), senses()
    with torch.no_grad():
        assert not torch.equal(network(rgb, windows), network(1 - rgb, windows))


def test_a_listening_network_wants_something_to_hear():
    with pytest.raises(VisualError, match='no waveform'):
        tiny()(senses()[0])


def test_attention_is_over_frequency_and_time():
    network, (rgb, windows) = tiny(), senses()
    with torch.no_grad():
        explained = network.explain(rgb, windows)
        assert torch.equal(explained.depth, network(rgb, windows))
    assert explained.attention.shape == (2, 2, 2, 4, 1, 2)
    assert torch.allclose(explained.attention.sum((4, 5)), torch.ones(2, 2, 2, 4))
    assert explained.relative.shape == (2, 16, 32) and (explained.relative >= 0).all()
    with pytest.raises(VisualError, match='Only-RGB'):
        tiny(echo_branch=False).explain(rgb, windows)


def test_the_default_backbone_is_small():
    network = AvsNet(AvsSizes(echo_branch=False))
    assert sum(p.numel() for p in network.visual.parameters()) < 2.5e6


def test_a_frozen_backbone_stays_as_it_is():
    network = tiny(frozen=True).train()
    before = {name: value.clone() for name, value in network.visual.state_dict().items()}
    network(*senses(4)).sum().backward()
    assert all(p.grad is None for p in network.visual.parameters())
    assert all(torch.equal(before[name], value)
               for name, value in network.visual.state_dict().items())


@pytest.mark.parametrize(('change', 'error', 'word'), [
    ({'image': (60, 64)}, VisualError, 'multiples of 16'),
    ({'image': (32, 32)}, VisualError, 'one cell'),
    ({'visual': 'large'}, ConfigError, 'hf:NAME'),
    ({'depth_min': 13.0}, ConfigError, 'least depth first'),
    ({'attractors': (1, 1, 1, 0)}, ConfigError, 'from 1 on')])
def test_sizes_that_do_not_fit_are_named(change, error, word):
    with pytest.raises(error, match=word):
        tiny(**change)


def test_sizes_survive_a_checkpoint():
    sizes = AvsSizes(bins=8, image=(32, 64))
    assert isinstance(sizes, Sizes) and AvsSizes.from_dict(sizes.to_dict()) == sizes
