# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from echo_depth_ros.learning.avs.config import AvsConfig, KIND, load_avs_config
from echo_depth_ros.learning.training.errors import ConfigError
from echo_depth_ros.learning.training.yaml_files import config_places


@pytest.mark.parametrize('name', sorted(p.stem for p in config_places(KIND)[0].glob('*.yaml')))
def test_shipped_configurations_read_and_keep_the_papers_loss(name):
    config = load_avs_config(name)
    assert (config.loss.alpha, config.loss.lam) == (10, 0.85)
    assert config.network.echo_branch == (name != 'only_rgb')


def test_only_rgb_differs_by_its_ears_alone():
    small, deaf = (load_avs_config(name).to_dict() for name in ('small', 'only_rgb'))
    assert small['network'].pop('echo_branch') and not deaf['network'].pop('echo_branch')
    assert small == deaf


def test_midas_is_as_the_paper_says():
    network = load_avs_config('midas').network
    assert network.visual.startswith('hf:') and network.echo_level == 'magnitude'
    assert network.echo_widths == (64, 128, 256, 512) and network.bin_centers == 'softplus'


def test_overrides_win_and_the_rest_is_mirrored():
    config = load_avs_config('tiny', ['network.bins=7', 'optimizer.lr=1e-4', 'steps=3'])
    assert (config.network.bins, config.optimizer.lr, config.steps) == (7, 1e-4, 3)
    assert config.network.encoder == (8, 8, 12, 16)
    assert AvsConfig().to_dict().keys() == config.to_dict().keys()


@pytest.mark.parametrize(('override', 'word'), [
    ('steps=0', 'at least 1'), ('network.bin=3', 'bins'), ('network.bin_centers=hard', 'softplus'),
    ('network.visual=vgg', 'hf:NAME'), ('loss.lam=2', 'at most 1'), ('steps', 'key=value'),
    ('steps.more=1', 'no section'), ('network.echo_branch=3', 'true or false')])
def test_wrong_values_are_named(override, word):
    with pytest.raises(ConfigError, match=word):
        load_avs_config('tiny', [override])


def test_an_unknown_or_circular_configuration_is_named(tmp_path):
    with pytest.raises(ConfigError, match='only_rgb'):
        load_avs_config('nothing')
    (tmp_path / 'a.yaml').write_text('extends: a.yaml')
    with pytest.raises(ConfigError, match='extends itself'):
        load_avs_config(tmp_path / 'a.yaml')
    (tmp_path / 'a.yaml').write_text('- 1')
    with pytest.raises(ConfigError, match='key: value'):
        load_avs_config(tmp_path / 'a.yaml')
