# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What launch/wall_following.launch.py and launch/nav2_costmap.launch.py start.

Launching needs launch and launch_ros, which are not on PyPI; without them most is skipped. The
files of the robots are held against the nodes' parameters in any case.
"""

import pytest
import yaml

from echo_depth_ros.navigation.safe_drive import DriveLimits
from echo_depth_ros.navigation.wall_follower import FollowSettings

from .launching import command, load, parameters_of, ROOT, started, values_for_all

ROBOTS = sorted((ROOT / 'config' / 'robots').glob('*.yaml'))
DEFAULTS = values_for_all(ROOT / 'config' / 'echo_depth.yaml')

pytestmark = pytest.mark.usefixtures('folder_for_parameters')


@pytest.fixture(scope='module')
def wall():
    return load('wall_following')


@pytest.fixture(scope='module')
def nav2():
    return load('nav2_costmap')


@pytest.fixture
def jazzy(monkeypatch):
    monkeypatch.setenv('ROS_DISTRO', 'jazzy')


# ---- config/robots ------------------------------------------------------------------------------

def test_there_is_a_file_for_each_robot(wall):
    assert {path.stem for path in ROBOTS} == set(wall.ROBOTS)
    assert all(path.is_file() for path in wall.ROBOTS.values())


@pytest.mark.parametrize('path', ROBOTS, ids=lambda path: path.stem)
def test_a_robot_has_only_parameters_that_nodes_know(path):
    for name, value in values_for_all(path).items():
        assert name in DEFAULTS, f'{path.name}: no node knows {name}'
        assert type(value) is type(DEFAULTS[name]), f'{path.name}: {name} is {value!r}'


@pytest.mark.parametrize('path', ROBOTS, ids=lambda path: path.stem)
def test_something_can_be_promised_for_each_robot(path):
    given = {**DEFAULTS, **values_for_all(path)}
    limits = DriveLimits(latency=given['drive_latency'], **{name: given[name] for name in (
        'robot_radius', 'margin', 'range_error', 'blind_range', 'sure_range', 'max_speed',
        'max_turn', 'acceleration', 'deceleration', 'turn_acceleration', 'slip', 'stop_within')})
    settings = FollowSettings(distance=given['wall_distance'], speed=given['speed'],
                              look_ahead=given['look_ahead'], clearance=given['clearance'])
    assert settings.speed <= limits.max_speed
    # Or the policy would choose ways on which the guard stops the robot for good.
    assert settings.clearance >= limits.stop_range


@pytest.mark.parametrize(('robot', 'fastest'), [('turtlebot3', 0.22), ('turtlebot4', 0.306)])
def test_no_robot_is_driven_faster_than_its_maker_allows(robot, fastest):
    given = values_for_all(ROOT / 'config' / 'robots' / f'{robot}.yaml')
    assert given['max_speed'] <= fastest


def test_the_simulated_robot_is_the_one_that_is_simulated():
    from echo_depth_ros.sim.rig import Rig
    given = values_for_all(ROOT / 'config' / 'robots' / 'sim.yaml')
    assert given['robot_radius'] == Rig().robot_radius
    assert given['camera_height'] == Rig().height


# ---- wall_following.launch.py -------------------------------------------------------------------

def test_simulation_drives_at_once(wall, jazzy):
    nodes, messages = started(wall)
    assert {'chirp_emitter', 'binaural_capture', 'depth_inference', 'room_simulator',
            'wall_follower'} <= nodes.keys()
    assert 'ambient_wall' not in nodes
    room, follower = parameters_of(nodes['room_simulator']), parameters_of(nodes['wall_follower'])
    assert room['drive'] == 'cmd_vel' and room['room'] == 'track_corner'
    assert follower['start_enabled'] is True and follower['follow_by'] == 'echo'
    assert room['enable_stamped_cmd_vel'] is follower['enable_stamped_cmd_vel'] is True
    assert parameters_of(nodes['chirp_emitter'])['enabled'] is True
    assert any('drives at once' in message for message in messages)


@pytest.mark.parametrize('robot', ['turtlebot3', 'turtlebot4'])
def test_a_robot_waits_to_be_enabled(wall, jazzy, robot):
    nodes, messages = started(wall, robot=robot)
    assert 'room_simulator' not in nodes
    given = parameters_of(nodes['wall_follower'])
    assert given['start_enabled'] is False
    for name, value in values_for_all(ROOT / 'config' / 'robots' / f'{robot}.yaml').items():
        assert given[name] == value, name
    assert parameters_of(nodes['binaural_capture'])['backend'] == 'portaudio'
    assert any('until /wall_follower/enable is called' in message for message in messages)
    # Of these two only the Create 3 stops when commands stop coming.
    assert any('goes on by its last command' in m for m in messages) is (robot == 'turtlebot3')
    nodes, _ = started(wall, robot=robot, enabled='true')
    assert parameters_of(nodes['wall_follower'])['start_enabled'] is True


@pytest.mark.parametrize(('distribution', 'asked', 'stamped', 'said'), [
    ('jazzy', 'auto', True, False),
    ('humble', 'auto', False, False),
    ('humble', 'true', True, False),
    ('jazzy', 'false', False, False),
    ('', 'auto', True, True),
    ('zebra', 'auto', True, True),
])
def test_type_of_cmd_vel(wall, monkeypatch, distribution, asked, stamped, said):
    monkeypatch.setenv('ROS_DISTRO', distribution)
    nodes, messages = started(wall, robot='turtlebot3', stamped=asked)
    assert parameters_of(nodes['wall_follower'])['enable_stamped_cmd_vel'] is stamped
    assert any('ROS_DISTRO' in message for message in messages) is said
    assert any(('TwistStamped on' if stamped else 'Twist on') in message for message in messages)


def test_arguments_reach_the_follower(wall, jazzy):
    nodes, _ = started(wall, side='left', distance='0.8', speed='0.1')
    given = parameters_of(nodes['wall_follower'])
    assert (given['side'], given['wall_distance'], given['speed']) == ('left', 0.8, 0.1)
    with pytest.raises(ValueError, match='distance:=far: expected a number'):
        started(wall, distance='far')


def test_ambient_sound_is_listened_to_in_silence(wall, jazzy):
    nodes, _ = started(wall, follow_by='ambient', robot='turtlebot4')
    assert parameters_of(nodes['chirp_emitter'])['enabled'] is False
    assert parameters_of(nodes['wall_follower'])['follow_by'] == 'ambient'
    assert parameters_of(nodes['ambient_wall'])['backend'] == 'portaudio'
    nodes, _ = started(wall, follow_by='ambient')
    assert parameters_of(nodes['room_simulator'])['ambience'] is True
    assert parameters_of(nodes['ambient_wall'])['backend'] == 'simulated'
    for name, value in (('side', 'left'), ('distance', '0.8')):
        with pytest.raises(ValueError, match=f'{name}:={value} means nothing to follow_by:=amb'):
            started(wall, follow_by='ambient', **{name: value})


def test_rooms_are_of_the_simulated_robot_alone(wall, jazzy):
    nodes, _ = started(wall, room='track_l', track_start='8')
    given = parameters_of(nodes['room_simulator'])
    assert given['room'] == 'track_l' and given['track_start'] == 8
    for name, value in (('room', 'track_l'), ('track_start', '3')):
        with pytest.raises(ValueError, match=f'{name}:={value} is of the simulated robot'):
            started(wall, robot='turtlebot4', **{name: value})


def test_what_a_user_changed_counts_more_than_the_robots_file(wall, jazzy, tmp_path):
    mine = tmp_path / 'mine.yaml'
    text = (ROOT / 'config' / 'echo_depth.yaml').read_text(encoding='utf-8')
    assert '    max_turn: 1.0\n' in text and '    margin: 0.05\n' in text
    mine.write_text(text.replace('    margin: 0.05\n', '    margin: 0.1\n')
                    + '\n/**/wall_follower:\n  ros__parameters:\n    slip: 0.2\n')
    nodes, _ = started(wall, robot='turtlebot3', params_file=str(mine))
    given = parameters_of(nodes['wall_follower'])
    assert given['margin'] == 0.1 and given['slip'] == 0.2
    # Copied, but not changed.
    assert given['max_speed'] == values_for_all(wall.ROBOTS['turtlebot3'])['max_speed']


def test_a_calibration_reaches_all_nodes(wall, jazzy, tmp_path):
    file = tmp_path / 'my_robot.yaml'
    file.write_text('/**:\n  ros__parameters:\n    swap_ears: true\n')
    nodes, _ = started(wall, robot='turtlebot3', calibration=str(file))
    for name in ('binaural_capture', 'wall_follower'):
        assert parameters_of(nodes[name])['swap_ears'] is True
    with pytest.raises(ValueError, match='there is no parameter file'):
        started(wall, calibration='/nowhere.yaml')


@pytest.mark.parametrize('text', ['a: [', '- a list', ''])
def test_a_file_that_holds_no_parameters_is_refused(wall, jazzy, tmp_path, text):
    file = tmp_path / 'bad.yaml'
    file.write_text(text)
    with pytest.raises(ValueError, match='bad.yaml is no'):
        started(wall, params_file=str(file))


def test_namespace_reaches_topics_and_transforms(wall, jazzy):
    nodes, messages = started(wall, robot='turtlebot4', namespace='/robot_1/', log_level='warn')
    assert any('until /robot_1/wall_follower/enable is called' in m for m in messages)
    follower = nodes['wall_follower']
    assert follower.node_name == '/robot_1/wall_follower'
    line = command(follower)
    assert '--log-level robot_1.wall_follower:=warn' in line
    assert '/tf:=tf' in line and '/tf_static:=tf_static' in line
    assert 'cmd_vel:=' not in line
    assert nodes['depth_inference'].node_name == '/robot_1/depth_inference'


def test_base_may_listen_elsewhere(wall, jazzy):
    nodes, messages = started(wall, cmd_vel_topic='/base/cmd_vel')
    for name in ('wall_follower', 'room_simulator'):
        assert 'cmd_vel:=/base/cmd_vel' in command(nodes[name])
    assert any('on /base/cmd_vel' in message for message in messages)


def test_arguments_of_the_chain_are_passed_on(wall, jazzy):
    names = [argument.name for argument in wall.ARGUMENTS]
    assert len(names) == len(set(names)) and 'sim' not in names
    assert {'params_file', 'namespace', 'use_sim_time', 'calibration', 'camera', 'model', 'rviz',
            'log_level'} <= set(names)
    assert all(argument.description for argument in wall.ARGUMENTS)
    nodes, _ = started(wall, model='/models/other.onnx', scale='true', use_sim_time='true')
    assert parameters_of(nodes['depth_inference'])['model'] == '/models/other.onnx'
    assert 'depth_scale' in nodes
    assert parameters_of(nodes['wall_follower'])['use_sim_time'] is True


# ---- nav2_costmap.launch.py ---------------------------------------------------------------------

def test_the_converter_is_told_frame_and_topics(nav2, monkeypatch):
    monkeypatch.setattr(nav2, 'get_package_prefix', lambda package: '/opt/ros')
    nodes, _ = started(nav2, namespace='/robot_1/')
    node = nodes['depthimage_to_laserscan']
    assert node.node_package == 'depthimage_to_laserscan'
    assert node.node_name == '/robot_1/depthimage_to_laserscan'
    assert dict(node.expanded_remapping_rules) == {
        'depth': 'depth/image', 'depth_camera_info': 'depth/camera_info', 'scan': 'scan_echo'}
    file = yaml.safe_load((ROOT / 'config' / 'nav2_echo_depth.yaml').read_text(encoding='utf-8'))
    assert file['/**/depthimage_to_laserscan']['ros__parameters']['output_frame']
    assert 'nav2_echo_depth.yaml' in command(node)


def test_a_missing_converter_is_named(nav2):
    with pytest.raises(ValueError, match='sudo apt install ros-.*depthimage-to-laserscan'):
        started(nav2)
    with pytest.raises(ValueError, match='there is no parameter file'):
        started(nav2, params_file='/nowhere.yaml')
