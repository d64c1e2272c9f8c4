# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from contextlib import nullcontext
import sys
import time

import pytest

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.processes import find_config, node_command, processes

SLEEP = [sys.executable, '-c', 'import time; print("up", flush=True); time.sleep(60)']


def test_command_of_a_node():
    command = node_command('wall_follower', {'speed': 0.1, 'side': '', 'start_enabled': True})
    assert command[:3] == [sys.executable, '-m', 'echo_depth_ros.nodes.wall_follower']
    assert command[3:] == ['--ros-args', '-p', 'speed:=0.1', '-p', 'start_enabled:=true']


def test_processes_end_with_the_block_however_it_ends(tmp_path):
    with pytest.raises(RuntimeError), processes(tmp_path / 'logs', {}) as start:
        running = [start('one', {}, SLEEP), start('two', {}, SLEEP)]
        assert all(process.poll() is None for process in running)
        raise RuntimeError('something else went wrong')
    assert all(process.poll() is not None for process in running)


STUBBORN = [sys.executable, '-c', 'import signal, time; '
            'signal.signal(signal.SIGINT, signal.SIG_IGN); print("up", flush=True); '
            'time.sleep(60)']


@pytest.mark.parametrize('interrupted', [False, True])
def test_who_does_not_end_is_killed_even_if_nobody_wants_to_wait(
        tmp_path, monkeypatch, interrupted):
    monkeypatch.setattr('echo_depth_ros.processes._PATIENCE', 30.0 if interrupted else 0.2)
    with pytest.raises(KeyboardInterrupt) if interrupted else nullcontext():
        with processes(tmp_path, {}) as start:
            running = [start(name, {}, STUBBORN) for name in ('one', 'two')]
            while any(not (tmp_path / f'{name}.log').read_text() for name in ('one', 'two')):
                time.sleep(0.02)
            if interrupted:  # by a second Ctrl-C
                waits = iter([KeyboardInterrupt])
                wait = running[0].wait
                monkeypatch.setattr(running[0], 'wait', lambda timeout=None: (
                    _raise(next(waits)) if timeout else wait()))
    assert all(process.poll() is not None for process in running)


def _raise(error):
    raise error


def test_each_process_has_a_log_and_the_environment(tmp_path):
    told = [sys.executable, '-c', 'import os; print(os.environ["OURS"])']
    with processes(tmp_path / 'logs', {'OURS': 'seven'}) as start:
        assert start('told', {}, told).wait(timeout=30) == 0
    assert (tmp_path / 'logs' / 'told.log').read_text() == 'seven\n'


def test_config_is_found_or_named():
    assert find_config('robots/sim.yaml').is_file()
    with pytest.raises(EchoDepthError, match='no nothing.yaml in .*reinstall'):
        find_config('nothing.yaml')
