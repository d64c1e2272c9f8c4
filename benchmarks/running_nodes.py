# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Nodes as processes of their own, for the benchmarks that watch a whole chain."""

import os
import random
import signal
import subprocess
import sys

import psutil


def own_domain() -> None:
    """See nobody else's nodes, and be seen by nobody."""
    os.environ.setdefault('ROS_DOMAIN_ID', str(random.randint(1, 100)))
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    # So that the nodes end with this process, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def start_nodes(names: tuple[str, ...], env: dict[str, str],
                parameters: dict[str, dict]) -> dict[str, subprocess.Popen]:
    """Start each node as a process, with its parameters."""
    processes = {}
    for name in names:
        given = [part for key, value in parameters.get(name, {}).items()
                 for part in ('-p', f'{key}:={value}')]
        processes[name] = subprocess.Popen(
            [sys.executable, '-m', f'echo_depth_ros.nodes.{name}', '--ros-args', '--log-level',
             'warn', *given], env=env)
    return processes


def stop_nodes(processes: dict[str, subprocess.Popen]) -> dict[str, int]:
    """Stop them as Ctrl-C does, and return how they exited."""
    for process in processes.values():
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    codes = {}
    for name, process in processes.items():
        try:
            codes[name] = process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            codes[name] = process.wait()
    return codes


def cpu_seconds(processes: dict[str, psutil.Process]) -> dict[str, float]:
    """Return the CPU time that each has used so far."""
    return {name: sum(process.cpu_times()[:2]) for name, process in processes.items()}
