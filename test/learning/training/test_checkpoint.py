# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import os

import pytest
import torch

from echo_depth_ros.learning.networks.student import EchoStudent, StudentConfig
from echo_depth_ros.learning.training.checkpoint import load_model, save_atomically, save_model
from echo_depth_ros.learning.training.errors import CheckpointError
from echo_depth_ros.learning.training.zoo import build_network

SMALL = {'encoder': [8, 8, 8, 8], 'decoder': [8, 8, 8, 8], 'links': [4, 4, 0], 'code': 8}
WAVES = 0.1 * torch.randn(2, 2, 3197, generator=torch.Generator().manual_seed(0))


class _Unwritable:
    def __reduce__(self):
        raise OSError('disk full')


@pytest.mark.parametrize(('kind', 'sizes'), [
    ('student', SMALL), ('echonet', {}), ('teacher_depth', {}), ('teacher_material', {})])
def test_comes_back_the_same(kind, sizes, tmp_path):
    network = build_network(kind, sizes).eval()
    save_model(tmp_path / 'm.pt', kind, network.to(memory_format=torch.channels_last),
               {'step': 7})
    loaded, about = load_model(tmp_path / 'm.pt')
    assert about == {'kind': kind, 'step': 7} and not loaded.training
    assert all(torch.equal(a, b) for a, b in zip(network.state_dict().values(),
                                                 loaded.state_dict().values()))


def test_calibration_and_sizes_travel(tmp_path):
    student = EchoStudent(StudentConfig.from_dict(SMALL)).eval()
    student.set_calibration(0.5, 0.25)
    save_model(tmp_path / 'm.pt', 'student', student, {})
    loaded, _ = load_model(tmp_path / 'm.pt')
    assert loaded.config == student.config
    with torch.no_grad():
        torch.testing.assert_close(loaded(WAVES), student(WAVES))


def test_a_write_that_fails_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / 'x.pt'
    save_atomically({'a': 1}, path)
    with pytest.raises(OSError, match='disk full'):
        save_atomically({'a': 2, 'b': _Unwritable()}, path)
    assert torch.load(path, weights_only=True) == {'a': 1}
    assert os.listdir(tmp_path) == ['x.pt']


@pytest.mark.parametrize('content', [b'', b'hello', b'PK\x03\x04 cut'])
def test_what_is_no_checkpoint_is_named(tmp_path, content):
    path = tmp_path / 'x.pt'
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match='x.pt is no checkpoint'):
        load_model(path)


@pytest.mark.parametrize('state', [
    [1], {'weights': 1}, {'kind': 'violin', 'config': {}, 'state': {}, 'about': {}},
    {'kind': 'student', 'config': {'violin': 1}, 'state': {}, 'about': {}},
    {'kind': 'student', 'config': {}, 'state': {}, 'about': {}}])
def test_other_peoples_files_are_named(tmp_path, state):
    torch.save(state, tmp_path / 'x.pt')
    with pytest.raises(CheckpointError, match='x.pt is no checkpoint'):
        load_model(tmp_path / 'x.pt')


def test_nothing_inside_a_file_is_run(tmp_path):
    torch.save({'kind': print}, tmp_path / 'x.pt')
    with pytest.raises(CheckpointError):
        load_model(tmp_path / 'x.pt')


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / 'none.pt')
