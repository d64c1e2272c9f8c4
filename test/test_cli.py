# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import importlib.util
import subprocess
import sys
import types

import pytest

from echo_depth_ros import __version__, cli
from echo_depth_ros.acoustics.errors import EchoDepthError


@pytest.fixture
def command(monkeypatch):
    """Put a module of our own behind `echo-depth run`."""
    def put(main, add_arguments=lambda parser: parser.add_argument('--number', type=int)):
        module = types.ModuleType('ours', 'What it does.\n\nAt length.')
        module.main, module.add_arguments = main, add_arguments
        monkeypatch.setattr(cli, 'import_module', lambda name: module)
    return put


def test_arguments_and_status_go_through(command):
    command(lambda args: args.number)
    assert cli.main(['run', '--number', '7']) == 7
    assert cli.main(['run', '--number', '0']) == 0


def test_nothing_returned_is_success(command):
    command(lambda args: None)
    assert cli.main(['run']) == 0


@pytest.mark.parametrize('error', [EchoDepthError('the room is full'), OSError('disk is full')])
def test_explained_errors_are_one_line_and_status_1(command, capsys, error):
    def fail(args):
        raise error
    command(fail)
    assert cli.main(['run']) == 1
    assert capsys.readouterr().err == f'echo-depth: error: {error}\n'


def test_bugs_are_not_hidden(command):
    def fail(args):
        raise KeyError('bug')
    command(fail)
    with pytest.raises(KeyError):
        cli.main(['run'])


def test_interrupt(command):
    def stop(args):
        raise KeyboardInterrupt
    command(stop)
    assert cli.main(['run']) == 130


@pytest.mark.parametrize('missing, says', [
    ('torch', 'needs torch, which is not installed: pip install "echo_depth_ros[train]"'),
    ('torch.onnx', 'pip install "echo_depth_ros[train]"'),
    ('mujoco', 'pip install "echo_depth_ros[sim]"'),
    ('rclpy', 'needs ROS 2'),
    ('left_pad', 'needs left_pad, which is not installed')])
def test_missing_packages_say_how_to_get_them(monkeypatch, capsys, missing, says):
    def fail(name):
        raise ModuleNotFoundError(f'No module named {missing!r}', name=missing)
    monkeypatch.setattr(cli, 'import_module', fail)
    assert cli.main(['train']) == 1
    assert says in capsys.readouterr().err


def test_help_teaches(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(['--help'])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for name in cli.COMMANDS:
        assert f'  {name}' in text
        assert f'echo-depth {name} ' in text or f'echo-depth {name}\n' in text


def test_help_of_a_command_is_its_own(command, capsys):
    command(lambda args: 0)
    with pytest.raises(SystemExit):
        cli.main(['run', '--help'])
    text = capsys.readouterr().out
    assert 'usage: echo-depth run' in text
    assert 'What it does.\n\nAt length.' in text


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(['--version'])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f'echo_depth_ros {__version__}\n'


@pytest.mark.parametrize('arguments', [[], ['fly'], ['run', '--number', 'x']])
def test_command_lines_that_make_no_sense(command, arguments):
    command(lambda args: 0)
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2


@pytest.mark.parametrize('name', cli.COMMANDS)
def test_commands_exist(name):
    assert importlib.util.find_spec(cli.COMMANDS[name].module) is not None


def test_help_loads_nothing_heavy():
    script = ('import sys\nfrom echo_depth_ros import cli\n'
              'try:\n    cli.main(["--help"])\nexcept SystemExit:\n    pass\n'
              'print([m for m in ("torch", "onnxruntime", "scipy", "matplotlib", "rclpy") '
              'if m in sys.modules])')
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == '[]', done.stderr
