# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Nodes of this package as processes of their own, which end with whoever started them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
import os
from pathlib import Path
import signal
import subprocess
import sys
import time
from typing import Any, Optional

import yaml

from echo_depth_ros.acoustics.errors import EchoDepthError

_PATIENCE = 5.0
"""Seconds that all processes may take to end."""

Start = Callable[..., subprocess.Popen]
"""From a name, parameters and, where it is no node of this package, a command to a process."""


def node_command(name: str, parameters: Mapping[str, object]) -> list[str]:
    """
    Return the command line of a node; parameters that are '' keep their defaults.

    :param name: its module in ``echo_depth_ros.nodes``.
    """
    command = [sys.executable, '-m', f'echo_depth_ros.nodes.{name}', '--ros-args']
    for key, value in parameters.items():
        if isinstance(value, bool):
            value = str(value).lower()
        if value != '':
            command += ['-p', f'{key}:={value}']
    return command


def simulated_robot() -> dict[str, Any]:
    """
    Return what nodes are told of the simulated robot, as the launch file tells them.

    :raises EchoDepthError: there is no such file.
    """
    text = find_config('robots/sim.yaml').read_text(encoding='utf-8')
    return yaml.safe_load(text)['/**']['ros__parameters']


def find_config(name: str) -> Path:
    """
    Return a file of the folder ``config``, in the source tree or where ROS installed it.

    :raises EchoDepthError: there is none.
    """
    prefixes = [*os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep), sys.prefix]
    places = [Path(__file__).parents[1] / 'config' / name,
              *(Path(prefix, 'share', 'echo_depth_ros', 'config', name)
                for prefix in prefixes if prefix)]
    for path in places:
        if path.is_file():
            return path
    raise EchoDepthError(f'no {name} in {", ".join(map(str, places))}; reinstall the package')


@contextmanager
def processes(logs: Path, env: Mapping[str, str]) -> Iterator[Start]:
    """
    Start processes that end with the block, each with a log of its own.

    :param logs: folder of the logs; it is made where there is none.
    :param env: what their environment has besides that of this process.
    """
    logs.mkdir(parents=True, exist_ok=True)
    running: list[subprocess.Popen] = []

    def start(name: str, parameters: Mapping[str, object],
              command: Optional[Sequence[str]] = None) -> subprocess.Popen:
        with open(logs / f'{name}.log', 'w', encoding='utf-8') as log:
            running.append(subprocess.Popen(
                command or node_command(name, parameters), stdout=log, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, start_new_session=True, env={**os.environ, **env}))
        return running[-1]

    try:
        yield start
    finally:
        _end(running)


def _end(running: Sequence[subprocess.Popen]) -> None:
    """Ask processes to end, and kill what does not in time, or when asked not to wait."""
    for process in running:
        process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + _PATIENCE
    try:
        for process in running:
            process.wait(timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        pass
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
                process.wait()
