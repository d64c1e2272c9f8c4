# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Node that follows a wall by ear: depth, range or ambient sound in, velocity commands out."""

from time import monotonic
import traceback
from typing import Optional

from rcl_interfaces.msg import SetParametersResult
from std_srvs.srv import SetBool
from visualization_msgs.msg import Marker

from echo_depth_ros.navigation.messages import Command, WAITING
from echo_depth_ros.nodes.conversions import line_to_marker, text_to_marker
from echo_depth_ros.nodes.health import Level, Recent, Status
from echo_depth_ros.nodes.managed import ManagedNode
from echo_depth_ros.nodes.spin import run
from echo_depth_ros.nodes.velocity_output import VelocityOutput
from echo_depth_ros.nodes.wall_ears import WallEars
from echo_depth_ros.nodes.wall_parameters import (
    declare_wall_parameters,
    drive_limits,
    follow_settings,
    LIVE,
)
from echo_depth_ros.nodes.wall_policy import AmbientPolicy, EchoPolicy
from echo_depth_ros.nodes.wall_reasons import why_no_clip, why_no_ping
from echo_depth_ros.vision.camera import CameraModel

_NS = 1_000_000_000
_FORGETS_AFTER = 1.0
"""Seconds without a step after which a policy is to start anew."""
_TOUCHED_UP = 0.02
"""Seconds by which a clock that is kept right may be put back without a word."""
_MARKER_PERIOD = 0.1
_MARKER_LIFE = 1.0


