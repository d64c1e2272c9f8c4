# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Node that stands for everything outside the computer: room, speaker, ears, camera and base."""

from time import monotonic

from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry, Path
import numpy as np
from sensor_msgs.msg import CameraInfo, Image

from echo_depth_ros.bench.convolver import LONGEST
from echo_depth_ros.bench.errors import BenchError
from echo_depth_ros.nodes.conversions import (
    camera_to_msg,
    image_to_msg,
    MessageError,
    odometry_to_msg,
    path_to_msg,
    pose_to_msg,
    recording_from_msg,
    recording_to_msg,
    stamp_from_msg,
    velocity_from_msg,
)
from echo_depth_ros.nodes.depth_inference import OPTICAL_FRAME
from echo_depth_ros.nodes.health import Level, Recent, Status
from echo_depth_ros.nodes.managed import ManagedNode
from echo_depth_ros.nodes.simulated_air import EARS_TOPIC, frame_grid, QUEUE, SPEAKER_TOPIC
from echo_depth_ros.nodes.spin import run
from echo_depth_ros.nodes.transforms import TransformPublisher
from echo_depth_ros.vision.camera import CameraModel

SAMPLE_RATE = 44100
AIRS = ('topics', 'jack')
_NS = 1_000_000_000
_DEAD_MAN = _NS // 2
_PILOT_TICKS = 5
"""A pilot looks around less often than the base moves; cmd_vel is obeyed at the next tick."""
_PATH_STEP = _NS // 4
_PATH_LENGTH = 2000
_ROOM_NOISE = 10**(-55 / 20)
"""Of the ears in the room that is a JACK client, RMS; that of the simulated air's quiet room."""


