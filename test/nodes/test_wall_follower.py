# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The wall follower over real DDS: it moves on good input, and on nothing else."""

import math
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry
import numpy as np
import pytest
from rcl_interfaces.srv import SetParameters
import rclpy
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, Image, Range
from std_srvs.srv import SetBool
from visualization_msgs.msg import Marker

from echo_depth_ros.navigation.messages import WAITING
from echo_depth_ros.nodes.conversions import (
    camera_to_msg,
    image_to_msg,
    near_wall_to_msg,
    odometry_to_msg,
    range_to_msg,
    velocity_from_msg,
)
from echo_depth_ros.nodes.health import Level
from echo_depth_ros.nodes.wall_follower import WallFollower
from echo_depth_ros.vision.camera import CameraModel

PERIOD = 0.07
AGE = 0.1
"""Seconds since a ping began, when it has been told."""
FREE = 1.5


def wall_on_the_right(camera=CameraModel(), distance=0.6, ahead=4.0):
    """Depth image of a wall along the robot's way, and of one that ends the room."""
    x = camera.rays()[..., 0]
    depth = np.full(x.shape, ahead)
    depth[x > 0] = np.minimum(ahead, distance / x[x > 0])
    return depth.astype(np.float32)


class Teller:
    """Tells of pings."""

    def __init__(self, bench, confident=True, seen=True):
        self.bench = bench
        self.ranges = bench.publisher(Range, 'range')
        self.depths = bench.publisher(Image, 'depth/image') if seen else None
        self.confidences = (
            bench.publisher(Image, 'depth/confidence') if confident and seen else None)
        self.depth = wall_on_the_right()
        self.sure = np.full(self.depth.shape, 0.9, np.float32)

    def ping(self, range_m=FREE, depth='wall', confidence='sure', age=AGE, stamp=None):
        """Tell of one ping; None leaves a part out."""
        if stamp is None:
            stamp = self.bench.node.get_clock().now().nanoseconds - round(age * 1e9)
        if confidence is not None and self.confidences:
            image = self.sure if isinstance(confidence, str) else confidence
            self.confidences.publish(image_to_msg(image, stamp, 'echo'))
        if depth is not None:
            image = self.depth if isinstance(depth, str) else depth
            self.depths.publish(image_to_msg(image, stamp, 'echo'))
        if range_m is not None:
            self.ranges.publish(range_to_msg(range_m, (0.25, 12.0), math.pi, stamp, 'echo'))

    def pings(self, condition, timeout=6.0, **told):
        """Tell of pings until a condition holds; return whether it does."""
        end = time.monotonic() + timeout
        while not condition() and time.monotonic() < end:
            self.ping(**told)
            self.bench.until(condition, PERIOD)
        return bool(condition())

class Robot(Teller):
    """A follower, what it is told, and what it commands."""

    def __init__(self, bench, stamped=True, confident=True, **parameters):
        self.commands = []
        self.kind = TwistStamped if stamped else Twist
        topic = f'{bench.namespace}/cmd_vel'
        bench.node.create_subscription(self.kind, topic, self._on_command, 50)
        self.node = bench.start(WallFollower, **{
            'start_enabled': True, 'odometry': 'off', 'enable_stamped_cmd_vel': stamped,
            **parameters})
        assert bench.matched(self.node, 'cmd_vel')
        super().__init__(bench, confident, parameters.get('follow_by') != 'ambient')

    def _on_command(self, msg):
        self.commands.append((time.monotonic(), *velocity_from_msg(msg)))

    def moves(self):
        return bool(self.commands) and self.commands[-1][1] > 0.05

    def stands(self):
        return bool(self.commands) and self.commands[-1][1:] == (0.0, 0.0)

    def get_going(self):
        assert self.pings(self.moves), self.why()
        return self

    def values(self):
        return self.node.diagnose().values

    def why(self):
        return self.values()['why it stands']

    def enable(self, on):
        return self.bench.call(
            SetBool, f'{self.node.get_fully_qualified_name()}/enable', SetBool.Request(data=on))


@pytest.fixture
def robot(bench):
    return lambda **options: Robot(bench, **options)


