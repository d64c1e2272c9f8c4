# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Start the chain: emitter, capture, inference, and the simulated room where there is no hardware.

    ros2 launch echo_depth_ros echo_depth.launch.py sim:=true rviz:=true
    ros2 launch echo_depth_ros echo_depth.launch.py sim:=false calibration:=my_robot.yaml

``--show-args`` lists the arguments. Stop it with Ctrl-C (SIGINT).
"""

from pathlib import Path

from ament_index_python.packages import get_package_prefix, PackageNotFoundError
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, LogInfo, OpaqueFunction
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from echo_depth_ros.vision.frames import FRAMES
from echo_depth_ros.vision.profile import CameraTopics, load_profile

PACKAGE = 'echo_depth_ros'
SHARE = Path(__file__).parents[1]
TRUTH = ['true', 'false']

PROFILES = {
    name: SHARE / 'config' / 'cameras' / file
    for name, file in (('realsense', 'realsense_ros.yaml'), ('zed', 'zed.yaml'))}
"""Where the drivers of cameras publish with their default names."""
CAMERAS = ('none', *PROFILES, 'realsense_direct', 'topics')

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
        'calibration', default_value='',
        description='Parameters that "echo-depth calibrate" wrote for this robot; they come after '
                    'those of params_file'),
    DeclareLaunchArgument(
        'camera', default_value='none',
        description='Camera whose images accompany the echoes: "realsense" (realsense-ros) and '
                    '"zed" (zed-ros2-wrapper) take the topics of a driver that runs already, '
                    '"realsense_direct" starts one for a RealSense that is plugged in, "topics" '
                    'takes rgb_topic and depth_topic, a path takes the topics of a profile like '
                    'those in config/cameras, "none" the camera of the simulated room, if any'),
    DeclareLaunchArgument(
        'rgb_topic', default_value='camera/color/image_raw',
        description='Colour images for camera:=topics'),
    DeclareLaunchArgument(
        'depth_topic', default_value='camera/depth/image_raw',
        description='Depth images for camera:=topics'),
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


def parameter_file(argument: str, path: str) -> str:
    """
    Return the path of a parameter file.

    :raises ValueError: there is none.
    """
    # No shell puts a home in the place of the ~ in calibration:=~/my_robot.yaml.
    file = Path(path).expanduser()
    if not file.is_file():
        raise ValueError(f'{argument}:={path}: there is no parameter file {file.absolute()}')
    return str(file)


def camera_topics(camera: str, rgb_topic: str, depth_topic: str) -> list[tuple[str, str]]:
    """
    Return the remappings of a camera's topics.

    :raises ValueError: an unknown camera, or a profile that cannot be read.
    """
    if camera in ('none', 'realsense_direct'):
        return []
    if camera == 'topics':
        return CameraTopics(rgb_topic, depth_topic).remappings()
    if camera in PROFILES:
        return load_profile(PROFILES[camera]).remappings()
    if Path(camera).suffix not in ('.yaml', '.yml'):
        raise ValueError(
            f'camera:={camera} is unknown; expected one of {", ".join(CAMERAS)}, or the path of a '
            'profile, such as /path/to/profile.yaml')
    return load_profile(Path(camera).expanduser()).remappings()


def package_node(context: LaunchContext, name: str, files: list[str], parameters: dict,
                 remappings: list[tuple[str, str]]) -> Node:
    """
    Return a node of this package as the arguments have it: namespace, time and log level.

    :param files: of parameters, later ones over earlier ones.
    :param parameters: count more than the files.
    """
    namespace, level, time = (LaunchConfiguration(argument).perform(context)
                              for argument in ('namespace', 'log_level', 'use_sim_time'))
    namespace = namespace.strip('/')
    logger = '.'.join([*namespace.split('/'), name]) if namespace else name
    return Node(
        package=PACKAGE, executable=name, name=name, namespace=namespace,
        parameters=[*files, {'use_sim_time': time == 'true', **parameters}],
        remappings=remappings, output='screen', emulate_tty=True,
        ros_arguments=['--log-level', f'{logger}:={level}'])


def chain(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the nodes of this package that the arguments ask for, each a process of its own."""
    def argument(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    sim = argument('sim') == 'true'
    files = [parameter_file(name, argument(name))
             for name in ('params_file', 'calibration') if argument(name)]
    audio = {'backend': 'simulated' if sim else 'portaudio'}
    model = {'model': argument('model')} if argument('model') else {}
    camera = argument('camera')
    remappings = camera_topics(camera, argument('rgb_topic'), argument('depth_topic'))
    if camera == 'realsense_direct' and sim:
        raise ValueError(
            'camera:=realsense_direct and sim:=true would publish two cameras as one; '
            'expected sim:=false with a real camera')

    def node(name: str, parameters: dict, remappings: list) -> Node:
        return package_node(context, name, files, parameters, remappings)

    nodes = [
        node('chirp_emitter', audio, []),
        node('binaural_capture', audio, remappings),
        node('depth_inference', model, []),
    ]
    if argument('scale') == 'true':
        nodes.append(node('depth_scale', {}, remappings))
    if camera == 'realsense_direct':
        nodes.append(node('realsense_camera', {}, []))
    if sim:
        nodes.append(node('room_simulator', {}, []))
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
            name=f'{frame.child}_frame', namespace=LaunchConfiguration('namespace'),
            arguments=frame.publisher_arguments())
        for frame in FRAMES
    ]


def view(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return RViz where it is wanted and there."""
    if LaunchConfiguration('rviz').perform(context) != 'true':
        return []
    if not is_installed('rviz2'):
        return [LogInfo(msg='rviz:=true, but rviz2 is not installed: going on without a view.')]
    namespace = LaunchConfiguration('namespace').perform(context).strip('/')
    topics = ('camera/color/image_raw', 'depth/camera_info', 'depth/confidence', 'depth/image',
              'metric_depth', 'odom', 'path', 'range', 'wall')
    return [Node(
        package='rviz2', executable='rviz2', output='screen',
        arguments=['-d', str(SHARE / 'config' / 'echo_depth.rviz')],
        # The view names topics of the root namespace.
        remappings=[(f'/{t}', f'/{namespace}/{t}') for t in topics] if namespace else [])]


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, and what they start."""
    return LaunchDescription([
        *ARGUMENTS,
        OpaqueFunction(function=chain),
        OpaqueFunction(function=frames),
        OpaqueFunction(function=view),
    ])
