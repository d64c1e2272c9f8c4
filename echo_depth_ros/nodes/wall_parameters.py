# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of the wall follower: declared with the core's defaults, read back as settings."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
import re

from echo_depth_ros.navigation.ambient_follower import AmbientSettings
from echo_depth_ros.navigation.safe_drive import DriveLimits
from echo_depth_ros.navigation.scan import Scanner
from echo_depth_ros.navigation.wall_follower import FollowSettings
from echo_depth_ros.nodes.parameters import ParameterGuard
from echo_depth_ros.vision.camera import CameraModel

FOLLOW_BY = ('echo', 'ambient')
SIDES = ('nearest', 'left', 'right')
ODOMETRY = ('auto', 'on', 'off')
LIVE = ('side', 'wall_distance', 'speed')
"""What may change while the robot drives."""

_CONTROL_RATE = 30.0
_LATE = 1.5
"""Periods that may lie between two commands."""
_FOLLOW = {'side': 'side', 'wall_distance': 'distance', 'speed': 'speed',
           'look_ahead': 'look_ahead', 'clearance': 'clearance', 'wall_hearing': 'hearing'}
_AMBIENT = ('alpha', 'step_length', 'angle_gain', 'max_angle', 'anticipation', 'listen_seconds',
            'clip_hop')
_LIMITS = {'drive_latency': 'latency', **{name: name for name in (
    'robot_radius', 'margin', 'range_error', 'blind_range', 'sure_range', 'max_speed',
    'max_turn', 'acceleration', 'deceleration', 'turn_acceleration', 'slip', 'stop_within')}}


def declare_wall_parameters(guard: ParameterGuard) -> None:
    """Declare all of them."""
    guard.declare('follow_by', 'echo', 'What the wall is heard by', choices=FOLLOW_BY)
    guard.declare('start_enabled', False, 'Drive as soon as the node is active; otherwise '
                  'call ~/enable')
    guard.declare('enable_stamped_cmd_vel', True, 'cmd_vel is TwistStamped rather than Twist',
                  read_only=True)
    guard.declare('control_rate', _CONTROL_RATE, 'Commands per second', low=5.0, high=100.0)
    guard.declare('odometry', 'auto', 'What the way is told by: odom (on), the commands (off), or '
                  'odom wherever it comes', choices=ODOMETRY)
    guard.declare('base_frame', 'base_link', 'Frame of cmd_vel and of the marker: the middle of '
                  'the base, x ahead')
    guard.declare('camera_height', 0.5, 'Metres from the floor to speaker and ears, for which '
                  'depth is drawn', low=0.11, high=0.64)
    _declare_follow(guard)
    _declare_limits(guard)
    _declare_ambient(guard)


def follow_settings(node, **changed) -> FollowSettings:
    """
    Read back how a wall is followed.

    :param changed: values by parameter name that count in place of the node's.
    :raises ValueError: for values that do not go together.
    """
    with _told_by_parameters(_FOLLOW):
        settings = FollowSettings(**{field: changed.get(name, node.get_parameter(name).value)
                                     for name, field in _FOLLOW.items()})
    most = node.get_parameter('max_speed').value
    if settings.speed > most:
        raise ValueError(f'speed is {settings.speed} m/s, but max_speed allows {most}; lower '
                         'speed, or raise max_speed to what the robot may do')
    return settings


def drive_limits(node) -> DriveLimits:
    """
    Read back what limits the commands.

    :raises ValueError: for values with which nothing can be promised.
    """
    with _told_by_parameters({**_LIMITS, f'{_LATE:g} / control_rate': 'tick'}):
        return DriveLimits(tick=_LATE / node.get_parameter('control_rate').value, **{
            field: node.get_parameter(name).value for name, field in _LIMITS.items()})


def ambient_settings(node) -> AmbientSettings:
    """
    Read back how ambient sound is followed.

    :raises ValueError: for values that make no algorithm.
    """
    threshold = node.get_parameter('threshold').value
    return AmbientSettings(
        threshold=None if threshold < 0 else threshold,
        turn_rate=node.get_parameter('max_turn').value,
        **{name: node.get_parameter(name).value for name in (*_AMBIENT, 'speed')})


def scanner(node, camera: CameraModel) -> Scanner:
    """Make what reads depth images of a camera; of how high it stands the parameters tell."""
    return Scanner(camera, node.get_parameter('camera_height').value)