class WallFollower(ManagedNode):
    """
    Drives along a wall, and stands whenever it does not hear well enough to.

    It is disabled until ``~/enable`` is called (or ``start_enabled`` is set). A disabled one
    listens and shows the wall that it believes in, but publishes no command; when it is disabled
    it sends zeros for a while and is silent then, so that somebody else can drive.

    The robot stands ``stop_within`` seconds after the last good ping was heard: its policy's guard
    sees to that (:mod:`safe_drive`), for input that is missing, late, unknown or refused here.
    :class:`VelocityOutput` sends zero when this node's thread hangs. When the whole process is
    killed, only the time-out of the base stops the robot; not every base has one.

    Speaker and ears stand over the middle of the base and look ahead.
    """

    def __init__(self, **kwargs):
        """Take the same arguments as :class:`rclpy.node.Node`, but the name."""
        super().__init__('wall_follower', **kwargs)
        declare_wall_parameters(self.guard)
        self.add_on_set_parameters_callback(self._check_live)
        self._output = VelocityOutput(self, self.value('enable_stamped_cmd_vel'))
        self._marker_publisher = self.publisher(Marker, 'wall', depth=2)
        self.create_service(SetBool, '~/enable', self._on_enable)
        self._timer = self._policy = self._ears = None
        self._enabled = False
        self._zeros_until = 0.0

    def configure(self) -> None:
        """Check that the parameters go together."""
        self._by_echo = self.value('follow_by') == 'echo'
        self._limits = drive_limits(self)
        self._patience = self._limits.stop_within / 2
        self._make_policy(CameraModel())

    def activate(self) -> None:
        """Listen, and begin to command if enabled."""
        self._ears = WallEars(self, self._limits, ambient=not self._by_echo)
        self._last: Optional[int] = None
        self._command = Command(0.0, 0.0)
        self._why = ''
        self._periods, self._ages = Recent(300), Recent(300)
        self._restarts = self._failures = 0
        self._last_restart = ''
        self._stood_since = self._ticked = self._forgot = monotonic()
        self._marked = 0.0
        self._enabled = self.value('start_enabled')
        self._zeros_until = 0.0
        self._make_policy(self._ears.camera)
        self._output.start(self.value('base_frame'), self._patience)
        self._timer = self.steady_timer(1 / self.value('control_rate'), self._on_time)

    def deactivate(self) -> None:
        """Stand, then stop listening."""
        if self._timer is not None:
            self.destroy_timer(self._timer)
        self._timer = None
        self._output.close(zeros=self._enabled or monotonic() < self._zeros_until)
        self._enabled = False
        if self._ears is not None:
            self._ears.close()
        self._ears = None

    def cleanup(self) -> None:
        """Forget the wall."""
        self._policy = None

    def diagnose(self) -> Status:
        """Tell what the robot does, and why it stands."""
        now = self.now()
        command, given, odometry = self._command, self._ears.given, self._ears.odometry
        ages = given.ages(now)
        status = Status(message=self._state(), values={
            'state': self._state(), 'enabled': self._enabled, 'why it stands': self._why,
            'speed': command.speed, 'turn': command.turn,
            'wall distance': command.wall.distance if command.wall else float('nan'),
            'age of the last ping s': ages.good_range, 'age of the last depth s': ages.depth,
            'odometry': 'used' if odometry.used else 'not used',
            'odometry jumps': odometry.jumps,
            'confidence': {None: 'not known yet', True: 'used', False: 'none comes'}[given.sure],
            'refused messages': sum(given.refused.values()), 'last refusal': given.last_refusal,
            **{f'refused: {kind}': count for kind, count in sorted(given.refused.items())},
            'commands per second': self._periods.rate(monotonic()),
            'longest gap ms': 1e3 * self._periods.percentile(100),
            'zeros sent in its place': self._output.trips, 'starts anew': self._restarts,
            'last start anew': self._last_restart, 'failures': self._failures,
            **self._policy.values()})
        unheard = self._output.problem() if self._enabled else ''
        if self._failure:
            status.level, status.message = Level.ERROR, self._failure
        elif self._enabled and (unheard or self._why):
            status.level, status.message = Level.WARN, unheard or self._why
        elif given.sure is False and self._ears.confidence_published:
            status.level = Level.WARN
            status.message = ('depth is taken without confidence: depth/confidence has a '
                              'publisher, but none comes')
        elif self._enabled and self._by_echo:
            self._warn_of_crawling(status)
            self._warn_of_standing(status)
        if unheard:
            self.get_logger().warning(unheard, throttle_duration_sec=5.0)
        return status

    def _state(self) -> str:
        return self._command.state if self._enabled else f'disabled ({self._command.state})'

    def _warn_of_crawling(self, status: Status) -> None:
        """Say when pings are so old by the time they count that the speed cannot be reached."""
        age = self._ages.percentile(50)
        most = self._limits.deceleration * self._limits.time_left(age)
        status.values['fastest by age of pings'] = most
        if most < 0.9 * self.value('speed'):
            status.level = Level.WARN
            status.message = (
                f'drives at most {most:.2f} m/s: pings are {age:.2f} s old and the wheels '
                f'{self._limits.latency:g} s late, and within stop_within it must stand; raise '
                'deceleration where the base can, or lower speed')

    def _warn_of_standing(self, status: Status) -> None:
        """Say when the guard leaves no room at all."""
        room, least = self._policy.drive.room(), self._limits.stop_range
        if room <= 0 and self._command.speed == 0:
            status.level = Level.WARN
            status.message = (f'something is {room + least:.2f} m away, nearer than the '
                              f'{least:.2f} m that must be kept: it can only turn away, or be '
                              'moved by hand')

    def _make_policy(self, camera: CameraModel) -> None:
        make = EchoPolicy if self._by_echo else AmbientPolicy
        self._policy, self._camera = make(self, self._limits, camera), camera
        self._live = tuple(self.value(name) for name in LIVE)
        self._failure = ''

    def _start_anew(self, reason: str) -> None:
        self._restarts += 1
        self._last_restart = reason
        self.get_logger().warning(f'starts anew: {reason}', throttle_duration_sec=5.0)
        self._forget()

    def _forget(self) -> None:
        """Forget all that was heard, and stand until more is."""
        self._ears.forget()
        self._make_policy(self._ears.camera)
        self._forgot = monotonic()

    def _on_time(self) -> None:
        """Send the next command."""
        begun, now = monotonic(), self.now()
        self._periods.add(begun - self._ticked, begun)
        self._ticked = begun
        if now != self._last:
            self._stood_since = begun
        try:
            self._command = self._step(now, begun)
        except Exception as error:  # whatever goes wrong in a policy, the robot must stand
            self._fail(error)
        command = self._command
        moving = command.speed != 0 or command.turn != 0
        if not self._enabled:
            if begun < self._zeros_until:
                self._output.send(0.0, 0.0, begun)
        elif not self._output.send(command.speed, command.turn, begun) and moving:
            self._stand()
        if self._why and self._enabled and begun - self._forgot > self._limits.stop_within:
            self.get_logger().warning(f'stands: {self._why}', throttle_duration_sec=5.0)
        if begun - self._marked >= _MARKER_PERIOD:
            self._marked = begun
            self._show(now)

    def _step(self, now: int, begun: float) -> Command:
        """Work out the next command, and why it is none."""
        if self._failure:
            return Command(0.0, 0.0)
        now = self._check_time(now)
        self._follow_parameters()
        ears = self._ears
        if ears.camera != self._camera:
            self._make_policy(ears.camera)
        percepts, now_s = ears.percepts(now), ears.seconds(now)
        for percept in percepts:
            self._ages.add(now_s - percept.stamp_s, begun)
        command = self._policy.step(percepts, ears.clips(), now_s, ears.motion(now))
        self._why = self._reason(command, now, begun)
        if self._output.has_tripped() or self._why or not self._enabled:
            self._policy.drive.stop()
            command = Command(0.0, 0.0, WAITING if self._why else command.state, command.wall)
        return command

    def _check_time(self, now: int) -> int:
        """Return the time to work with, which does not fall; where it must, all starts anew."""
        last = now if self._last is None else self._last
        ahead = (now - last) / _NS
        if -_TOUCHED_UP < ahead < 0:
            return last
        self._last = now
        if ahead < 0:
            self._start_anew(f'time went back by {-ahead:.3f} s')
        elif ahead > _FORGETS_AFTER:
            self._start_anew(f'no command was worked out for {ahead:.2f} s')
        return now

    def _reason(self, command: Command, now: int, begun: float) -> str:
        """Why the robot has to stand; empty where it may drive."""
        if begun - self._stood_since > self._limits.stop_within:
            return f'the clock has stood still for {begun - self._stood_since:.1f} s'
        if problem := self._ears.odometry.problem(now):
            return problem
        if command.state != WAITING:
            return ''
        if not self._by_echo:
            return why_no_clip(self._ears.given, now, self.value('clip_seconds'))
        return why_no_ping(self._ears.given, now, self._limits.stop_within)

    def _stand(self) -> None:
        self._policy.drive.stop()
        self._command = Command(0.0, 0.0, WAITING, self._command.wall)

    def _fail(self, error: Exception) -> None:
        self._failures += 1
        self._failure = (f'the policy failed: {type(error).__name__}: {error}; call ~/enable to '
                         'start it anew')
        self.get_logger().error(f'{self._failure}\n{traceback.format_exc()}')
        self._command, self._why = Command(0.0, 0.0), ''

    def _follow_parameters(self) -> None:
        live = tuple(self.value(name) for name in LIVE)
        if live == self._live:
            return
        same_side = live[0] == self._live[0]
        self._live = live
        if not (same_side and self._policy.change(self)):
            self._start_anew('its parameters have changed')

    def _check_live(self, parameters) -> SetParametersResult:
        """Refuse values that do not go with the others."""
        changed = {p.name: p.value for p in parameters if p.name in LIVE}
        if changed and self.guard.configured:
            try:
                follow_settings(self, **changed)
            except (ValueError, TypeError) as error:
                return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        if not self.active:
            response.message = 'the node is not active'
            return response
        if request.data and (not self._enabled or self._failure):
            self._forget()
        elif not request.data and self._enabled:
            self._zeros_until = monotonic() + self._limits.stop_within
            self._output.send(0.0, 0.0, monotonic())
            self._stand()
        self._enabled = request.data
        response.success = True
        response.message = 'following' if request.data else 'standing'
        return response

    def _show(self, now: int) -> None:
        if not self._marker_publisher.get_subscription_count():
            return
        frame, wall = self.value('base_frame'), self._command.wall
        ends = (wall.start, wall.end) if wall else ()
        self._marker_publisher.publish(line_to_marker(ends, now, frame, _MARKER_LIFE))
        self._marker_publisher.publish(text_to_marker(
            self._state(), (0.0, 0.0, 1.0), now, frame, _MARKER_LIFE))


def main(args=None) -> int:
    """Run the node."""
    return run(WallFollower, args)


if __name__ == '__main__':
    raise SystemExit(main())
