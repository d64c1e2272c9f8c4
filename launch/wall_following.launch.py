# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Follow a wall by ear: the chain of echo_depth.launch.py, and wall_follower.

    ros2 launch echo_depth_ros wall_following.launch.py rviz:=true
    ros2 launch echo_depth_ros wall_following.launch.py robot:=turtlebot4 calibration:=mine.yaml
    ros2 service call /wall_follower/enable std_srvs/srv/SetBool '{data: true}'

``--show-args`` lists the arguments. Read docs/wall_following.md before wheels touch the floor.
Stop it with Ctrl-C (SIGINT).
"""

from copy import deepcopy
import os
from pathlib import Path
import tempfile

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueFunction,
)
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.launch_description_sources import (
    load_python_launch_file_as_module,
    PythonLaunchDescriptionSource,
)
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import SetRemap
import yaml

SHARE = Path(__file__).parents[1]
CHAIN_FILE = Path(__file__).with_name('echo_depth.launch.py')
CHAIN = load_python_launch_file_as_module(str(CHAIN_FILE))
DEFAULTS = SHARE / 'config' / 'echo_depth.yaml'

PASSED_ON = [argument for argument in CHAIN.ARGUMENTS if argument.name != 'sim']

ROBOTS = {name: SHARE / 'config' / 'robots' / f'{name}.yaml'
          for name in ('sim', 'turtlebot3', 'turtlebot4')}
STAMPED = {'humble': False, 'jazzy': True}
"""Whether TurtleBots take TwistStamped, by the distributions that their makers support."""
WARNINGS = {'turtlebot3': (
    'A TurtleBot 3 goes on by its last command when wall_follower is killed: put something that '
    'times out in between ("When the node itself dies" in docs/wall_following.md).')}

ARGUMENTS = [
    DeclareLaunchArgument(
        'robot', default_value='sim', choices=list(ROBOTS),
        description='Whose limits and frames hold, from config/robots; "sim" simulates it'),
    DeclareLaunchArgument(
        'follow_by', default_value='echo', choices=['echo', 'ambient'],
        description='What the wall is heard by: chirps, or the sound of the quiet room (then '
                    'nothing chirps, and nothing keeps the robot from running into things)'),
    DeclareLaunchArgument(
        'enabled', default_value='auto', choices=['auto', 'true', 'false'],
        description='Drive at once; "auto" does in simulation alone: a robot waits for '
                    '/wall_follower/enable'),
    DeclareLaunchArgument(
        'side', default_value='', choices=['', 'nearest', 'left', 'right'],
        description='Side of the robot on which the wall shall be; empty: as in the parameters'),
    DeclareLaunchArgument(
        'distance', default_value='',
        description='Metres from the robot to the wall; empty: as in the parameters'),
    DeclareLaunchArgument(
        'speed', default_value='',
        description='m/s along a free wall, at most max_speed of the robot; empty: as in the '
                    'parameters'),
    DeclareLaunchArgument(
        'stamped', default_value='auto', choices=['auto', 'true', 'false'],
        description='cmd_vel is TwistStamped rather than Twist; "auto" takes what TurtleBots of '
                    'this ROS distribution want'),
    DeclareLaunchArgument(
        'cmd_vel_topic', default_value='cmd_vel',
        description='Where the base listens; a relative name gets the namespace in front'),
    DeclareLaunchArgument(
        'room', default_value='',
        description='Simulated room: track_corner (when empty), track_l, track_straight_1, '
                    'track_straight_2, box, corridor, l, or the path of a room description'),
    DeclareLaunchArgument(
        'track_start', default_value='', choices=['', *map(str, range(9))],
        description='Where on a track the simulated robot starts: 3 * (0, 1, 2 for 0.4, 0.8, '
                    '1.2 m from the wall) + (0, 1, 2 for -30, 0, 30 degrees to it); 4 when empty'),
    *PASSED_ON,
]


def is_stamped(asked: str, distribution: str) -> tuple[bool, str]:
    """
    Return whether cmd_vel carries a header, and what is to be said about it.

    :param asked: auto, true or false.
    :param distribution: of ROS, in lower case; empty where it is not known.
    """
    if asked != 'auto':
        return asked == 'true', ''
    if distribution in STAMPED:
        return STAMPED[distribution], ''
    return True, (
        f'ROS_DISTRO is {distribution!r}: cmd_vel becomes TwistStamped. A base that takes Twist '
        'stands still: give stamped:=false then.')


def merged(robot: dict, mine: dict, defaults: dict, arguments: dict) -> dict:
    """
    Lay parameters over each other, what counts more over what counts less.

    A copy of the package's file in which little was changed is what most users have. So of theirs
    only what differs from the defaults counts more than what the robot's file says.

    :param robot: content of the robot's parameter file, under ``/**``.
    :param mine: content of the user's parameter file.
    :param defaults: content of the package's.
    :param arguments: parameters by name; they count most.
    """
    usual = defaults['/**']['ros__parameters']
    result = deepcopy(mine)
    everywhere = result.setdefault('/**', {}).setdefault('ros__parameters', {})
    changed = {name: value for name, value in everywhere.items()
               if name not in usual or value != usual[name]}
    everywhere.update({**robot['/**']['ros__parameters'], **changed, **arguments})
    return result


def read(path: str | Path) -> dict:
    """
    Return the content of a parameter file.

    :raises ValueError: it is none.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding='utf-8'))
    except yaml.YAMLError as error:
        raise ValueError(f'{path} is not YAML: {error}') from error
    if not isinstance(content, dict):
        raise ValueError(f'{path} is no parameter file; expected sections such as "/**:"')
    return content


