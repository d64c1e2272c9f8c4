# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The command as users run it, in processes of its own."""

import csv
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest
import torch

from echo_depth_ros.learning.networks.teacher import RgbTeacher, TeacherConfig
from echo_depth_ros.learning.training.checkpoint import load_model, save_model

# Seconds on a free machine; several times as long beside other work.
pytestmark = pytest.mark.timeout(900)
ROOT = Path(__file__).parents[3]
SHORT = ['--config', 'tiny', '--set', 'batch=8', '--set', 'val_images=8', '--accelerator', 'cpu',
         '--threads', '1']


def _start(*arguments):
    environment = os.environ | {'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
    return subprocess.Popen([sys.executable, '-m', 'echo_depth_ros.cli', 'train',
                             *map(str, arguments)], cwd=ROOT, env=environment, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def _finish(process):
    output = process.communicate(timeout=600)[0]
    assert process.returncode == 0, output
    return output


def _state(path):
    return load_model(path)[0].state_dict()


def test_a_killed_run_ends_as_if_it_had_not_been(toy_data, tmp_path):
    settings = [*SHORT, '--set', 'steps=16', '--set', 'val_every=6', '--save-minutes', '0']
    whole = _start(toy_data, '--out', tmp_path / 'whole', *settings)
    out = tmp_path / 'killed'
    killed = _start(toy_data, '--out', out, *settings)
    try:
        for _ in range(24000):
            log = out / 'log' / 'val.csv'
            if log.exists() and (out / 'last.ckpt').exists():
                break
            assert killed.poll() is None, killed.communicate()[0]
            time.sleep(0.005)
    finally:
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
    assert not (out / 'model.pt').exists()
    output = _finish(_start(toy_data, '--out', out, *settings))
    assert 'going on from step' in output
    _finish(whole)
    expected, got = _state(tmp_path / 'whole' / 'model.pt'), _state(out / 'model.pt')
    assert all(torch.equal(expected[name], got[name]) for name in expected)
    logs = [[(row['step'], row['rel']) for row in csv.DictReader(
        (folder / 'log' / 'val.csv').open())] for folder in (tmp_path / 'whole', out)]
    assert logs[0] == logs[1] and [step for step, _ in logs[0]] == ['6', '12', '16']


def test_two_processes_share_a_run_and_stay_together(toy_data, tmp_path):
    # Taught by vision, and past the middle, from where on the composition has no loss.
    torch.manual_seed(0)
    sizes = TeacherConfig(encoder=(4, 4, 4, 6), decoder=(4, 4, 4))
    save_model(tmp_path / 'teacher.pt', 'teacher_depth', RgbTeacher('depth', sizes), {})
    settings = [*SHORT, '--devices', '2', '--strategy', 'ddp', '--set', 'steps=4', '--set',
                'val_every=2', '--save-minutes', '0', '--set', 'distillation.compose=true',
                '--set', 'distillation.contrast=true', '--teacher-depth',
                tmp_path / 'teacher.pt']
    output = _finish(_start(toy_data, '--out', tmp_path, *settings))
    assert output.count('training and') == 1, output
    with (tmp_path / 'log' / 'val.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row['rank_difference']) for row in rows] == [0, 0]
    with (tmp_path / 'log' / 'train.csv').open() as file:
        assert all(0 < float(row['loss']) < 100 for row in csv.DictReader(file))
    assert all(torch.isfinite(value).all() for value in _state(tmp_path / 'model.pt').values())


@pytest.mark.parametrize(('arguments', 'words'), [
    (['--config', 'nothing'], 'no training configuration nothing'),
    (['--config', 'tiny', '--set', 'lr=3'], 'unknown key lr'),
    (['--config', 'tiny', '--threads', '0'], '--threads is 0'),
    (['--config', 'tiny', '--seed', '-1'], 'seed is -1'),
])
def test_a_mistake_is_explained_in_one_line(toy_data, tmp_path, capsys, arguments, words):
    from echo_depth_ros import cli
    assert cli.main(['train', str(toy_data), '--out', str(tmp_path), *arguments]) == 1
    error = capsys.readouterr().err
    assert words in error and 'Traceback' not in error


def test_help_teaches(capsys):
    from echo_depth_ros import cli
    with pytest.raises(SystemExit):
        cli.main(['train', '--help'])
    shown = capsys.readouterr().out
    for word in ('v2e_ccl', '--teacher-depth', '--strategy ddp', 'model.pt', 'goes on'):
        assert word in shown
