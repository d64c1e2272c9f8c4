# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What a Nav2 costmap is given: parameters by their documented names, and scans that show walls.

Nav2 and depthimage_to_laserscan are not installed where these tests run. What the converter does
is worked out here from its documented geometry: for each column the nearest of `scan_height` rows
around the optical axis, put at the angle of the column's ray and the length of its way on the
floor.
"""

from pathlib import Path

import numpy as np
import pytest
import yaml

from echo_depth_ros.sim.camera import Camera
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.scene import Scene
from echo_depth_ros.sim.world import Surface, World
from echo_depth_ros.vision.camera import CameraModel
from echo_depth_ros.vision.frames import FRAMES

FILE = yaml.safe_load(
    (Path(__file__).parents[1] / 'config' / 'nav2_echo_depth.yaml').read_text(encoding='utf-8'))
CONVERTER = FILE['/**/depthimage_to_laserscan']['ros__parameters']
COSTMAPS = [FILE[name][name]['ros__parameters'] for name in ('local_costmap', 'global_costmap')]

# README of depthimage_to_laserscan, branch ros2.
OF_CONVERTER = {'scan_time': float, 'range_min': float, 'range_max': float, 'scan_height': int,
                'output_frame': str}
# docs.nav2.org: Obstacle Layer and Range Sensor Parameters.
OF_LAYER = {'plugin': str, 'enabled': bool, 'footprint_clearing_enabled': bool,
            'min_obstacle_height': float, 'max_obstacle_height': float, 'combination_method': int,
            'observation_sources': str}
OF_SOURCE = {'topic': str, 'sensor_frame': str, 'observation_persistence': float,
             'expected_update_rate': float, 'data_type': str, 'min_obstacle_height': float,
             'max_obstacle_height': float, 'inf_is_valid': bool, 'marking': bool,
             'clearing': bool, 'obstacle_max_range': float, 'obstacle_min_range': float,
             'raytrace_max_range': float, 'raytrace_min_range': float}
OF_RANGE = {'plugin': str, 'enabled': bool, 'topics': list, 'phi': float, 'inflate_cone': float,
            'no_readings_timeout': float, 'clear_threshold': float, 'mark_threshold': float,
            'clear_on_max_reading': bool, 'input_sensor_type': str}

WALL = Surface('glass', (0.6, 0.7, 0.8))
ROOM = World('box', ((0.0, 0.0), (6.0, 0.0), (6.0, 4.0), (0.0, 4.0)), 2.6, (WALL,) * 4, WALL, WALL)


def scan(depth: np.ndarray, camera: CameraModel) -> tuple[np.ndarray, np.ndarray]:
    """
    Return angles (radians, to the left) and ranges (metres, NaN unknown) of the laser scan.

    :param depth: metres along the optical axis, shape (h, w).
    """
    height, width = depth.shape
    first = int(camera.cy - CONVERTER['scan_height'] / 2)
    assert 0 <= first and first + CONVERTER['scan_height'] <= height, 'refused by the converter'
    across = (np.arange(width) - camera.cx) / camera.fx
    towards = -np.arctan(across)
    low, high = towards[-1], towards[0]
    step = (high - low) / (width - 1)
    ranges = np.full(width, np.nan)
    for row in depth[first:first + CONVERTER['scan_height']]:
        for angle, metres in zip(towards, row * np.hypot(1.0, across)):
            place = min(int((angle - low) / step), width - 1)
            old = ranges[place]
            if not np.isfinite(metres):
                if not np.isfinite(old) and not np.isnan(metres):
                    ranges[place] = metres
            elif CONVERTER['range_min'] <= metres <= CONVERTER['range_max'] and not old <= metres:
                ranges[place] = metres
    return low + step * np.arange(width), ranges


def seen_from(pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y in the room of what a scan of the true depth shows, shape (n,) each."""
    angles, ranges = scan(Camera(Scene(ROOM)).render(pose).depth, CameraModel())
    known = np.isfinite(ranges)
    assert known.sum() > 80  # the pixels in the middle are wider than a step of the scan
    towards = angles[known] + pose.yaw
    return (pose.x + ranges[known] * np.cos(towards), pose.y + ranges[known] * np.sin(towards))


@pytest.mark.parametrize('pose', [
    Pose(3.0, 2.0, 0.0), Pose(4.5, 2.0, 0.0), Pose(3.0, 1.0, -1.2), Pose(3.0, 2.0, 2.4)])
def test_a_scan_shows_the_walls_where_they_are(pose):
    x, y = seen_from(pose)
    away = np.min(np.abs([x - 0.0, x - 6.0, y - 0.0, y - 4.0]), axis=0)
    # A scan has one angle a step for pixels that lie between two: 0.7 degrees, seen aslant.
    assert away.max() < 0.08 and np.median(away) < 0.02


def test_floor_and_ceiling_are_not_in_the_scan():
    x, _ = seen_from(Pose(0.5, 2.0, 0.0))
    assert x.max() > 5.9
    angles, ranges = scan(Camera(Scene(ROOM)).render(Pose(0.5, 2.0, 0.0)).depth, CameraModel())
    ahead = ranges[np.isfinite(ranges) & (np.abs(angles) < 0.1)]
    np.testing.assert_allclose(ahead, 5.5, atol=0.05)


def test_unknown_stays_unknown_and_beyond_range_stays_open():
    depth = np.full((128, 128), np.nan, np.float32)
    depth[:, :64] = np.inf
    _, ranges = scan(depth, CameraModel())
    assert np.isnan(ranges[:62]).all()
    assert set(ranges[66:][~np.isnan(ranges[66:])]) == {np.inf}


def test_the_nearest_row_counts():
    depth = np.full((128, 128), 3.0, np.float32)
    depth[62] = 1.0
    angles, ranges = scan(depth, CameraModel())
    known = np.isfinite(ranges)
    np.testing.assert_allclose((ranges * np.cos(angles))[known], 1.0, atol=0.02)


def test_the_converter_has_documented_parameters():
    assert {name: type(value) for name, value in CONVERTER.items()} == OF_CONVERTER
    assert CONVERTER['output_frame'] in {frame.child for frame in FRAMES}
    # Looking ahead along x, as a scan must.
    frame = next(f for f in FRAMES if f.child == CONVERTER['output_frame'])
    assert frame.rpy == (0.0, 0.0, 0.0)


@pytest.mark.parametrize('costmap', COSTMAPS, ids=['local', 'global'])
def test_layers_have_documented_parameters(costmap):
    layer = dict(costmap['echo_layer'])
    sources = layer['observation_sources'].split()
    assert sources == ['scan_echo']
    source = layer.pop('scan_echo')
    assert layer['plugin'] == 'nav2_costmap_2d::ObstacleLayer'
    assert {name: type(value) for name, value in layer.items()} == OF_LAYER
    assert source['topic'] == '/scan_echo'
    for name, value in source.items():
        assert type(value) is OF_SOURCE[name], name
    for name, value in costmap['range_layer'].items():
        assert type(value) is OF_RANGE[name], name
    assert costmap['range_layer']['plugin'] == 'nav2_costmap_2d::RangeSensorLayer'


@pytest.mark.parametrize('costmap', COSTMAPS, ids=['local', 'global'])
def test_the_scan_is_not_left_out_for_its_height(costmap):
    height = next(f for f in FRAMES if f.child == CONVERTER['output_frame']).xyz[2]
    for limits in (costmap['echo_layer'], costmap['echo_layer']['scan_echo']):
        assert limits['min_obstacle_height'] < height < limits['max_obstacle_height']