def test_it_drives_along_a_wall_and_says_which(robot):
    r = robot(side='right').get_going()
    assert r.pings(lambda: not math.isnan(r.values()['wall distance']))
    values = r.values()
    assert values['wall distance'] == pytest.approx(0.6, abs=0.15)
    assert values['state'] == 'following' and values['confidence'] == 'used'
    assert values['odometry'] == 'not used' and r.why() == ''
    assert all(abs(speed) <= 0.25 + 1e-9 and abs(turn) <= 1.0 for _, speed, turn in r.commands)


def test_commands_grow_and_fall_no_faster_than_allowed(robot):
    r = robot(side='right', acceleration=0.2).get_going()
    speeds = np.array([speed for _, speed, _ in r.commands])
    assert np.diff(speeds).max() <= 0.2 * 0.05 + 1e-9  # never more than a longest tick's share


@pytest.mark.parametrize(('told', 'words'), [
    ({'range_m': None, 'depth': None, 'confidence': None}, 'no ping for'),
    ({'range_m': math.nan}, 'the range is NaN'),
    ({'range_m': None}, 'no ping for'),
    ({'range_m': -1.0}, 'range is -1.0 m; expected 0 or more'),
    ({'depth': None, 'confidence': None}, 'no depth for'),
    ({'depth': np.full((128, 128), np.nan, np.float32)}, 'depth tells too little'),
    ({'confidence': np.full((128, 128), 0.01, np.float32)}, 'depth tells too little'),
    ({'confidence': np.full((128, 128), np.nan, np.float32)}, 'depth tells too little'),
    ({'confidence': np.full((128, 128), 1.5, np.float32)}, 'not within 0 to 1'),
    ({'confidence': None}, 'depth/confidence came before, and comes no more'),
    ({'depth': np.ones((8, 8), np.float32)}, 'image of shape (8, 8), but depth/camera_info'),
    ({'depth': np.ones((8, 8, 3), np.uint8)}, "depth/image: depth came as 'rgb8'"),
    ({'age': 0.9}, 's ago; expected at most 0.5 s'),
    ({'age': -0.3}, 's in the future'),
    ({'stamp': 5}, 's ago; expected at most 0.5 s'),
], ids=lambda part: part if isinstance(part, str) else ' '.join(part))
def test_it_stands_on_bad_input_says_why_and_goes_on(robot, told, words):
    r = robot(side='right').get_going()
    assert r.pings(lambda: r.stands() and words in r.why(), **told), r.why()
    assert r.node.diagnose().level == Level.WARN and words in r.node.diagnose().message
    count = len(r.commands)
    assert r.pings(lambda: len(r.commands) > count + 10, **told)
    assert all(command[1:] == (0.0, 0.0) for command in r.commands[count:])
    r.get_going()


def test_a_stamp_that_comes_again_is_no_new_ping(robot):
    r = robot(side='right').get_going()
    stamp = r.node.now() - 100_000_000
    assert r.pings(lambda: r.stands() and r.why(), stamp=stamp)
    assert r.values()['refused: not newer'] > 3


def test_the_range_alone_stops_it_whatever_the_depth_says(robot):
    r = robot(side='right').get_going()
    assert r.pings(r.stands, range_m=0.25)
    assert r.values()['room ahead of the guard m'] < 0
    assert r.pings(lambda: 'nearer than' in r.node.diagnose().message, range_m=0.25)


def test_depth_without_confidence_is_taken_where_nobody_publishes_any(robot):
    r = robot(side='right', confident=False).get_going()
    assert r.values()['confidence'] == 'none comes'
    assert r.node.diagnose().level != Level.WARN or 'confidence' not in r.node.diagnose().message


def test_depth_without_confidence_is_taken_late_where_somebody_might_publish_it(robot):
    r = robot(side='right')
    assert r.pings(r.moves, confidence=None)
    assert 'depth is taken without confidence' in r.node.diagnose().message


def test_it_is_disabled_until_it_is_told_and_silent_after_its_last_zeros(robot):
    r = robot(side='right', start_enabled=False)
    r.pings(lambda: False, timeout=0.5)
    assert not r.commands and r.values()['state'].startswith('disabled (')
    response = r.enable(True)
    assert response.success and response.message == 'following'
    r.get_going()
    assert r.enable(False).message == 'standing'
    assert r.pings(r.stands, timeout=1.0)
    r.bench.spin(0.7)
    count = len(r.commands)
    assert count and r.stands()
    r.pings(lambda: False, timeout=0.3)
    assert len(r.commands) == count
    r.enable(True)
    r.get_going()


