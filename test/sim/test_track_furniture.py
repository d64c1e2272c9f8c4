# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Furniture along the walls: in the way, and yet there is a way."""

import numpy as np
import pytest
from shapely.geometry import LineString, Point
from shapely.ops import unary_union

from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.tracks import tracks

FURNISHED = {track.name: track.furnished() for track in tracks()}
BY_TRACK = pytest.mark.parametrize('track', FURNISHED.values(), ids=FURNISHED)
RADIUS, DISTANCE = 0.20, 0.6


def followed(track):
    """Where a robot drives that keeps its distance to the wall, whatever stands there."""
    side = 1 if track.side == 'right' else -1
    return LineString(track.wall).offset_curve(side * DISTANCE, join_style='mitre')


@BY_TRACK
def test_it_must_be_gone_round(track):
    pieces = unary_union([item.footprint for item in track.along])
    shapes = list(getattr(pieces, 'geoms', [pieces]))
    assert len(shapes) >= 2
    for shape in shapes:
        if shape.area > 0.05:
            assert followed(track).distance(shape) < RADIUS


@BY_TRACK
def test_a_corridor_stays_free_from_the_start_to_the_destination(track):
    free = track.world.free_space(RADIUS + 0.2)
    assert all(free.contains(Point(end)) for end in (track.centre[0], track.centre[-1]))


@BY_TRACK
def test_it_stands_at_the_wall_inside_the_room_and_away_from_the_starts(track):
    wall = LineString(track.wall)
    for item in track.along:
        assert track.world.outline.buffer(1e-6).contains(item.footprint)
        assert wall.distance(item.footprint) < 0.7
    for distance, _, pose in track.starts():
        assert track.wall_distance(pose) == pytest.approx(distance)


@BY_TRACK
def test_the_distance_is_to_the_furniture_where_that_is_nearer(track):
    plain = next(each for each in tracks() if each.name == track.name)
    item = track.along[0].footprint
    line = followed(track)
    beside = line.interpolate(line.project(item.centroid))
    pose = Pose(beside.x, beside.y, 0.0)
    assert track.wall_distance(pose) == pytest.approx(item.distance(beside))
    assert plain.wall_distance(pose) == pytest.approx(DISTANCE)
    assert np.isfinite(track.wall_distance(pose))


def test_the_plain_tracks_have_none():
    assert not any(track.along for track in tracks())
