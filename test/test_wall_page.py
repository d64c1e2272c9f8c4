# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What docs/wall_following.md quotes is what the program has."""

from pathlib import Path
import re

import pytest
import yaml

from echo_depth_ros.demo_wall import add_arguments
from echo_depth_ros.navigation.messages import STATES
from echo_depth_ros.navigation.safe_drive import DriveLimits

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / 'docs' / 'wall_following.md').read_text(encoding='utf-8')
DEFAULTS = yaml.safe_load((ROOT / 'config' / 'echo_depth.yaml').read_text(encoding='utf-8'))
ROBOTS = sorted(path.stem for path in (ROOT / 'config' / 'robots').glob('*.yaml'))


def given(robot: str) -> dict:
    """Return the parameters that hold for a robot."""
    own = yaml.safe_load((ROOT / 'config' / 'robots' / f'{robot}.yaml').read_text('utf-8'))
    return {**DEFAULTS['/**']['ros__parameters'], **own['/**']['ros__parameters']}


def limits(robot: str) -> DriveLimits:
    values = given(robot)
    return DriveLimits(latency=values['drive_latency'], **{name: values[name] for name in (
        'robot_radius', 'margin', 'range_error', 'blind_range', 'sure_range', 'max_speed',
        'max_turn', 'acceleration', 'deceleration', 'turn_acceleration', 'slip', 'stop_within')})


@pytest.mark.parametrize('robot', ROBOTS)
def test_table_of_the_guard(robot):
    row = re.search(rf'^\| `{robot}` \| ([\d.]+) m \| ([\d.]+) m \| ([\d.]+) m/s \|$', PAGE, re.M)
    told = limits(robot)
    assert [float(value) for value in row.groups()] == pytest.approx(
        [told.robot_radius, told.stop_range, told.max_speed], abs=0.005)


@pytest.mark.parametrize('robot', ['turtlebot3', 'turtlebot4'])
def test_how_fast_a_robot_goes_as_its_file_comes(robot):
    told = limits(robot)
    fastest = told.deceleration * told.time_left(0.2)
    assert re.search(rf'{fastest:.3g} m/s for (the )?`{robot}`', PAGE), f'{fastest:.3g} m/s'


def test_each_state_is_explained():
    for state in STATES:
        assert f'\n| `{state}` |' in PAGE, state


def test_arguments_of_launch_files_exist():
    for name, words in re.findall(
            r'ros2 launch echo_depth_ros (\w+)\.launch\.py((?: +\S+:=\S+|\n +\w+:=\S+)*)', PAGE):
        source = (ROOT / 'launch' / f'{name}.launch.py').read_text(encoding='utf-8')
        chain = (ROOT / 'launch' / 'echo_depth.launch.py').read_text(encoding='utf-8')
        for argument in re.findall(r'(\w+):=', words):
            assert f"'{argument}', default_value" in source + chain, f'{name}: {argument}'


def test_options_of_the_demo_exist():
    import argparse
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    commands = re.findall(r'echo-depth demo-wall ([^#\n`]+)', PAGE)
    assert commands
    for words in commands:
        parser.parse_args(words.split())


def test_parameters_that_are_named_with_a_value_have_it():
    named = re.findall(r'`(\w+): ([-\w.]+)`', PAGE)
    assert len(named) > 3
    for name, _ in named:
        layers = (ROOT / 'config' / 'nav2_echo_depth.yaml').read_text(encoding='utf-8')
        assert name in given('sim') or f'{name}:' in layers, name
    assert ('threshold', '-1.0') in named and given('sim')['threshold'] == -1.0