def test_an_inactive_one_cannot_be_enabled(robot):
    r = robot()
    r.node.trigger_deactivate()
    response = r.enable(True)
    assert not response.success and response.message == 'the node is not active'


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_the_last_command_of_a_process_that_is_told_to_end_is_zero(bench, number):
    commands = []
    bench.node.create_subscription(
        TwistStamped, 'cmd_vel', lambda m: commands.append(velocity_from_msg(m)), 50)
    source = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, '-m', 'echo_depth_ros.nodes.wall_follower', '--ros-args', '-r',
         f'__ns:={bench.namespace}', '-p', 'start_enabled:=true', '-p', 'side:=right'],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(
            [str(source), os.environ.get('PYTHONPATH', '')])})
    try:
        teller = Teller(bench)
        assert teller.pings(lambda: commands and commands[-1][0] > 0.05, timeout=20.0)
        process.send_signal(number)
        assert teller.pings(lambda: process.poll() is not None, timeout=5.0)
        assert process.returncode == 0
        assert bench.until(lambda: commands[-1] == (0.0, 0.0), 1.0)
    finally:
        process.kill()


@pytest.mark.parametrize('how', ['deactivate', 'release'])
def test_the_last_command_of_one_that_ends_is_zero(robot, how):
    r = robot(side='right').get_going()
    count = len(r.commands)
    r.node.trigger_deactivate() if how == 'deactivate' else r.node.release()
    assert r.bench.until(lambda: len(r.commands) > count and r.stands(), 2.0)


def test_it_can_be_activated_again(robot):
    r = robot(side='right').get_going()
    assert r.node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    assert r.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    r.commands.clear()
    r.get_going()


def test_unstamped_commands(robot):
    r = robot(side='right', stamped=False).get_going()
    assert r.values()['state'] == 'following'


def test_a_base_of_the_other_type_is_told_of(bench, robot):
    context = rclpy.Context()  # one participant cannot have two types of a topic
    rclpy.init(context=context)
    base = rclpy.create_node('base', namespace=bench.namespace, context=context)
    base.create_subscription(Twist, 'cmd_vel', lambda msg: None, 1)
    r = robot(side='right')
    told = r.pings(lambda: 'set enable_stamped_cmd_vel: false' in r.node.diagnose().message)
    base.destroy_node()
    rclpy.shutdown(context=context)
    assert told and r.node.diagnose().level == Level.WARN


def test_nobody_who_listens_is_told_of(bench):
    node = bench.start(WallFollower, start_enabled=True)
    assert bench.until(lambda: 'nobody listens to' in node.diagnose().message, 3.0)


def test_a_second_driver_is_told_of(bench, robot):
    r = robot(side='right')
    bench.node.create_publisher(TwistStamped, 'cmd_vel', 1)
    assert r.pings(lambda: 'tester also publishes' in r.node.diagnose().message)


def test_a_policy_that_fails_stands_until_it_is_enabled_again(robot):
    r = robot(side='right').get_going()

    def fail(*_):
        raise RuntimeError('out of order')

    r.node._policy.step = fail
    assert r.pings(r.stands)
    assert r.node.diagnose().level == Level.ERROR
    assert 'the policy failed: RuntimeError: out of order' in r.node.diagnose().message
    count = len(r.commands)
    r.pings(lambda: len(r.commands) > count + 10)
    assert all(command[1:] == (0.0, 0.0) for command in r.commands[count:])
    r.enable(True)
    r.get_going()


def test_zero_is_sent_while_the_nodes_thread_hangs(robot):
    r = robot(side='right').get_going()
    stamps = []
    other = r.bench.node.create_subscription(
        TwistStamped, 'cmd_vel',
        lambda m: stamps.append((m.header.stamp.sec + m.header.stamp.nanosec / 1e9,
                                 m.twist.linear.x)), 50)
    assert r.pings(lambda: stamps)
    began = time.time()
    time.sleep(0.6)  # the executor of node and test alike
    ended = time.time()
    assert r.bench.until(lambda: r.values()['zeros sent in its place'] == 1)
    r.bench.spin(0.1)
    meanwhile = [speed for stamp, speed in stamps if began + 0.05 < stamp < ended - 0.05]
    assert meanwhile == [0.0]
    r.bench.node.destroy_subscription(other)
    r.get_going()


