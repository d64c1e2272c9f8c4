# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From depth images to obstacles, a wall's line and a way."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.navigation.headings import choose, clear_ahead
from echo_depth_ros.navigation.memory import Memory
from echo_depth_ros.navigation.reckoning import Place, Reckoning
from echo_depth_ros.navigation.scan import Scanner
from echo_depth_ros.navigation.wall_line import fit_line, nearer_side
from echo_depth_ros.vision.camera import CameraModel

RAYS = CameraModel().rays()


def beside(distance, floor=0.5):
    """Depth of an endless wall so far to the left, over a floor."""
    with np.errstate(divide='ignore'):
        wall = np.where(RAYS[..., 0] < 0, -distance / RAYS[..., 0], np.inf)
        ground = np.where(RAYS[..., 1] > 0, floor / RAYS[..., 1], np.inf)
    return np.minimum(wall, ground)


def test_a_wall_is_scanned_and_the_floor_is_not():
    scan = Scanner().read(beside(0.8))
    x, y = scan.points()[scan.distance < 3].T
    assert y == pytest.approx(0.8, abs=0.02)
    assert (scan.distance[scan.bearing < 0] > 3.9).all()


def test_a_low_box_counts_and_what_the_robot_passes_under_does_not():
    depth = np.full((128, 128), 5.0)
    depth[75:, :64] = 1.0
    depth[:40, 64:] = 1.0
    scan = Scanner().read(depth)
    left = scan.bearing > 0
    assert (scan.distance[left] < 1.5).all() and (scan.distance[~left] > 4).all()


def test_unknown_is_unknown_and_clear_is_clear():
    depth = np.full((128, 128), np.nan)
    depth[:, 64:] = np.inf
    scan = Scanner().read(depth, np.full((128, 128), 0.7))
    left = scan.bearing > 0
    assert np.isnan(scan.distance[left]).all() and (scan.confidence[left] == 0).all()
    assert np.isinf(scan.distance[~left]).all()
    assert scan.confidence[~left] == pytest.approx(0.7)


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match='depth has shape'):
        Scanner().read(np.zeros((4, 4)))


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-4, 4))
def test_places_map_there_and_back(x, y, yaw):
    points = np.array([[1.0, 2.0], [-0.5, 0.1]])
    place = Place(x, y, yaw)
    assert place.from_frame(place.to_frame(points)) == pytest.approx(points)


def test_reckoning_remembers_where_the_robot_was():
    reckoning = Reckoning()
    for k in range(11):
        reckoning.move(0.1 * k, 0.02, 0.0)
    assert reckoning.at(0.55).x == pytest.approx(0.13)
    assert reckoning.at(9.0) == reckoning.place


def remembered(distance, looks=3):
    memory, scan = Memory(), Scanner().read(beside(distance))
    for k in range(looks):
        memory.see(scan, Place(), 0.07 * k)
    return memory


def test_memory_needs_two_looks_keeps_what_is_beside_and_forgets():
    assert not len(remembered(0.8, looks=1).obstacles(Place()).points)
    memory = remembered(0.8)
    beyond = memory.obstacles(Place(x=1.5))
    assert (beyond.points[:, 0] < 0).any() and beyond.fresh.all()
    assert beyond.points[:, 1] == pytest.approx(0.8, abs=0.05)
    empty = Scanner().read(np.full((128, 128), np.nan))
    memory.see(empty, Place(), 30.0)
    assert not len(memory.obstacles(Place()).points)


def test_memory_fades_with_the_way_rather_than_with_time():
    nothing = Scanner().read(np.full((128, 128), np.nan))
    kept = []
    for speed in (0.25, 0.08):
        memory = remembered(0.8, looks=8)
        for k in range(1, 11):
            memory.see(nothing, Place(x=0.1 * k), 0.5 + 0.1 * k / speed)
        kept.append(len(memory.obstacles(Place(x=1.0)).points))
    assert kept[1] > 0.5 * kept[0] > 0
    memory.see(nothing, Place(x=8.0), 30.0)
    assert not len(memory.obstacles(Place(x=8.0)).points)


def test_what_is_noted_counts_at_once_and_can_be_seen_through():
    memory, place = remembered(2.5), Place(0.5, 0.2, 0.3)
    ahead = np.array([[1.0, 0.4]])
    memory.note(ahead, place)
    points = memory.obstacles(place).points
    assert np.hypot(*(points - ahead).T).min() == pytest.approx(0.0, abs=1e-9)
    for k in range(4):
        memory.see(Scanner().read(np.full((128, 128), 5.0)), place, 1 + 0.07 * k)
    points = memory.obstacles(place).points
    assert not len(points) or np.hypot(*(points - ahead).T).min() > 0.3