class RoomSimulator(ManagedNode):
    """
    Simulates a robot in a room in real time, in place of sound card, camera and wheels.

    The ears' stream is sent a little ahead of time; see :mod:`simulated_air`.
    """

    def __init__(self, **kwargs):
        """Take the same arguments as :class:`rclpy.node.Node`, but the name."""
        super().__init__('room_simulator', **kwargs)
        self.declare('sample_rate', SAMPLE_RATE, 'Frames per second of the air; only 44100 is '
                     'simulated', low=8000, high=192000)
        self.declare('room', '', 'Shape of a random room (box, corridor, l), a room with a wall '
                     'to follow (track_corner, track_l, track_straight_1, track_straight_2), the '
                     'path of a room description, or empty for a random shape')
        self.declare('track_start', 4, 'Where on a track the robot starts: 0.4, 0.8 or 1.2 m from '
                     'the wall (0 to 2, 3 to 5, 6 to 8), at -30, 0 or 30 degrees to it',
                     low=0, high=8)
        self.declare('seed', 90001, 'Decides the random room, where the robot starts, and all '
                     'noise; the shipped student was trained in rooms 0 to 1999',
                     low=0, high=2**31 - 1)
        self.declare('air', 'topics', 'What carries sound: topics, or the JACK server that '
                     'JACK_DEFAULT_SERVER names, as a client called room', choices=AIRS)
        self.declare('ambience', False, 'The ears hear the ambient sound of the room, as '
                     'ambient_wall wants it, in place of plain noise; only with air: topics')
        self.declare('drive', 'tour', 'Who drives: a pilot that sees the room, cmd_vel, or nobody',
                     choices=('tour', 'cmd_vel', 'still'))
        self.declare('enable_stamped_cmd_vel', True, 'cmd_vel is TwistStamped rather than Twist',
                     read_only=True)
        self.declare('wheel_slip', False, 'Wheels slip, differ in size and are off in speed; odom '
                     'is then what they claim, while path remains where the robot really was')
        self.declare('robot_radius', 0.2, 'Metres', low=0.05, high=5.0)
        self.declare('ear_spacing', 0.235, 'Metres between the ears', low=0.01, high=1.0)
        self.declare('camera_rate', 15.0, 'Images per second', low=0.5, high=50.0)
        self.declare('block', 0.04, 'Seconds of sound in one message', low=0.005, high=0.2)
        self.declare('lead', 0.04, 'Seconds by which the ears are sent ahead of time',
                     low=0.0, high=0.5)
        self.declare('ahead', 0.15, 'Seconds by which the world is simulated ahead of time; it '
                     'delays cmd_vel by as much', low=0.05, high=1.0)
        self._ears = self.publisher(Image, EARS_TOPIC, depth=QUEUE)
        self._colour = self.publisher(Image, 'camera/color/image_raw')
        self._depth = self.publisher(Image, 'camera/depth/image_raw')
        self._infos = [self.publisher(CameraInfo, f'camera/{kind}/camera_info')
                       for kind in ('color', 'depth')]
        self._odometry = self.publisher(Odometry, 'odom')
        self._path_publisher = self.publisher(Path, 'path', depth=1)
        self._transforms = TransformPublisher(self)
        self._simulation = self._room = self._timer = self._jack = self._server = None
        self._opened = []

    def configure(self) -> None:
        """Build the room and put the robot in."""
        if self.value('sample_rate') != SAMPLE_RATE:
            raise ValueError(
                f'sample_rate is {self.value("sample_rate")}, but the simulated room sounds at '
                f'{SAMPLE_RATE} Hz only; set sample_rate to that in all nodes')
        needed = self.value('lead') + self.value('block')
        if self.value('ahead') <= needed:
            raise ValueError(
                f'ahead is {self.value("ahead")} s, but the ears are sent {needed:.3f} s ahead of '
                'time (lead and block): every chirp would be late; set ahead above that')
        if self.value('ambience') and self.value('air') != 'topics':
            raise ValueError(
                f'ambience is set and air is {self.value("air")}, which carries no ambient sound; '
                'set air to topics, or ambience to false')
        try:
            from echo_depth_ros.sim.named_rooms import room_named
            from echo_depth_ros.sim.rig import Rig
            from echo_depth_ros.sim.simulation import Simulation
        except ModuleNotFoundError as error:
            raise ValueError(
                f'the simulator needs {error.name}, which is not installed: '
                'pip install "echo_depth_ros[sim]"') from error
        rig = Rig(ear_spacing=self.value('ear_spacing'), robot_radius=self.value('robot_radius'))
        world, start = room_named(
            self.value('room'), self.value('seed'), self.value('track_start'))
        self._simulation = Simulation(
            world, rig, ambience=self.value('ambience'), seed=self.value('seed'), start=start)
        camera = self._simulation.camera
        self._camera = CameraModel(camera.size, camera.size, camera.fov_deg, camera.fov_deg)

    def activate(self) -> None:
        """Let time run."""
        from echo_depth_ros.nodes.simulated_room import SimulatedRoom
        self._command, self._commanded = (0.0, 0.0), 0
        self._piloted, self._asked = (0.0, 0.0), 0
        self._path, self._bumps, self._bad, self._reported = [], 0, 0, 0
        self._heard = Recent(100)
        self._behind = Recent(500)
        self._last = None
        if self.value('air') == 'jack':
            self._join_jack()
        self._room = SimulatedRoom(
            self._simulation, self.now, frame_grid(SAMPLE_RATE, self.now()), self._drive,
            ahead=self.value('ahead'), camera_rate=self.value('camera_rate'),
            respond=self._respond if self._jack else None, wheels=self._wheels())
        self._count = round(self.value('block') * SAMPLE_RATE)
        self._lead = round(self.value('lead') * _NS)
        twist = TwistStamped if self.value('enable_stamped_cmd_vel') else Twist
        self._opened = [self.subscription(twist, 'cmd_vel', self._on_command, 1, reliable=True)]
        if self._jack is None:
            self._opened.append(
                self.subscription(Image, SPEAKER_TOPIC, self._on_speaker, QUEUE, reliable=True))
        self._timer = self.create_timer(self._count / SAMPLE_RATE, self._on_time)
        self._room.start()

    def deactivate(self) -> None:
        """Stop time."""
        if self._room is not None:
            self._room.stop()
        for subscription in self._opened:
            self.destroy_subscription(subscription)
        if self._timer is not None:
            self.destroy_timer(self._timer)
        if self._jack is not None:
            self._jack.close()
        if self._server is not None:
            self._server.close()
        self._room = self._timer = self._jack = self._server = None
        self._opened = []

    def cleanup(self) -> None:
        """Tear the room down."""
        self._simulation = None

    def diagnose(self) -> Status:
        """Tell whether the room keeps up with time."""
        room = self._room
        now = self.now() / 1e9
        status = Status(values={
            'sounds per second': self._heard.rate(now), 'late sounds': room.late_sounds,
            'refused sounds': room.refused_sounds + self._bad,
            'last refusal': room.last_refusal, 'stalls': room.stalls,
            'stream behind p95 ms': self._behind.percentile(95), 'bumps': self._bumps,
            'room': self._simulation.world.shape})
        if self._last is not None:
            status.values.update(
                x=self._last.pose.x, y=self._last.pose.y, yaw=self._last.pose.yaw)
        if not room.alive:
            status.level, status.message = Level.ERROR, 'the simulation has stopped; see the log'
        elif room.late_sounds + room.refused_sounds > self._reported:
            self._reported = room.late_sounds + room.refused_sounds
            status.level, status.message = Level.WARN, room.last_refusal
        return status

    def _wheels(self):
        from echo_depth_ros.sim.wall_trial import SlippingWheels, Wheels
        if not self.value('wheel_slip'):
            return None
        return SlippingWheels(Wheels(), np.random.default_rng([self.value('seed'), 6]))

    def _drive(self, pose) -> tuple[float, float]:
        """Speed and turn rate that the robot is told now; asked by the room's thread."""
        drive = self.value('drive')
        if drive == 'tour':
            if self._asked % _PILOT_TICKS == 0:
                self._piloted = self._simulation.pilot.command(pose)
            self._asked += 1
            return self._piloted
        fresh = self.now() - self._commanded <= _DEAD_MAN
        return self._command if drive == 'cmd_vel' and fresh else (0.0, 0.0)

    def _on_command(self, msg) -> None:
        try:
            self._command, self._commanded = velocity_from_msg(msg), self.now()
        except MessageError as error:
            self.get_logger().error(f'cmd_vel: {error}', throttle_duration_sec=5.0)

    def _on_speaker(self, msg: Image) -> None:
        try:
            samples = recording_from_msg(msg, channels=1)[0]
        except MessageError as error:
            self._bad += 1
            self.get_logger().error(f'{SPEAKER_TOPIC}: {error}', throttle_duration_sec=5.0)
            return
        self._heard.add(0.0, self.now() / 1e9)
        self._room.play(np.array(samples), stamp_from_msg(msg.header.stamp))

    def _on_time(self) -> None:
        """Send the ears' next block, and everything else whose time has come."""
        now = self.now()
        if self._jack is None:
            self._send_ears(now)
        publishers = (self._colour, self._depth, *self._infos)
        self._room.wants_images = any(p.get_subscription_count() for p in publishers)
        moments, views = self._room.due(now)
        for view in views:
            self._publish_view(view)
        for moment in moments:
            self._note(moment)
        if moments:
            self._publish_moment(moments[-1])

    def _send_ears(self, now: int) -> None:
        while (heard := self._room.listen(self._count, now + self._lead)) is not None:
            stamp, block = heard
            self._behind.add((now + self._lead - stamp) / 1e6, now / 1e9)
            self._ears.publish(recording_to_msg(block, stamp, 'ears'))

    def _join_jack(self) -> None:
        """Put a room that is a JACK client into the server of the environment."""
        from echo_depth_ros.bench.joined import JoinedJackServer
        from echo_depth_ros.bench.room import RoomClient
        self._server = JoinedJackServer(SAMPLE_RATE)
        self._jack = RoomClient(
            self._server, noise_rms=_ROOM_NOISE, seed=self.value('seed'))

    def _respond(self, response: np.ndarray, stamp: int) -> None:
        """Have the JACK room sound like this from ``stamp`` on; called by the room's thread."""
        try:
            self._jack.respond(response[:, :LONGEST], monotonic() + (stamp - self.now()) / _NS)
        except BenchError as error:
            self.get_logger().error(f'the room does not sound: {error}', throttle_duration_sec=5.0)

    def _publish_view(self, view) -> None:
        if self._colour.get_subscription_count():
            self._colour.publish(image_to_msg(view.frame.rgb, view.stamp, OPTICAL_FRAME))
        if self._depth.get_subscription_count():
            self._depth.publish(image_to_msg(view.frame.depth, view.stamp, OPTICAL_FRAME))
        for publisher in self._infos:
            if publisher.get_subscription_count():
                publisher.publish(camera_to_msg(self._camera, view.stamp, OPTICAL_FRAME))

    def _note(self, moment) -> None:
        self._bumps += moment.bumped and not (self._last and self._last.bumped)
        self._last = moment
        if not self._path or moment.stamp - self._path[-1][0] >= _PATH_STEP:
            self._path = [*self._path[-_PATH_LENGTH:], (moment.stamp, moment.pose)]
            if self._path_publisher.get_subscription_count():
                self._path_publisher.publish(path_to_msg(
                    [pose_to_msg(p.x, p.y, p.yaw, stamp, 'odom') for stamp, p in self._path],
                    moment.stamp, 'odom'))

    def _publish_moment(self, moment) -> None:
        pose = (moment.odometry.x, moment.odometry.y, moment.odometry.yaw)
        if self._odometry.get_subscription_count():
            self._odometry.publish(odometry_to_msg(
                pose, moment.turning, moment.stamp, 'odom', 'base_link'))
        self._transforms.publish(pose, moment.stamp, 'odom', 'base_link')


def main(args=None) -> int:
    """Run the node."""
    return run(RoomSimulator, args)


if __name__ == '__main__':
    raise SystemExit(main())
