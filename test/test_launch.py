# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What the launch file starts, and the parameters and the view that go with it.

Launching needs launch and launch_ros, which are not on PyPI; without them those tests are
skipped. The others need rclpy only.
"""

import importlib
import re

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
import yaml

from .launching import command, load, parameters_of, ROOT, started, values_for_all

PARAMETERS = ROOT / 'config' / 'echo_depth.yaml'
VIEW = ROOT / 'config' / 'echo_depth.rviz'

NODES = {
    'chirp_emitter': 'ChirpEmitter',
    'binaural_capture': 'BinauralCapture',
    'depth_inference': 'DepthInference',
    'depth_scale': 'DepthScale',
    'ambient_wall': 'AmbientWall',
    'realsense_camera': 'RealSenseCamera',
    'room_simulator': 'RoomSimulator',
    'wall_follower': 'WallFollower',
}
ROS_OWN = {'use_sim_time', 'start_type_description_service'}

pytestmark = pytest.mark.usefixtures('folder_for_parameters')


@pytest.fixture(scope='module')
def made_nodes():
    """Every node of this package, unconfigured, in a context of their own."""
    rclpy = pytest.importorskip('rclpy', reason='rclpy is not installed')
    from rclpy.parameter import Parameter
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=None)
    made = {}
    for name, class_name in NODES.items():
        module = importlib.import_module(f'echo_depth_ros.nodes.{name}')
        made[name] = getattr(module, class_name)(
            context=context, parameter_overrides=[Parameter('autostart', value=False)])
    yield made
    for node in made.values():
        node.destroy_node()
    rclpy.shutdown(context=context)


def declared(node) -> dict:
    parameters = node.get_parameters_by_prefix('')
    return {name: parameter.value for name, parameter in parameters.items()
            if name not in ROS_OWN and not name.startswith('qos_overrides.')}


def test_parameter_file_has_every_parameter_with_its_default(made_nodes):
    defaults = {}
    for node in made_nodes.values():
        defaults.update(declared(node))
    assert values_for_all(PARAMETERS) == {**defaults, 'autostart': True}


def test_nodes_that_share_a_parameter_share_its_default(made_nodes):
    seen = {}
    for name, node in made_nodes.items():
        for parameter, value in declared(node).items():
            assert seen.setdefault(parameter, value) == value, f'{parameter} of {name}'


def test_every_parameter_in_the_file_has_a_comment():
    text = PARAMETERS.read_text(encoding='utf-8')
    section = text[text.index('/**:\n  ros__parameters:'):]
    commented = False
    for line in section.splitlines()[2:]:
        # A comment speaks for the parameters that follow it up to the next blank or comment line.
        commented = line.lstrip().startswith('#') or (commented and bool(line.strip()))
        if re.match(r'    \w+:', line):
            assert commented, line


def test_view_shows_topics_that_are_published(made_nodes):
    view = yaml.safe_load(VIEW.read_text(encoding='utf-8'))['Visualization Manager']
    displays = {d['Class'].removeprefix('rviz_default_plugins/'): d for d in view['Displays']}
    assert {'DepthCloud', 'Image', 'Marker', 'Odometry', 'Path', 'Range', 'TF'} <= displays.keys()
    topics = {d['Topic']['Value'] for d in view['Displays'] if 'Topic' in d}
    topics.add(displays['DepthCloud']['Depth Map Topic'])
    published = {publisher.topic_name for node in made_nodes.values()
                 for publisher in node.publishers}
    assert topics <= published
    assert {'/depth/image', '/depth/confidence', '/camera/color/image_raw', '/path', '/wall',
            '/odom'} <= topics
    assert view['Global Options']['Fixed Frame'] == 'odom'


@pytest.fixture(scope='module')
def launch_module():
    """Return the launch file as a module."""
    return load('echo_depth')


def test_arguments_are_those_of_the_design(launch_module):
    names = {argument.name: argument for argument in launch_module.ARGUMENTS}
    assert {'params_file', 'namespace', 'use_sim_time', 'sim', 'camera', 'model', 'rviz',
            'log_level'} <= names.keys()
    assert all(argument.description for argument in names.values())
    assert all(f'"{camera}"' in names['camera'].description for camera in (
        'none', 'realsense', 'realsense_direct', 'zed', 'topics'))
    assert names['rviz'].choices == ['true', 'false']


def test_simulation_starts_the_whole_chain(launch_module):
    nodes, _ = started(launch_module, sim='true')
    others = {'depth_scale', 'realsense_camera', 'wall_follower', 'ambient_wall'}
    assert NODES.keys() & nodes.keys() == NODES.keys() - others
    assert parameters_of(nodes['chirp_emitter'])['backend'] == 'simulated'
    assert parameters_of(nodes['depth_inference'])['model'] == ''
    assert parameters_of(nodes['depth_inference'])['use_sim_time'] is False


def test_scale_and_model_and_time(launch_module):
    nodes, _ = started(
        launch_module, scale='true', model='/models/other.onnx', use_sim_time='true')
    assert 'depth_scale' in nodes
    assert parameters_of(nodes['depth_inference'])['model'] == '/models/other.onnx'
    assert parameters_of(nodes['depth_scale'])['use_sim_time'] is True


def test_hardware_takes_the_place_of_the_simulator(launch_module):
    nodes, _ = started(launch_module, sim='false')
    assert 'room_simulator' not in nodes
    for name in ('chirp_emitter', 'binaural_capture'):
        assert parameters_of(nodes[name])['backend'] == 'portaudio'


def test_a_calibration_comes_after_the_parameters(launch_module, tmp_path, monkeypatch):
    file = tmp_path / 'my_robot.yaml'
    file.write_text('/**:\n  ros__parameters:\n    swap_ears: true\n    input_device: USB\n')
    nodes, _ = started(launch_module, sim='false', calibration=str(file))
    given = parameters_of(nodes['binaural_capture'])
    assert given['swap_ears'] is True and given['input_device'] == 'USB'
    assert given['ping_rate'] == 13.7
    monkeypatch.setenv('HOME', str(tmp_path))
    nodes, _ = started(launch_module, sim='false', calibration='~/my_robot.yaml')
    assert parameters_of(nodes['binaural_capture'])['swap_ears'] is True


@pytest.mark.parametrize('argument', ['params_file', 'calibration'])
def test_a_missing_parameter_file_is_named(launch_module, argument):
    with pytest.raises(ValueError, match=f'{argument}:=~/no.yaml: there is no .* /.*/no.yaml'):
        started(launch_module, **{argument: '~/no.yaml'})


@pytest.mark.parametrize(('camera', 'folder', 'image'), [
    ('realsense', '/camera/camera/aligned_depth_to_color', 'image_raw'),
    ('zed', '/zed/zed_node/depth', 'depth_registered'),
    ('topics', '/my', 'depth'),
])
def test_camera_topics(launch_module, camera, folder, image):
    nodes, _ = started(launch_module, camera=camera, depth_topic='/my/depth')
    remappings = dict(nodes['binaural_capture'].expanded_remapping_rules)
    assert remappings['camera/depth/image_raw'] == f'{folder}/{image}'
    assert remappings['camera/depth/camera_info'] == f'{folder}/camera_info'
    assert len(remappings) == 4 and 'realsense_camera' not in nodes
    assert nodes['depth_inference'].expanded_remapping_rules is None


def test_a_camera_of_the_users_own(launch_module, tmp_path):
    profile = tmp_path / 'mine.yaml'
    profile.write_text('color: /eye/image\ndepth: /eye/depth\n', encoding='utf-8')
    nodes, _ = started(launch_module, camera=str(profile))
    remappings = dict(nodes['binaural_capture'].expanded_remapping_rules)
    assert remappings['camera/color/image_raw'] == '/eye/image'


@pytest.mark.parametrize(('camera', 'words'), [
    ('kinect', 'expected one of none, realsense, zed, realsense_direct, topics, or the path'),
    ('/nowhere/mine.yaml', 'cannot be read'),
])
def test_an_unknown_camera_is_refused(launch_module, camera, words):
    with pytest.raises(ValueError, match=words):
        started(launch_module, camera=camera)


def test_realsense_direct_starts_our_own_driver(launch_module):
    nodes, _ = started(launch_module, camera='realsense_direct', sim='false')
    assert nodes['realsense_camera'].node_executable == 'realsense_camera'
    assert nodes['binaural_capture'].expanded_remapping_rules is None
    with pytest.raises(ValueError, match='sim:=false'):
        started(launch_module, camera='realsense_direct', sim='true')


def test_no_camera_leaves_the_simulated_one(launch_module):
    nodes, _ = started(launch_module, camera='none')
    assert nodes['binaural_capture'].expanded_remapping_rules is None


def test_namespace_and_log_level(launch_module):
    nodes, _ = started(launch_module, namespace='/robot_1/', log_level='debug')
    assert nodes['depth_inference'].node_name == '/robot_1/depth_inference'
    assert '--log-level robot_1.depth_inference:=debug' in command(nodes['depth_inference'])


def test_static_frames(launch_module, monkeypatch):
    monkeypatch.setattr(launch_module, 'is_installed', lambda package: True)
    nodes, messages = started(launch_module)
    children = {child for _, child, _, _ in launch_module.FRAMES}
    assert {f'{child}_frame' for child in children} <= nodes.keys()
    assert messages == []
    line = command(nodes['speaker_frame'])
    assert '--frame-id echo_depth_link --child-frame-id speaker --x 0.1 --y 0.0 --z -0.08' in line


def test_frames_agree_with_the_simulated_rig(launch_module):
    from echo_depth_ros.sim.rig import Rig
    offsets = {child: offset for _, child, offset, _ in launch_module.FRAMES}
    assert offsets['speaker'] == Rig().speaker
    assert offsets['echo_depth_link'] == (0.0, 0.0, Rig().height)


def test_optical_frame_looks_ahead(launch_module):
    angles = {child: turn for _, child, _, turn in launch_module.FRAMES}
    # Fixed axes x, y, z in turn, as static_transform_publisher takes roll, pitch and yaw.
    turn = Rotation.from_euler('xyz', angles['echo_depth_optical_frame'])
    right_down_ahead = turn.apply(np.eye(3))
    np.testing.assert_allclose(
        right_down_ahead, [[0, -1, 0], [0, 0, -1], [1, 0, 0]], atol=1e-12)


def test_view_follows_the_namespace(launch_module, monkeypatch):
    monkeypatch.setattr(launch_module, 'is_installed', lambda package: True)
    nodes, _ = started(launch_module, rviz='true', namespace='robot_1')
    remappings = dict(nodes['rviz2'].expanded_remapping_rules)
    view = yaml.safe_load(VIEW.read_text(encoding='utf-8'))['Visualization Manager']
    for display in view['Displays']:
        if 'Topic' in display:
            topic = display['Topic']['Value']
            assert remappings[topic] == '/robot_1' + topic


def test_missing_packages_are_named(launch_module, monkeypatch):
    monkeypatch.setattr(launch_module, 'is_installed', lambda package: False)
    nodes, messages = started(launch_module, rviz='true')
    assert nodes
    assert any('tf2_ros' in message for message in messages)
    assert any('rviz2' in message for message in messages)
