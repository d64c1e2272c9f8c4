# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Start the chain: emitter, capture, inference, and the simulated room where there is no hardware.

    ros2 launch echo_depth_ros echo_depth.launch.py sim:=true rviz:=true

``--show-args`` lists the arguments. Stop it with Ctrl-C (SIGINT).
"""

from math import pi
from pathlib import Path

from ament_index_python.packages import get_package_prefix, PackageNotFoundError
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, LogInfo, OpaqueFunction
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

PACKAGE = 'echo_depth_ros'
SHARE = Path(__file__).parents[1]
TRUTH = ['true', 'false']

CAMERAS = {
    'realsense': {
        'camera/rgb': '/camera/camera/color/image_raw',
        'camera/depth': '/camera/camera/aligned_depth_to_color/image_raw',
    },
    'zed': {
        'camera/rgb': '/zed/zed_node/rgb/color/rect/image',
        'camera/depth': '/zed/zed_node/depth/depth_registered',
    },
}
"""Where the drivers of realsense-ros and zed-ros2-wrapper publish with their default names."""

FRAMES = [
    # parent, child, x y z in metres, roll pitch yaw in radians
    ('base_link', 'echo_depth_link', (0.0, 0.0, 0.5), (0.0, 0.0, 0.0)),
    ('echo_depth_link', 'speaker', (0.10, 0.0, -0.08), (0.0, 0.0, 0.0)),
    ('echo_depth_link', 'ears', (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    # REP-103: z forward, x right, y down.
    ('echo_depth_link', 'echo_depth_optical_frame', (0.0, 0.0, 0.0), (-pi / 2, 0.0, -pi / 2)),
]

ARGUMENTS = [
    DeclareLaunchArgument(
        'params_file', default_value=str(SHARE / 'config' / 'echo_depth.yaml'),
        description='Parameters of all nodes'),
    DeclareLaunchArgument(
        'namespace', default_value='',
        description='Namespace of all nodes and topics, such as robot_1'),
    DeclareLaunchArgument(
        'use_sim_time', default_value='false', choices=TRUTH,
        description='Take the time from /clock'),
    DeclareLaunchArgument(
        'sim', default_value='true', choices=TRUTH,
        description='Simulate room, speaker, ears, camera and base; no hardware is needed'),
    DeclareLaunchArgument(
        'camera', default_value='none', choices=['none', *CAMERAS, 'topics'],
        description='Camera whose images accompany the echoes; "topics" listens to camera/rgb '
                    'and camera/depth. The simulated room brings its own'),
    DeclareLaunchArgument(
        'model', default_value='',
        description='ONNX file of the student; empty takes the one of the parameters'),
    DeclareLaunchArgument(
        'scale', default_value='false', choices=TRUTH,
        description='Start depth_scale, which gives relative_depth its metric scale'),
    DeclareLaunchArgument(
        'rviz', default_value='false', choices=TRUTH,
        description='Open RViz with the view of this package'),
    DeclareLaunchArgument(
        'log_level', default_value='info', choices=['debug', 'info', 'warn', 'error', 'fatal'],
        description='How much the nodes of this package log'),
]


def is_installed(package: str) -> bool:
    """Whether ROS finds a package."""
    try:
        get_package_prefix(package)
    except PackageNotFoundError:
        return False
    return True


def chain(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the nodes of this package that the arguments ask for, each a process of its own."""
    def argument(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    sim, camera = argument('sim') == 'true', argument('camera')
    namespace = argument('namespace').strip('/')
    common = {'use_sim_time': argument('use_sim_time') == 'true'}
    audio = {'backend': 'simulated' if sim else 'portaudio'}

    def node(name: str, parameters: dict, remappings: dict) -> Node:
        logger = '.'.join([*namespace.split('/'), name]) if namespace else name
        return Node(
            package=PACKAGE, executable=name, name=name, namespace=namespace,
            parameters=[argument('params_file'), {**common, **parameters}],
            remappings=list(remappings.items()), output='screen', emulate_tty=True,
            ros_arguments=['--log-level', f'{logger}:={argument("log_level")}'])

    # The simulated room plays the camera on camera/rgb and camera/depth itself.
    watches = {'use_camera': sim or camera != 'none'}
    model = {'model': argument('model')} if argument('model') else {}
    nodes = [
        node('chirp_emitter', audio, {}),
        node('binaural_capture', {**audio, **watches}, CAMERAS.get(camera, {})),
        node('depth_inference', model, {}),
    ]
    if argument('scale') == 'true':
        nodes.append(node('depth_scale', {}, {}))
    if sim:
        nodes.append(node('room_simulator', {}, {}))
    else:
        nodes.append(LogInfo(msg=(
            'sim:=false: sound devices (PortAudio) arrive in the next release. Until then only '
            'the simulated air plays and listens: use sim:=true.')))
    return nodes


def frames(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the publishers of the static frames of speaker, ears and depth image."""
    if not is_installed('tf2_ros'):
        return [LogInfo(msg=(
            'tf2_ros is not installed: the static frames of speaker, ears and depth image are '
            'not published, and RViz shows no point cloud.'))]
    return [
        Node(
            package='tf2_ros', executable='static_transform_publisher',
            name=f'{child}_frame', namespace=LaunchConfiguration('namespace'),
            arguments=[
                '--frame-id', parent, '--child-frame-id', child,
                '--x', str(x), '--y', str(y), '--z', str(z),
                '--roll', str(roll), '--pitch', str(pitch), '--yaw', str(yaw)])
        for parent, child, (x, y, z), (roll, pitch, yaw) in FRAMES
    ]


def view(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return RViz where it is wanted and there."""
    if LaunchConfiguration('rviz').perform(context) != 'true':
        return []
    if not is_installed('rviz2'):
        return [LogInfo(msg='rviz:=true, but rviz2 is not installed: going on without a view.')]
    return [Node(
        package='rviz2', executable='rviz2', namespace=LaunchConfiguration('namespace'),
        arguments=['-d', str(SHARE / 'config' / 'echo_depth.rviz')], output='screen')]


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, and what they start."""
    return LaunchDescription([
        *ARGUMENTS,
        OpaqueFunction(function=chain),
        OpaqueFunction(function=frames),
        OpaqueFunction(function=view),
    ])