@contextmanager
def _told_by_parameters(names: Mapping[str, str]) -> Iterator[None]:
    """
    Add to what is wrong the parameters that are to be set, where they have other names.

    :param names: from parameters to fields of the settings.
    """
    try:
        yield
    except ValueError as error:
        others = [f'{field} is {name}' for name, field in names.items()
                  if name != field and re.search(rf'\b{field}\b', str(error))]
        raise ValueError(f'{error} (as parameters: {", ".join(others)})' if others
                         else str(error)) from error


def _declare_follow(guard: ParameterGuard) -> None:
    follow = FollowSettings()
    guard.declare('side', follow.side, 'Side of the robot on which the wall shall be',
                  choices=SIDES, live=True)
    guard.declare('wall_distance', follow.distance, "Metres from the robot's centre to the wall",
                  low=0.1, high=3.0, live=True)
    guard.declare('speed', follow.speed, 'm/s along a free wall; never above max_speed',
                  low=0.01, high=2.0, live=True)
    guard.declare('look_ahead', follow.look_ahead, 'Metres to the place that is steered for',
                  low=0.1, high=5.0)
    guard.declare('clearance', follow.clearance, "Metres from the robot's centre below which "
                  'there is no way', low=0.05, high=2.0)
    guard.declare('wall_hearing', follow.hearing, 'Metres within which something must be for a '
                  'wall to be in hearing', low=0.2, high=10.0)


def _declare_limits(guard: ParameterGuard) -> None:
    limits = DriveLimits()

    def declare(name: str, description: str, low: float, high: float) -> None:
        guard.declare(name, getattr(limits, _LIMITS[name]), description, low=low, high=high)

    declare('robot_radius', 'Metres', 0.05, 5.0)
    declare('margin', 'Metres that stay free around the robot', 0.0, 1.0)
    declare('range_error', 'Metres by which the range may be longer than the way from the '
            "robot's centre to the surface; add what the ears stand off it", 0.0, 1.0)
    declare('blind_range', 'Metres below which no echo is heard; not below min_range', 0.05, 2.0)
    declare('sure_range', 'Metres from which on every surface is heard; bounds the speed in the '
            'open', 0.1, 10.0)
    declare('max_speed', 'm/s, never exceeded', 0.01, 2.0)
    declare('max_turn', 'rad/s, never exceeded', 0.05, 5.0)
    declare('acceleration', 'm/s^2 with which a command grows', 0.05, 10.0)
    declare('deceleration', 'm/s^2 with which a command falls; the wheels must be able to',
            0.05, 10.0)
    declare('turn_acceleration', 'rad/s^2', 0.1, 50.0)
    declare('drive_latency', 'Seconds from a command to the wheels', 0.0, 1.0)
    declare('slip', 'Share by which the wheels may go farther than commanded', 0.0, 1.0)
    declare('stop_within', 'Seconds after the last good ping, of what was heard when it began, '
            'in which the robot stands', 0.1, 2.0)


def _declare_ambient(guard: ParameterGuard) -> None:
    ambient = AmbientSettings()
    guard.declare('clip_seconds', 1.0, 'Length of a clip of ambient sound, of which one chance '
                  'is worked out', low=0.1, high=10.0)
    guard.declare('clip_hop', ambient.clip_hop, 'Seconds from the begin of a clip to that of the '
                  'next', low=0.05, high=10.0)
    guard.declare('listen_seconds', ambient.listen_seconds, 'Seconds of clips that each decision '
                  'goes by; the paper takes 60', low=0.1, high=120.0)
    guard.declare('threshold', -1.0, 'Chance of a near wall that is kept, p of Algorithm 1; '
                  'negative finds one for the room, by turning round once', low=-1.0, high=1.0)
    guard.declare('alpha', ambient.alpha, 'Least difference between the chances on the left and '
                  'on the right that is worth a turn', low=0.0, high=1.0)
    guard.declare('step_length', ambient.step_length, 'Metres from one decision to the next, v of '
                  'Algorithm 1', low=0.02, high=2.0)
    guard.declare('angle_gain', ambient.angle_gain, 'Radians of turn for a chance that is off the '
                  'threshold by one', low=0.01, high=20.0)
    guard.declare('max_angle', round(ambient.max_angle, 4), 'Radians that one decision may turn '
                  'at most', low=0.01, high=3.1)
    guard.declare('anticipation', ambient.anticipation, 'Steps by which the last change of the '
                  'chances is carried on; 0 is the law of the paper', low=0.0, high=9.9)
