# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Commands to the base, and zeros whenever they fail to come."""

from threading import Event, Lock, Thread
from time import monotonic

from geometry_msgs.msg import Twist, TwistStamped
from rclpy.duration import Duration

from echo_depth_ros.nodes.conversions import unstamped_velocity_to_msg, velocity_to_msg

_LAST_ZEROS = 3
_ACKNOWLEDGED = 0.2


class VelocityOutput:
    """
    Publishes ``cmd_vel``, and never lets a command stand that nobody renews.

    A thread of its own sends zero when the node's thread has sent nothing for ``patience`` seconds
    while the robot moved: a callback hangs, or the processor is taken. It cannot help when the
    whole process is stopped, killed or loses its network. Then the base itself must stop, which
    not every base does: see docs/wall_following.md.

    :param stamped: whether the base takes TwistStamped rather than Twist.
    """

    def __init__(self, node, stamped: bool):
        self._node, self._stamped = node, stamped
        self._type = TwistStamped if stamped else Twist
        self._publisher = node.publisher(self._type, 'cmd_vel', depth=1)
        self._lock = Lock()
        self._sent, self._moving = 0.0, False
        self._stopping = Event()
        self._thread = None
        self._tripped = False
        self.trips = 0

    def start(self, frame_id: str, patience: float) -> None:
        """Begin to watch; commands are in ``frame_id``."""
        self._frame_id, self._patience = frame_id, patience
        self._moving = self._tripped = False
        self.trips = 0
        self._stopping = Event()
        self._thread = Thread(target=self._watch, name='dead man', daemon=True)
        self._thread.start()

    def send(self, speed: float, turn: float, begun: float) -> bool:
        """
        Command the base.

        :param begun: monotonic seconds when the command began to be worked out; one that took
            longer than the patience is of the past, and zero goes out in its place.
        :returns: whether it went out as it is.
        """
        with self._lock:
            late = monotonic() - begun > self._patience and (speed != 0 or turn != 0)
            self._publish(*((0.0, 0.0) if late else (speed, turn)))
        return not late

    def has_tripped(self) -> bool:
        """Whether zero was sent in the node's place since the last call."""
        with self._lock:
            tripped, self._tripped = self._tripped, False
        return tripped

    def close(self, zeros: bool) -> None:
        """Stop watching; with ``zeros``, not before the base has been told to stand."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(1.0)
        self._thread = None
        if zeros:
            with self._lock:
                for _ in range(_LAST_ZEROS):
                    self._publish(0.0, 0.0)
            # What was not sent again before the publisher goes would be lost.
            self._publisher.wait_for_all_acked(Duration(seconds=_ACKNOWLEDGED))

    def problem(self) -> str:
        """Say why commands do not reach the base, or not alone; empty where all is well."""
        node, topic = self._node, self._publisher.topic_name
        ours = f'{self._type.__module__.split(".")[0]}/msg/{self._type.__name__}'
        others = sorted({info.topic_type for info in node.get_subscriptions_info_by_topic(topic)
                         if info.topic_type != ours})
        if others:
            return (f'{topic} goes out as {ours}, but somebody takes {", ".join(others)} and gets '
                    f'none of it: set enable_stamped_cmd_vel: {str(not self._stamped).lower()}')
        if not self._publisher.get_subscription_count():
            return f'nobody listens to {topic}: start the base, or remap cmd_vel to its topic'
        rivals = [_who(info, ours) for info in node.get_publishers_info_by_topic(topic)]
        # Another node may have the very name of this one: drop one only.
        if (own := node.get_fully_qualified_name()) in rivals:
            rivals.remove(own)
        if rivals:
            return (f'{", ".join(sorted(rivals))} also publishes {topic}: two drive one robot; '
                    'stop one, or put a multiplexer between')
        return ''

    def _publish(self, speed: float, turn: float) -> None:
        if self._stamped:
            msg = velocity_to_msg(speed, turn, self._node.now(), self._frame_id)
        else:
            msg = unstamped_velocity_to_msg(speed, turn)
        self._publisher.publish(msg)
        self._sent, self._moving = monotonic(), speed != 0 or turn != 0

    def _watch(self) -> None:
        while not self._stopping.wait(self._patience / 5):
            with self._lock:
                if not self._moving or monotonic() - self._sent <= self._patience:
                    continue
                self._publish(0.0, 0.0)
                self._tripped = True
                self.trips += 1


def _who(info, usual: str) -> str:
    """Full name of the node of an endpoint, and the type where it is not the usual one."""
    name = f'{info.node_namespace.rstrip("/")}/{info.node_name}'
    return name if info.topic_type == usual else f'{name} ({info.topic_type})'
