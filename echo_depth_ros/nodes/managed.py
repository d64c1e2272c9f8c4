# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What all nodes of this package share: managed, self-starting, and loud about failures."""

import traceback
from typing import Any, Callable

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

from echo_depth_ros.acoustics.errors import EchoDepthError
from echo_depth_ros.nodes.conversions import status_to_msg
from echo_depth_ros.nodes.health import Level, Status
from echo_depth_ros.nodes.parameters import ParameterGuard

_EXPLAINED = (EchoDepthError, ValueError, OSError)


class ManagedNode(LifecycleNode):
    """
    A lifecycle node whose transitions either succeed or say why not.

    A subclass overrides :meth:`configure`, :meth:`activate`, :meth:`deactivate` and
    :meth:`cleanup`; each may raise, upon which the reason is logged, what was opened is closed
    again, and the transition ends in FAILURE (rclpy of Humble and Jazzy would swallow the
    exception). The process lives on, so that the node can be configured again.

    Publishers are created once and publish only while active. With the parameter ``autostart``
    the node configures and activates itself once it is spun, launched by whatever means.
    """

    def __init__(self, name: str, **kwargs):
        """Take the same arguments as :class:`rclpy.node.Node`."""
        super().__init__(name, **kwargs)
        self.guard = ParameterGuard(self)
        self.declare = self.guard.declare
        self.declare('autostart', True, 'Configure and activate without being told to',
                     read_only=True)
        self.problem = ''
        self.active = False
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        # Not the node's own clock: with use_sim_time and no /clock that stands still, and the node
        # would neither start nor say why.
        self._report_timer = self.steady_timer(1.0, self.report)
        self._start_timer = None
        if self.value('autostart'):
            self._start_timer = self.steady_timer(0.01, self._autostart)

    def configure(self) -> None:
        """Read the parameters, load and check; open nothing."""

    def activate(self) -> None:
        """Open streams, subscriptions and threads."""

    def deactivate(self) -> None:
        """Close what :meth:`activate` opened, also where it failed half way."""

    def cleanup(self) -> None:
        """Free what :meth:`configure` loaded, also where it failed half way."""

    def diagnose(self) -> Status:
        """Report on an active node."""
        return Status()

    def value(self, name: str) -> Any:
        """Value of a parameter."""
        return self.get_parameter(name).value

    def now(self) -> int:
        """Nanoseconds on the node's clock."""
        return self.get_clock().now().nanoseconds

    def steady_timer(self, period: float, callback: Callable[[], None]):
        """Create a timer that goes on whatever happens to the node's clock."""
        return self.create_timer(period, callback, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def say(self, level: str, text: str) -> None:
        """Log at a level that is chosen when it is said: 'info', 'warning' or 'error'."""
        # One line each: rclpy refuses a line of code that logs at one level and then at another.
        logger = self.get_logger()
        if level == 'error':
            logger.error(text)
        elif level == 'warning':
            logger.warning(text)
        else:
            logger.info(text)

    def publisher(self, message_type, topic: str, depth: int = 5):
        """Create a reliable publisher that is silent until the node is active."""
        return self.create_lifecycle_publisher(
            message_type, topic, _qos(depth, ReliabilityPolicy.RELIABLE),
            qos_overriding_options=QoSOverridingOptions.with_default_policies())

    def subscription(self, message_type, topic: str, callback: Callable, depth: int = 1,
                     reliable: bool = False):
        """Subscribe; as to a sensor (newest only, best effort) unless told otherwise."""
        policy = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
        return self.create_subscription(
            message_type, topic, callback, _qos(depth, policy),
            qos_overriding_options=QoSOverridingOptions.with_default_policies())

    def on_configure(self, state) -> TransitionCallbackReturn:
        """Configure, or say why not."""
        result = self._attempt('configure', self.configure, undo=self.cleanup)
        self.guard.configured = result == TransitionCallbackReturn.SUCCESS
        return result

    def on_activate(self, state) -> TransitionCallbackReturn:
        """Activate, or say why not; publishers first, since a stream may start at once."""
        super().on_activate(state)
        result = self._attempt('activate', self.activate, undo=self.deactivate)
        self.active = result == TransitionCallbackReturn.SUCCESS
        if not self.active:
            super().on_deactivate(state)
        return result

    def on_deactivate(self, state) -> TransitionCallbackReturn:
        """Deactivate."""
        self.active = False
        result = self._attempt('deactivate', self.deactivate)
        super().on_deactivate(state)
        return result

    def on_cleanup(self, state) -> TransitionCallbackReturn:
        """Clean up."""
        self.guard.configured = False
        return self._attempt('clean up', self.cleanup)

    def on_shutdown(self, state) -> TransitionCallbackReturn:
        """Close everything, from whatever state."""
        self.release()
        super().on_deactivate(state)
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state) -> TransitionCallbackReturn:
        """Close everything, so that the node can be configured again."""
        self.release()
        super().on_deactivate(state)
        return TransitionCallbackReturn.SUCCESS

    def release(self) -> None:
        """Close and free everything; safe at any time."""
        self.active = self.guard.configured = False
        self._attempt('deactivate', self.deactivate)
        self._attempt('clean up', self.cleanup)

    def report(self) -> None:
        """Publish what the node says about itself."""
        if self.get_clock().ros_time_is_active and self.now() == 0:
            status = Status(Level.ERROR, 'use_sim_time is set, but nobody publishes /clock')
            self.get_logger().error(
                f'{status.message}; time stands still: start what publishes it, or set '
                'use_sim_time to false', throttle_duration_sec=5.0)
        elif self.active:
            status = self.diagnose()
        elif self.problem:
            status = Status(Level.ERROR, self.problem)
        else:
            status = Status(Level.OK, 'inactive' if self.guard.configured else 'unconfigured')
        name = self.get_fully_qualified_name().lstrip('/')
        self._diagnostics.publish(status_to_msg(status, name, self.now()))

    def _autostart(self) -> None:
        self._start_timer.cancel()
        if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()

    def _attempt(self, what: str, hook: Callable[[], None],
                 undo: Callable[[], None] | None = None) -> TransitionCallbackReturn:
        try:
            hook()
        except Exception as error:  # anything that escapes would be swallowed by rclpy
            known = isinstance(error, _EXPLAINED)
            reason = str(error) if known else f'{type(error).__name__}: {error}'
            details = '' if known else '\n' + traceback.format_exc()
            self.get_logger().error(f'cannot {what}: {reason}{details}')
            if undo is not None:
                self._attempt(f'undo {what}', undo)
            self.problem = f'cannot {what}: {reason}'
            return TransitionCallbackReturn.FAILURE
        self.problem = ''
        return TransitionCallbackReturn.SUCCESS


def _qos(depth: int, reliability: ReliabilityPolicy) -> QoSProfile:
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=reliability)