def number(name: str, text: str) -> float:
    """
    Return an argument as a number.

    :raises ValueError: it is none.
    """
    try:
        return float(text)
    except ValueError:
        raise ValueError(f'{name}:={text}: expected a number') from None


def follow(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the chain and the follower that the arguments ask for."""
    def argument(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    robot, sim = argument('robot'), argument('robot') == 'sim'
    ambient = argument('follow_by') == 'ambient'
    for name in ('room', 'track_start'):
        if argument(name) and not sim:
            raise ValueError(f'{name}:={argument(name)} is of the simulated robot; expected '
                             f'robot:=sim, not {robot}')
    for name in ('side', 'distance'):
        if argument(name) and ambient:
            raise ValueError(f'{name}:={argument(name)} means nothing to follow_by:=ambient, '
                             'which goes by a threshold; expected follow_by:=echo')
    stamped, note = is_stamped(argument('stamped'), os.environ.get('ROS_DISTRO', '').lower())
    common = {'follow_by': argument('follow_by'), 'enable_stamped_cmd_vel': stamped}
    if ambient:
        # The emitter's: no chirp while ambient sound is listened to.
        common['enabled'] = False
    if sim:
        common.update(room=argument('room') or 'track_corner', ambience=ambient)
        if argument('track_start'):
            common['track_start'] = int(argument('track_start'))
    file = write(merged(
        read(ROBOTS[robot]), read(CHAIN.parameter_file('params_file', argument('params_file'))),
        read(DEFAULTS), common))
    files = [file]
    if argument('calibration'):
        files.append(CHAIN.parameter_file('calibration', argument('calibration')))

    enabled = argument('enabled')
    own = {'start_enabled': sim if enabled == 'auto' else enabled == 'true'}
    if argument('side'):
        own['side'] = argument('side')
    own.update({parameter: number(name, argument(name)) for name, parameter in (
        ('distance', 'wall_distance'), ('speed', 'speed')) if argument(name)})
    nodes = [CHAIN.package_node(context, 'wall_follower', files, own, [])]
    if ambient:
        nodes.append(CHAIN.package_node(context, 'ambient_wall', files, {
            'backend': 'simulated' if sim else 'portaudio'}, []))
    chain = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(CHAIN_FILE)), launch_arguments={
            **{passed.name: argument(passed.name) for passed in PASSED_ON},
            'params_file': file, 'sim': str(sim).lower()}.items())
    kind = 'TwistStamped' if stamped else 'Twist'
    place = '/'.join(['', *filter(None, argument('namespace').split('/'))]).rstrip('/')
    words = ('it drives at once' if own['start_enabled'] else
             f'it stands until {place}/wall_follower/enable is called')
    notes = [note if not sim else '', WARNINGS.get(robot, '')]
    return [
        *(LogInfo(msg=each) for each in notes if each),
        LogInfo(msg=f'wall_follower: {robot}, by {common["follow_by"]}, {kind} on '
                    f'{argument("cmd_vel_topic")}; {words}.'),
        GroupAction([*remaps(argument('cmd_vel_topic'), argument('namespace')), *nodes, chain])]


def write(parameters: dict) -> str:
    """Write a parameter file, as launch_ros does for parameters that are no file; its path."""
    with tempfile.NamedTemporaryFile(
            'w', prefix='wall_following_', suffix='.yaml', delete=False, encoding='utf-8') as file:
        yaml.safe_dump(parameters, file, sort_keys=False)
    return file.name


def remaps(cmd_vel: str, namespace: str) -> list[LaunchDescriptionEntity]:
    """Return where all nodes find the base, and the transforms of a robot with a namespace."""
    names = [('cmd_vel', cmd_vel)] if cmd_vel != 'cmd_vel' else []
    if namespace.strip('/'):
        # As a TurtleBot 4 with a namespace has it.
        names += [('/tf', 'tf'), ('/tf_static', 'tf_static')]
    return [SetRemap(src=source, dst=target) for source, target in names]


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, and what they start."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=follow)])
