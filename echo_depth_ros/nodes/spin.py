# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Run one node as a process: start, spin, and stop cleanly when asked to."""

import os
import signal
import sys
import tempfile
from threading import Event
from typing import Callable, Optional, Sequence

import rclpy
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.signals import SignalHandlerOptions

_TICK = 0.2
"""Seconds after which a signal is noticed at the latest."""


def run(make_node: Callable[[], rclpy.node.Node], args: Optional[Sequence[str]] = None) -> int:
    """
    Spin a node until SIGINT or SIGTERM.

    One thread spins: rclpy's multi-threaded executor has tails of a second and more. The signals
    only set a flag, so that the node can close its streams while its publishers still work.

    :returns: exit status: 0 when stopped by a signal, 1 when the node could not be made.
    """
    if 'HOME' not in os.environ:  # rclpy cannot find a place for its logs then
        os.environ.setdefault('ROS_LOG_DIR', os.path.join(tempfile.gettempdir(), 'ros_log'))
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
        node = make_node()
    except (_rclpy.RCLError, _rclpy.UnknownROSArgsError, InvalidParameterTypeException,
            InvalidParameterValueException, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        rclpy.try_shutdown()
        return 1
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        while rclpy.ok() and not stop.is_set():
            executor.spin_once(timeout_sec=_TICK)
    except ExternalShutdownException:
        pass
    finally:
        node.release()
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
    return 0
