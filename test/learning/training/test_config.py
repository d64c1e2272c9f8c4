# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest
import yaml

from echo_depth_ros.learning.training.config import FOLDER, load_config, TrainingConfig
from echo_depth_ros.learning.training.errors import ConfigError
from echo_depth_ros.learning.training.sections import section
from echo_depth_ros.learning.training.yaml_files import config_places, find_config

SHIPPED = sorted(path.stem for path in config_places(FOLDER)[0].glob('*.yaml'))


def _file(folder: Path, text: str, name: str = 'x.yaml') -> Path:
    path = folder / name
    path.write_text(text, encoding='utf-8')
    return path


def test_the_experiments_are_there_and_differ_in_their_parts_only():
    assert {'no_distillation', 'ce', 'ccl', 'v2e_ccl', 'batvision_unet', 'echonet',
            'teacher_depth', 'teacher_material', 'tiny'} <= set(SHIPPED)
    parts = {}
    for name in ('no_distillation', 'ce', 'ccl', 'v2e_ccl'):
        values = load_config(name).to_dict()
        taught = values.pop('distillation')
        parts[name] = taught['compose'], taught['contrast']
        assert values == {k: v for k, v in load_config('no_distillation').to_dict().items()
                          if k != 'distillation'}
    assert parts == {'no_distillation': (False, False), 'ce': (True, False),
                     'ccl': (False, True), 'v2e_ccl': (True, True)}


@pytest.mark.parametrize('name', SHIPPED)
def test_what_is_shipped_reads_and_comes_back_the_same(name):
    config = load_config(name)
    assert section(TrainingConfig, config.to_dict(), name) == config
    assert yaml.safe_load(yaml.safe_dump(config.to_dict())) == config.to_dict()


def test_extends_and_overrides(tmp_path):
    _file(tmp_path, 'steps: 7\noptimizer: {lr: 1e-3, clip: 2}\n', 'base.yaml')
    path = _file(tmp_path, 'extends: base.yaml\noptimizer: {clip: 3}\n')
    config = load_config(path, ['batch=5', 'student.code=9', 'augmentation.enabled=false'])
    assert (config.steps, config.batch, config.student.code) == (7, 5, 9)
    assert (config.optimizer.lr, config.optimizer.clip) == (1e-3, 3.0)
    assert not config.augmentation.enabled


def test_extends_a_shipped_one_by_name(tmp_path):
    path = _file(tmp_path, 'extends: v2e_ccl\nsteps: 5\n')
    config = load_config(path)
    assert config.steps == 5 and config.needs_teachers


@pytest.mark.parametrize(('text', 'words'), [
    ('stepz: 3', ['x.yaml', 'stepz', 'did you mean steps', 'batch']),
    ('optimizer: {lr: fast}', ['optimizer.lr', "'fast'", 'number']),
    ('optimizer: {lr: 0}', ['optimizer.lr', 'above 0']),
    ('optimizer: {lr: .nan}', ['optimizer.lr', 'finite']),
    ('optimizer: 3', ['optimizer', 'section']),
    ('steps: 2.5', ['steps', 'whole number']),
    ('steps: true', ['steps', 'whole number']),
    ('steps: 0', ['steps', 'at least 1']),
    ('ema: 1', ['ema', 'below 1']),
    ('kind: studnet', ['kind', 'did you mean student']),
    ('student: {encoder: [1, 2]}', ['student.encoder', 'list of 4']),
    ('student: {encoder: 3}', ['student.encoder', 'list']),
    ('distillation: {lambda_ccl: -1}', ['distillation', 'lambda_ccl']),
    ('distillation: {compose: maybe}', ['distillation.compose', 'true or false']),
    ('augmentation: {mirror_share: 2}', ['augmentation', 'mirror_share']),
    ('augmentation: {mirrorshare: 1}', ['augmentation.mirrorshare', 'mirror_share']),
    ('- 3', ['key: value']),
    ('steps: [', ['YAML']),
    ('extends: 3', ['extends']),
    ('extends: nowhere', ['nowhere', 'no_distillation']),
    ('extends: x.yaml', ['extends itself']),
])
def test_what_is_wrong_is_named(tmp_path, text, words):
    path = _file(tmp_path, text)
    with pytest.raises(ConfigError) as error:
        load_config(path)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(('override', 'words'), [
    ('steps', ['key=value']), ('=3', ['key=value']), ('steps.more=3', ['steps', 'no section']),
    ('optimiser.lr=1', ['--set', 'optimizer']), ('steps=[', ['no YAML']),
])
def test_bad_overrides_are_named(override, words):
    with pytest.raises(ConfigError) as error:
        load_config('tiny', [override])
    for word in words:
        assert word in str(error.value)


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ConfigError, match=r'nothing.*v2e_ccl'):
        find_config('nothing', FOLDER)


def test_installed_configurations_are_found(tmp_path, monkeypatch):
    share = tmp_path / 'share' / 'echo_depth_ros' / 'config' / 'training'
    share.mkdir(parents=True)
    _file(share, 'steps: 3', 'mine.yaml')
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    assert load_config('mine').steps == 3


def test_an_empty_file_is_the_default(tmp_path):
    assert load_config(_file(tmp_path, '')) == TrainingConfig()