def test_memory_gives_up_what_is_seen_through():
    memory = remembered(0.8)
    for k in range(6):
        memory.see(Scanner().read(beside(2.5)), Place(), 1 + 0.07 * k)
    assert not (memory.obstacles(Place()).points[:, 1] < 2).any()


@settings(max_examples=50, derandomize=True)
@given(st.floats(0.3, 1.5), st.floats(-60, 60), st.integers(0, 1000))
def test_the_line_is_found_among_noise_and_strangers(distance, degrees, seed):
    rng = np.random.default_rng(seed)
    angle, along = math.radians(degrees), np.linspace(-0.8, 1.5, 40)
    wall = (distance * np.array([-math.sin(angle), math.cos(angle)])
            + along[:, None] * (math.cos(angle), math.sin(angle)))
    wall += rng.normal(0, 0.02, wall.shape)
    strangers = rng.uniform((0.5, -2.0), (2.5, -0.5), (8, 2))
    points = np.concatenate([wall, strangers])
    line = fit_line(points, np.ones(len(points)))
    if (points[:40, 1] < -0.5 * np.abs(points[:40, 0])).any():
        return  # a wall that is half on the right
    assert line.distance == pytest.approx(distance, abs=0.05)
    assert line.angle == pytest.approx(angle, abs=0.06)


@pytest.mark.parametrize(('degrees', 'side'), [(0, 'left'), (30, 'left'), (-30, 'left')])
def test_the_nearer_wall_is_chosen_however_the_robot_looks(degrees, side):
    """Seen at an angle, a near wall's visible part may be farther away than a far one's."""
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    both = np.concatenate([wall(0.4), wall(-1.8)]) @ turn
    bearing = np.degrees(np.arctan2(both[:, 1], both[:, 0]))
    seen = both[np.abs(bearing) < 45]
    assert nearer_side(seen, np.ones(len(seen)), 2.5) == side
    assert nearer_side(seen * (1, -1), np.ones(len(seen)), 2.5) == 'right'
    assert nearer_side(seen + 9.0, np.ones(len(seen)), 2.5) is None


def test_no_line_in_the_open():
    assert fit_line(np.zeros((0, 2)), np.zeros(0)) is None
    assert fit_line(np.array([[1.0, 0.5], [1.0, 0.6]]), np.ones(2)) is None


def wall(distance, first=-1.0, last=3.0):
    along = np.arange(first, last, 0.05)
    return np.stack([along, np.full(len(along), distance)], axis=1)


@pytest.mark.parametrize(('distance', 'sign'), [(0.6, 0), (1.0, 1), (0.4, -1)])
def test_the_way_leads_to_the_set_distance(distance, sign):
    way = choose(wall(distance), 0.6, 0.7, 0.3, math.radians(40))
    assert way.kept and way.clearance >= 0.3
    assert way.heading * sign > 0.1 if sign else abs(way.heading) < 0.03


def test_the_way_turns_from_a_wall_ahead_and_round_the_end_of_one():
    front = np.stack([np.full(80, 1.0), np.linspace(-3, 1, 80)], axis=1)
    inside = choose(np.concatenate([wall(0.6), front]), 0.6, 0.7, 0.3, math.radians(40))
    assert inside.heading < -0.3
    outside = choose(wall(0.6, -1.0, -0.1), 0.6, 0.7, 0.3, math.radians(40))
    assert outside.heading > 0.3


def test_a_dead_end_has_its_way_at_the_back():
    end = np.concatenate([wall(0.6, -1, 0.6), wall(-0.6, -1, 0.6),
                          wall(0.0, -0.6, 0.6)[:, ::-1] + (0.6, 0.0)])
    assert abs(choose(end, 0.6, 0.7, 0.3, math.radians(40)).heading) > math.radians(110)


def test_rather_a_narrow_way_ahead_than_back():
    """A passage 1.0 m wide leaves 0.5 m on either side, less than what is wanted."""
    narrow = np.concatenate([wall(0.5, -1.0, 3.0), wall(-0.5, -1.0, 3.0)])
    way = choose(narrow, 0.6, 0.7, 0.36, math.radians(40))
    assert abs(way.heading) < math.radians(15) and not way.kept and way.clearance > 0.4


def test_clear_ahead():
    assert clear_ahead(wall(0.1, 1.0, 2.0), 0.27) == pytest.approx(1.0)
    assert clear_ahead(wall(0.5, 1.0, 2.0), 0.27) == math.inf