def test_time_that_goes_back_stops_it_and_it_recovers(robot, monkeypatch):
    r = robot(side='right').get_going()
    real, shift = r.node.now, -30_000_000_000
    monkeypatch.setattr(r.node, 'now', lambda: real() + shift)
    count = len(r.commands)
    assert r.bench.until(lambda: len(r.commands) > count + 3, 2.0)
    assert r.stands() and 'time went back by' in r.values()['last start anew']
    assert r.pings(r.moves, age=AGE - shift / 1e9), r.why()


def test_a_clock_that_stands_still_stops_it(robot, monkeypatch):
    r = robot(side='right').get_going()
    still = r.node.now()
    monkeypatch.setattr(r.node, 'now', lambda: still)
    assert r.bench.until(lambda: 'the clock has stood still' in r.why(), 3.0)
    assert r.bench.until(r.stands, 1.0)
    monkeypatch.undo()
    r.get_going()


def test_simulated_time_that_nobody_publishes_lets_it_stand(robot):
    r = robot(side='right', use_sim_time=True)
    r.bench.spin(0.8)
    assert r.stands() and not any(speed for _, speed, _ in r.commands)


def set_parameter(r, name, value):
    response = r.bench.call(
        SetParameters, f'{r.node.get_fully_qualified_name()}/set_parameters',
        SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()]))
    return response.results[0]


def test_speed_and_distance_may_change_while_it_drives(robot):
    r = robot(side='right').get_going()
    assert set_parameter(r, 'speed', 0.1).successful
    assert set_parameter(r, 'wall_distance', 0.7).successful
    assert r.pings(lambda: 0 < r.commands[-1][1] <= 0.1 + 1e-9)
    assert r.values()['starts anew'] == 0
    assert set_parameter(r, 'side', 'left').successful
    assert r.pings(lambda: r.values()['starts anew'] == 1)


@pytest.mark.parametrize(('name', 'value', 'words'), [
    ('wall_distance', 0.2, 'expected at least clearance'),
    ('speed', 0.4, 'but max_speed allows 0.25'),
    ('side', 'up', "is 'up'; expected"),
    ('stop_within', 1.0, 'is read when the node is configured')])
def test_a_value_that_does_not_go_with_the_others_is_refused_at_once(robot, name, value, words):
    result = set_parameter(robot(), name, value)
    assert not result.successful and words in result.reason


@pytest.mark.parametrize(('parameters', 'words'), [
    ({'wall_distance': 0.2}, 'distance is 0.2 m; expected at least clearance'),
    ({'drive_latency': 0.6}, 'latency is 0.6 s; expected less than stop_within'),
    ({'margin': 0.5}, 'sure_range is 0.42 m, but the robot must stand by'),
    ({'follow_by': 'ambient', 'threshold': 0.0}, 'threshold is 0.0'),
    ({'max_speed': 0.1}, 'speed is 0.25 m/s, but max_speed allows 0.1')])
def test_parameters_that_do_not_go_together_are_refused(bench, parameters, words):
    node = bench.make(WallFollower, **parameters)
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert words in node.problem


def test_the_wall_is_a_marker_in_the_frame_of_the_base(bench, robot):
    markers = bench.collect(Marker, 'wall')
    r = robot(side='right', base_frame='base_footprint')
    assert bench.matched(r.node, 'wall')
    assert r.pings(lambda: any(
        m.ns == 'wall' and m.action == Marker.ADD and m.points for m in markers))
    wall = [m for m in markers if m.ns == 'wall' and m.points][-1]
    assert wall.header.frame_id == 'base_footprint' and wall.type == Marker.LINE_STRIP
    assert all(point.y == pytest.approx(-0.6, abs=0.3) for point in wall.points)
    assert {m.text for m in markers if m.ns == 'state'} <= {'waiting', 'searching', 'following'}
    markers.clear()
    r.node._start_anew('of a test')
    assert bench.until(lambda: any(
        m.ns == 'wall' and m.action == Marker.DELETE for m in markers))


