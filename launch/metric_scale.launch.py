# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Give any relative-depth network its metres: depth_scale, and the chain of echo_depth.launch.py.

    ros2 launch echo_depth_ros metric_scale.launch.py rviz:=true
    ros2 launch echo_depth_ros metric_scale.launch.py sim:=false calibration:=my_robot.yaml \
        camera:=realsense profile:=depth_anything_v2
    ros2 launch echo_depth_ros metric_scale.launch.py with_echo:=false sim:=false \
        relative_depth:=/my/disparity relative_kind:=disparity scaling:=least_squares

In simulation the true depth of the simulated camera stands for the network, so that the scale, on
/diagnostics, should be about 1. ``--show-args`` lists the arguments. Stop it with Ctrl-C (SIGINT).
"""

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
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

from echo_depth_ros.perception.metric_sources import MODES
from echo_depth_ros.perception.relative_profile import load_relative_profile, RelativeProfile
from echo_depth_ros.perception.scaling import KINDS, SCALINGS

CHAIN_FILE = Path(__file__).with_name('echo_depth.launch.py')
CHAIN = load_python_launch_file_as_module(str(CHAIN_FILE))

PASSED_ON = [argument for argument in CHAIN.ARGUMENTS if argument.name != 'scale']
PROFILES = {path.stem: path for path in sorted(
    (Path(__file__).parents[1] / 'config' / 'relative_depth').glob('*.yaml'))}
SIMULATED = RelativeProfile('camera/depth/image_raw')
"""Stands for the network in simulation: depth in metres, whose scale is 1."""

ARGUMENTS = [
    DeclareLaunchArgument(
        'profile', default_value='',
        description='What publishes the relative depth, from config/relative_depth: '
                    + ', '.join(PROFILES) + '; or the path of a profile'),
    DeclareLaunchArgument(
        'relative_depth', default_value='',
        description="Topic of the relative depth, with camera_info beside it; empty: the "
                    "profile's, or in simulation the true depth"),
    DeclareLaunchArgument(
        'relative_kind', default_value='', choices=['', *KINDS],
        description='What it holds; empty: as in the profile, else as in the parameters'),
    DeclareLaunchArgument(
        'scaling', default_value='', choices=['', *SCALINGS],
        description='How it is matched with the metric depth; empty likewise'),
    DeclareLaunchArgument(
        'metric_source', default_value='', choices=['', *MODES],
        description='What gives the scale: colour and echoes (avs_net), echoes alone (echo), or '
                    'the former where it can (auto); empty: as in the parameters'),
    DeclareLaunchArgument(
        'avs_model', default_value='',
        description='ONNX AVS-Net; empty takes the one of the parameters'),
    DeclareLaunchArgument(
        'with_echo', default_value='true', choices=CHAIN.TRUTH,
        description='Start emitter, capture and inference, too; false where they run already'),
    *PASSED_ON,
]


def profile_of(name: str, topic: str, sim: bool) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """
    Return the remappings and the parameters of a network's depth.

    :param name: of a profile, or its path, or empty; ``topic`` counts more than what it says.
    :raises ValueError: there is no such profile, it cannot be read, or both are empty without
        simulation.
    """
    if not name:
        if topic:
            return RelativeProfile(topic).remappings(), {}
        if sim:
            return SIMULATED.remappings(), SIMULATED.parameters()
        raise ValueError(
            'relative_depth and profile are empty; expected the topic of your network, or one of '
            f'{", ".join(PROFILES)}')
    if name not in PROFILES and Path(name).suffix not in ('.yaml', '.yml'):
        raise ValueError(f'profile:={name} is unknown; expected one of {", ".join(PROFILES)}, or '
                         'the path of a profile, such as /path/to/profile.yaml')
    profile = load_relative_profile(PROFILES.get(name, Path(name).expanduser()))
    remappings = (RelativeProfile(topic) if topic else profile).remappings()
    return remappings, profile.parameters()


def scale(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the scale node, and the chain where it is wanted."""
    def argument(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    sim, with_echo = argument('sim') == 'true', argument('with_echo') == 'true'
    files = [CHAIN.parameter_file(name, argument(name))
             for name in ('params_file', 'calibration') if argument(name)]
    remappings, parameters = profile_of(argument('profile'), argument('relative_depth'), sim)
    parameters = {**parameters, **{
        name: argument(name) for name in (
            'relative_kind', 'scaling', 'metric_source', 'avs_model') if argument(name)}}
    colour = [pair for pair in CHAIN.camera_topics(
        argument('camera'), argument('rgb_topic'), argument('depth_topic'))
        if pair[0].startswith('camera/color')]
    node = CHAIN.package_node(context, 'depth_scale', files, parameters, [*remappings, *colour])
    words = LogInfo(msg=f'depth_scale: {remappings[0][1]} becomes metric_depth.')
    if not with_echo:
        return [words, node, *CHAIN.view(context)]
    return [words, node, IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(CHAIN_FILE)), launch_arguments={
            **{passed.name: argument(passed.name) for passed in PASSED_ON},
            'scale': 'false'}.items())]


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, and what they start."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=scale)])
