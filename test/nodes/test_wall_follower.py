# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The wall follower over real DDS: it moves on good input, and on nothing else."""

import math
import time
from types import SimpleNamespace

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry
import numpy as np
import pytest
from rcl_interfaces.srv import SetParameters
import rclpy
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, Image
from visualization_msgs.msg import Marker

from echo_depth_ros.navigation.messages import WAITING
from echo_depth_ros.nodes.conversions import (
    camera_to_msg,
    image_to_msg,
    near_wall_to_msg,
    odometry_to_msg,
)
from echo_depth_ros.nodes.health import Level
from echo_depth_ros.nodes.wall_follower import WallFollower
from echo_depth_ros.vision.camera import CameraModel

from .followed_robot import Robot, wall_on_the_right


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


def test_the_moment_before_the_first_ping_is_not_logged(robot, monkeypatch):
    r = robot(side='right').get_going()
    assert r.enable(False).success
    said = []
    monkeypatch.setattr(r.node, 'get_logger', lambda: SimpleNamespace(
        warning=lambda text, **_: said.append(text)))
    assert r.enable(True).success
    assert r.bench.until(lambda: 'no ping yet' in r.why(), 0.3)
    assert not said
    assert r.bench.until(lambda: said, 3.0) and 'no ping yet' in said[0]


def test_an_inactive_one_cannot_be_enabled(robot):
    r = robot()
    r.node.trigger_deactivate()
    response = r.enable(True)
    assert not response.success and response.message == 'the node is not active'


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
    level = r.node.diagnose().level
    base.destroy_node()
    rclpy.shutdown(context=context)
    assert told and level == Level.WARN


def test_nobody_who_listens_is_told_of(bench):
    node = bench.start(WallFollower, start_enabled=True)
    assert bench.until(lambda: 'nobody listens to' in node.diagnose().message, 3.0)


def test_a_second_driver_is_told_of(bench, robot):
    r = robot(side='right')
    bench.node.create_publisher(TwistStamped, 'cmd_vel', 1)
    assert r.pings(lambda: 'tester also publishes' in r.node.diagnose().message)


def test_a_second_driver_of_the_same_name_is_told_of(bench, robot):
    r = robot(side='right')
    context = rclpy.Context()
    rclpy.init(context=context)
    other = rclpy.create_node(r.node.get_name(), namespace=bench.namespace, context=context)
    other.create_publisher(TwistStamped, 'cmd_vel', 1)
    told = r.pings(
        lambda: f'{r.node.get_fully_qualified_name()} also publishes' in r.node.diagnose().message)
    other.destroy_node()
    rclpy.shutdown(context=context)
    assert told


def test_a_second_driver_of_the_other_type_is_told_of_with_its_type(bench, robot):
    r = robot(side='right')
    context = rclpy.Context()
    rclpy.init(context=context)
    other = rclpy.create_node('teleop', namespace=bench.namespace, context=context)
    other.create_publisher(Twist, 'cmd_vel', 1)
    told = r.pings(lambda: 'teleop (geometry_msgs/msg/Twist) also publishes'
                   in r.node.diagnose().message)
    other.destroy_node()
    rclpy.shutdown(context=context)
    assert told


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
    ({'drive_latency': 0.6}, 'latency is 0.6 s and tick 0.05 s; expected less than stop_within'),
    ({'margin': 0.5}, 'sure_range is 0.42 m, but the robot must stand by'),
    ({'follow_by': 'ambient', 'threshold': 0.0}, 'threshold is 0.0'),
    ({'wall_distance': 0.2}, '(as parameters: distance is wall_distance)'),
    ({'control_rate': 5.0, 'drive_latency': 0.25},
     '(as parameters: latency is drive_latency, tick is 1.5 / control_rate)'),
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
