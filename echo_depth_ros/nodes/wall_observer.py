# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`wall_observer`: watches a robot follow a wall in the simulator, and says how it went."""

import math
from pathlib import Path as FilePath
import sys
import time

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Path
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image, Range
from visualization_msgs.msg import Marker

from echo_depth_ros.nodes.conversions import (
    line_from_marker,
    MessageError,
    pose_from_msg,
    values_from_diagnostics,
    velocity_from_msg,
)
from echo_depth_ros.nodes.watching import watch
from echo_depth_ros.sim.named_rooms import track_named
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.trials.live_drive import LiveDrive

_FIRST_POSE_LIMIT = 30.0
_SILENCE = 2.0
"""Seconds without a pose that mean that the simulator has died."""
_RATE_OVER = 3.0
_LAST_WORD = 1.5
"""Seconds after the end of the track in which a contact may still become known."""


class WallObserver(Node):
    """
    Subscribes like any other user of the package, in a process of its own.

    Where the robot really is comes from the simulator's `path`, contacts from its diagnostics;
    what the robot believes and does from the marker and the commands of `wall_follower`.
    """

    def __init__(self) -> None:
        super().__init__('wall_observer')
        self.seconds = float(self.declare_parameter('seconds', 90.0).value)
        self.out = FilePath(self.declare_parameter('out', 'out/demo_wall').value)
        room = self.declare_parameter('room', 'track_corner').value
        wanted = float(self.declare_parameter('wall_distance', 0.6).value)
        self.drive = LiveDrive(track_named(room), wanted)
        self.state, self.why = 'starting', ''
        self.believed: float | None = None
        self.speed = 0.0
        self.heard: list[float] = []
        self.began = time.monotonic()
        self.first: float | None = None
        self.last = 0.0
        self.arrived: float | None = None
        sensor = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
        self.create_subscription(Path, 'path', self._on_path, 5)
        self.create_subscription(Marker, 'wall', self._on_marker, 10)
        self.create_subscription(TwistStamped, 'cmd_vel', self._on_command, 5)
        self.create_subscription(Range, 'range', self._on_hearing, sensor)
        self.create_subscription(Image, 'near_wall', self._on_hearing, sensor)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)

    @property
    def elapsed(self) -> float:
        """Seconds since the first pose; 0 before it."""
        return 0.0 if self.first is None else time.monotonic() - self.first

    @property
    def silent(self) -> bool:
        """Whether the simulator says nothing any more."""
        return self.first is not None and time.monotonic() - self.last > _SILENCE

    @property
    def done(self) -> bool:
        """Whether the track is whole, something was touched, time is up, or nothing comes."""
        if self.first is None:
            return time.monotonic() - self.began > _FIRST_POSE_LIMIT
        if self.arrived is not None and time.monotonic() - self.arrived > _LAST_WORD:
            return True
        return self.drive.contacts > 0 or self.elapsed >= self.seconds or self.silent

    def status(self) -> str:
        """One line about the drive so far."""
        if self.first is None:
            return f'waiting for the simulator ({time.monotonic() - self.began:.0f} s)'
        believed = '  -  ' if self.believed is None else f'{self.believed:.2f} m'
        why = f' | stands: {self.why}' if self.why else ''
        return (f'{self.elapsed:4.0f} s | {self.state:10.10} | wall {believed} '
                f'(true {self.drive.distance:.2f}) | {self.drive.metres:4.1f} of '
                f'{self.drive.track.length:.1f} m | {self.speed:4.2f} m/s | '
                f'{self.drive.contacts} contacts | {self.rate():4.1f} Hz{why}')

    def rate(self) -> float:
        """Pings, or clips of ambient sound, a second, of late."""
        now = time.monotonic()
        self.heard = [at for at in self.heard if now - at < _RATE_OVER]
        return len(self.heard) / min(_RATE_OVER, max(self.elapsed, 1.0))

    def finish(self) -> int:
        """Write what came of it; returns the exit status."""
        if self.first is None:
            print(f'no `path` came from room_simulator within {_FIRST_POSE_LIMIT:.0f} s: look '
                  'into the logs')
            return 1
        drive = self.drive.outcome()
        drive.save(self.out / 'live.json')
        if drive.complete:
            print(f'The whole track: {drive.metres:.1f} m in {drive.seconds:.0f} s, without a '
                  'contact.')
            return 0
        reason = ('it touched something' if drive.contacts else
                  'room_simulator fell silent: look into the logs' if self.silent else
                  f'time was up after {self.elapsed:.0f} s, {self.state}'
                  + (f' ({self.why})' if self.why else ''))
        print(f'{drive.metres:.1f} m of {self.drive.track.length:.1f} m: {reason}.')
        return 1

    def _on_path(self, msg: Path) -> None:
        if not msg.poses:
            return
        self.last = time.monotonic()
        if self.first is None:
            self.first = self.last
        if self.arrived is None:
            self.drive.see(Pose(*pose_from_msg(msg.poses[-1])), self.elapsed, self.state,
                           self.believed)
            self.arrived = self.last if self.drive.whole else None

    def _on_marker(self, msg: Marker) -> None:
        if msg.ns == 'state':
            self.state = msg.text
            return
        ends = line_from_marker(msg)
        if not ends:
            self.believed = None
            return
        (ax, ay), (bx, by) = ends[0], ends[-1]
        length = math.hypot(bx - ax, by - ay)
        # From the robot to the line, which is endless.
        self.believed = abs(ax * by - ay * bx) / length if length > 0 else math.hypot(ax, ay)

    def _on_command(self, msg: TwistStamped) -> None:
        try:
            self.speed, _ = velocity_from_msg(msg)
        except MessageError as error:
            self.get_logger().error(f'cmd_vel: {error}', throttle_duration_sec=5.0)

    def _on_hearing(self, msg: Range | Image) -> None:
        self.heard.append(time.monotonic())

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        bumps = values_from_diagnostics(msg, 'room_simulator').get('bumps')
        if bumps is not None:
            self.drive.contacts = int(float(bumps))
        told = values_from_diagnostics(msg, 'wall_follower')
        self.why = told.get('why it stands', self.why)


def main(args=None) -> int:
    """Run until the drive is over, then say how it went."""
    return watch(WallObserver, args=args)


if __name__ == '__main__':
    sys.exit(main())