def test_a_camera_of_another_size_is_taken_from_its_camera_info(bench, robot):
    r = robot(side='right')
    camera = CameraModel(64, 48, 80.0, 60.0)
    infos = bench.publisher(CameraInfo, 'depth/camera_info')
    infos.publish(camera_to_msg(camera, r.node.now(), 'echo'))
    r.depth = wall_on_the_right(camera)
    r.sure = np.full(r.depth.shape, 0.9, np.float32)
    r.get_going()


def test_a_camera_that_looks_aside_is_refused(bench, robot):
    r = robot()
    infos = bench.publisher(CameraInfo, 'depth/camera_info')
    msg = camera_to_msg(CameraModel(), r.node.now(), 'echo')
    msg.k[2] = 20.0
    infos.publish(msg)
    assert bench.until(lambda: r.values().get('refused: camera') == 1)
    assert 'expected the middle of the image' in r.values()['last refusal']


def test_odometry_is_used_where_it_comes(bench, robot):
    r = robot(side='right', odometry='auto')
    poses = bench.publisher(Odometry, 'odom')
    r.get_going()
    assert r.values()['odometry'] == 'not used'
    poses.publish(odometry_to_msg((0, 0, 0), (0, 0), r.node.now(), 'odom', 'base_link'))
    assert r.pings(lambda: r.values()['odometry'] == 'used')
    assert r.pings(lambda: r.values()['odometry'] == 'not used')
    r.get_going()


def test_it_stands_without_odometry_that_it_is_told_to_use(bench, robot):
    r = robot(side='right', odometry='on')
    assert r.pings(lambda: r.why() == 'odometry is on, but nothing came on odom')
    assert r.pings(r.stands)
    poses = bench.publisher(Odometry, 'odom')

    def tell():
        poses.publish(odometry_to_msg((0, 0, 0), (0, 0), r.node.now(), 'odom', 'base_link'))
        return r.moves()

    assert r.pings(tell), r.why()
    assert r.pings(lambda: r.stands() and 'the last pose on odom is stamped' in r.why())


def test_by_ambient_sound_it_listens_and_takes_a_step(bench, robot):
    r = robot(follow_by='ambient', listen_seconds=1.0, clip_seconds=0.5, threshold=0.5)
    clips = bench.publisher(Image, 'near_wall')

    def tell(age=0.55):
        clips.publish(near_wall_to_msg(0.2, 0.8, r.node.now() - round(age * 1e9), 'ears'))

    def told(condition, timeout=6.0):
        end = time.monotonic() + timeout
        while not condition() and time.monotonic() < end:
            tell()
            bench.until(condition, 0.1)
        return condition()

    assert bench.until(lambda: 'nothing comes on near_wall' in r.why())
    assert told(lambda: r.values()['state'] == 'listening')
    assert told(lambda: r.commands[-1][1] > 0)
    assert r.values()['state'] == 'following'
    assert bench.until(lambda: 'no ambient sound for' in r.why(), 3.0) and r.stands()


def test_clips_that_could_not_be_heard_let_it_stand(bench, robot):
    r = robot(follow_by='ambient', clip_seconds=0.5)
    clips = bench.publisher(Image, 'near_wall')

    def told():
        clips.publish(near_wall_to_msg(math.nan, 0.8, r.node.now() - 550_000_000, 'ears'))
        bench.spin(0.05)
        return 'near_wall is NaN' in r.why()

    assert bench.until(told) and r.stands()


def test_clips_of_another_layout_are_refused(bench, robot):
    r = robot(follow_by='ambient')
    clips = bench.publisher(Image, 'near_wall')
    clips.publish(image_to_msg(np.zeros((3, 1), np.float32), r.node.now(), 'ears'))
    assert bench.until(lambda: r.values().get('refused: layout') == 1)
    assert 'expected 2 x 1 of 32FC1' in r.values()['last refusal']


def test_diagnostics_are_published(bench, robot):
    reports = bench.collect(DiagnosticArray, '/diagnostics')
    r = robot(side='right').get_going()
    own = r.node.get_fully_qualified_name().lstrip('/')
    assert r.pings(lambda: any(m.status[0].name == own for m in reports))
    assert r.node._command.state != WAITING


def test_wheels_that_obey_late_make_it_crawl_and_it_says_so(robot):
    r = robot(side='right', drive_latency=0.3)
    assert r.pings(lambda: 'drives at most' in r.node.diagnose().message)
    assert r.values()['fastest by age of pings'] < 0.25
