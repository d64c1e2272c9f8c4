# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Nodes as processes of their own, for the benchmarks that watch a whole chain."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import os
import random
import signal
import subprocess
import sys
import time
from typing import Optional

import psutil


def own_domain() -> None:
    """See nobody else's nodes, and be seen by nobody."""
    os.environ.setdefault('ROS_DOMAIN_ID', str(random.randint(1, 100)))
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    # So that the nodes end with this process, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def start_nodes(names: tuple[str, ...], env: dict[str, str],
                parameters: dict[str, dict],
                remaps: Optional[dict[str, dict]] = None) -> dict[str, subprocess.Popen]:
    """Start each node as a process, with its parameters and other names of its topics."""
    processes = {}
    for name in names:
        given = [part for key, value in parameters.get(name, {}).items()
                 for part in ('-p', f'{key}:={value}')]
        given += [part for old, new in (remaps or {}).get(name, {}).items()
                  for part in ('-r', f'{old}:={new}')]
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


def audio_host(env: dict[str, str]) -> psutil.Process:
    """Return the audio host of nodes that were started in this environment."""
    return next(p for p in psutil.process_iter(['cmdline'])
                if 'echo_depth_ros.audio.host' in (p.info['cmdline'] or [])
                and p.environ().get('JACK_DEFAULT_SERVER') == env['JACK_DEFAULT_SERVER'])


@contextmanager
def spectator(name: str) -> Iterator[tuple]:
    """Yield a node, and ``spin_until(condition, timeout)``, which says whether it came about."""
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    rclpy.init()
    node = rclpy.create_node(name)
    executor = SingleThreadedExecutor()
    executor.add_node(node)

    def spin_until(condition: Callable[[], object], timeout: float) -> bool:
        end = time.monotonic() + timeout
        while not condition() and time.monotonic() < end:
            executor.spin_once(timeout_sec=0.02)
        return bool(condition())

    try:
        yield node, spin_until
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown()


def cpu_seconds(processes: dict[str, psutil.Process]) -> dict[str, float]:
    """Return the CPU time that each has used so far."""
    return {name: sum(process.cpu_times()[:2]) for name, process in processes.items()}
