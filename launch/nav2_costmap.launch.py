# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Turn echo depth into a laser scan for a Nav2 costmap, so that glass gets into it.

    ros2 launch echo_depth_ros nav2_costmap.launch.py

Start the chain besides (echo_depth.launch.py), and merge config/nav2_echo_depth.yaml into the
parameters of Nav2: docs/wall_following.md says how. ``--show-args`` lists the arguments.
"""

from pathlib import Path

from ament_index_python.packages import get_package_prefix, PackageNotFoundError
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

CONVERTER = 'depthimage_to_laserscan'

ARGUMENTS = [
    DeclareLaunchArgument(
        'params_file',
        default_value=str(Path(__file__).parents[1] / 'config' / 'nav2_echo_depth.yaml'),
        description='Parameters of depthimage_to_laserscan'),
    DeclareLaunchArgument(
        'namespace', default_value='',
        description='Namespace of the chain, such as robot_1'),
    DeclareLaunchArgument(
        'scan_topic', default_value='scan_echo',
        description='Where the scan goes; the same as in the parameters of Nav2'),
    DeclareLaunchArgument(
        'use_sim_time', default_value='false', choices=['true', 'false'],
        description='Take the time from /clock'),
]


def converter(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """
    Return the converter.

    :raises ValueError: it is not installed, or there is no parameter file.
    """
    def argument(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    file = Path(argument('params_file')).expanduser()
    if not file.is_file():
        raise ValueError(f'params_file:={file}: there is no parameter file {file.absolute()}')
    try:
        get_package_prefix(CONVERTER)
    except PackageNotFoundError:
        raise ValueError(
            f'{CONVERTER} is not installed; on Ubuntu: '
            'sudo apt install ros-$ROS_DISTRO-depthimage-to-laserscan') from None
    return [Node(
        package=CONVERTER, executable=f'{CONVERTER}_node', name=CONVERTER,
        namespace=argument('namespace').strip('/'), output='screen',
        parameters=[str(file), {'use_sim_time': argument('use_sim_time') == 'true'}],
        remappings=[('depth', 'depth/image'), ('depth_camera_info', 'depth/camera_info'),
                    ('scan', argument('scan_topic'))])]


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, and what they start."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=converter)])
