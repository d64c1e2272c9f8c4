# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Watch a simulated drive on a terminal until it is over."""

from collections.abc import Callable, Sequence
import sys
import time
from typing import Optional, Protocol

import rclpy

_PERIOD, _PERIOD_IN_A_FILE = 0.3, 5.0
"""Seconds from one status to the next, on a terminal and where output goes into a file."""


class Observer(Protocol):
    """A :class:`rclpy.node.Node` that sees a drive through."""

    @property
    def done(self) -> bool:
        """Whether the drive is over."""

    def status(self) -> str:
        """One line about the drive so far."""

    def finish(self) -> int:
        """Say how it went; returns the exit status."""


def watch(make_node: Callable[[], Observer], interrupted: str = 'interrupted',
          args: Optional[Sequence[str]] = None) -> int:
    """
    Run an observer until its drive is over, and show its status meanwhile.

    :param interrupted: what is said where SIGINT ends it.
    :param args: of ROS; those of the process when omitted.
    :returns: exit status: that of :meth:`Observer.finish`, or 130 when interrupted.
    """
    rclpy.init(args=args)
    node = make_node()
    live = sys.stdout.isatty()
    begin = '\r\033[K' if live else ''
    shown = 0.0
    try:
        while rclpy.ok() and not node.done:
            rclpy.spin_once(node, timeout_sec=0.1)
            if time.monotonic() - shown > (_PERIOD if live else _PERIOD_IN_A_FILE):
                shown = time.monotonic()
                print(begin + node.status(), end='' if live else '\n', flush=True)
        print(begin + node.status())
        return node.finish()
    except KeyboardInterrupt:
        print(f'\n{interrupted}')
        return 130
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
