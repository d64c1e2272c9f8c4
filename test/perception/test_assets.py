# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from echo_depth_ros.perception import assets
from echo_depth_ros.perception.assets import (
    AMBIENT,
    AVS,
    default_model_path,
    find_model,
    MODEL_NAME,
    MODEL_VARIABLE,
)
from echo_depth_ros.perception.model import ModelError


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch, tmp_path):
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    monkeypatch.delenv(AMBIENT.variable, raising=False)
    monkeypatch.delenv(AVS.variable, raising=False)
    monkeypatch.setenv('AMENT_PREFIX_PATH', '')
    monkeypatch.setattr(assets, '__file__', str(tmp_path / 'src/echo_depth_ros/perception/a.py'))
    monkeypatch.setattr(assets.sys, 'prefix', str(tmp_path / 'env'))


def put_model(folder):
    folder.mkdir(parents=True)
    (folder / MODEL_NAME).touch()
    return folder / MODEL_NAME


def test_variable_decides(monkeypatch, tmp_path):
    put_model(tmp_path / 'src/models')
    named = put_model(tmp_path / 'mine')
    monkeypatch.setenv(MODEL_VARIABLE, str(named))
    assert default_model_path() == named


def test_variable_that_names_nothing_is_not_passed_over(monkeypatch, tmp_path):
    put_model(tmp_path / 'src/models')
    monkeypatch.setenv(MODEL_VARIABLE, 'gone.onnx')
    with pytest.raises(ModelError, match='ECHO_DEPTH_MODEL is gone.onnx, which does not exist'):
        default_model_path()


def test_source_tree_before_workspace_before_environment(monkeypatch, tmp_path):
    share = 'share/echo_depth_ros/models'
    environment = put_model(tmp_path / 'env' / share)
    assert default_model_path() == environment
    workspace = put_model(tmp_path / 'install' / share)
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{tmp_path / "empty"}:{tmp_path / "install"}')
    assert default_model_path() == workspace
    source = put_model(tmp_path / 'src/models')
    assert default_model_path() == source


def test_none_lists_the_places(monkeypatch, tmp_path):
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path / 'install'))
    with pytest.raises(ModelError) as error:
        default_model_path()
    for place in ('src/models', 'install/share/echo_depth_ros/models',
                  'env/share/echo_depth_ros/models'):
        assert str(tmp_path / place) in str(error.value)


def test_a_path_given_is_taken_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    assert find_model('~/x.onnx') == tmp_path / 'x.onnx'
    default = put_model(tmp_path / 'src/models')
    assert find_model('') == find_model(None) == default


def test_the_model_of_ambient_sound_has_a_file_and_a_variable_of_its_own(monkeypatch, tmp_path):
    put_model(tmp_path / 'src/models')
    with pytest.raises(ModelError, match='no ambient_wall.onnx in any of.*export-ambient'):
        default_model_path(AMBIENT)
    ours = tmp_path / 'src/models/ambient_wall.onnx'
    ours.touch()
    assert default_model_path(AMBIENT) == find_model('', AMBIENT) == ours
    assert default_model_path().name == MODEL_NAME
    monkeypatch.setenv(AMBIENT.variable, 'gone.onnx')
    with pytest.raises(ModelError, match='ECHO_DEPTH_AMBIENT_MODEL is gone.onnx'):
        default_model_path(AMBIENT)


def test_the_bare_name_of_a_model_that_comes_along_is_enough(monkeypatch, tmp_path):
    folder = put_model(tmp_path / 'src/models').parent
    (folder / 'avs_other.onnx').touch()
    monkeypatch.chdir(tmp_path)
    assert find_model('avs_other.onnx', AVS) == folder / 'avs_other.onnx'
    assert str(find_model('avs_none.onnx', AVS)) == 'avs_none.onnx'
    (tmp_path / 'avs_other.onnx').touch()
    assert str(find_model('avs_other.onnx', AVS)) == 'avs_other.onnx'
    assert str(find_model('mine/avs_other.onnx', AVS)) == 'mine/avs_other.onnx'
