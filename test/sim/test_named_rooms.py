# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import pytest

from echo_depth_ros.sim.named_rooms import room_named, STARTS, track_named, track_names
from echo_depth_ros.sim.random_world import random_world
from echo_depth_ros.sim.simulation import Simulation
from echo_depth_ros.sim.tracks import tracks
from echo_depth_ros.sim.world import box_room, WorldError


@pytest.mark.parametrize('name', track_names())
def test_the_robot_fits_at_every_start_of_a_track(name):
    for number in range(STARTS):
        world, start = room_named(name, 0, number)
        distance, _, pose = track_named(name).starts()[number]
        assert start == pose and track_named(name).wall_distance(start) == pytest.approx(distance)
    # The last start is farthest from the wall, and nearest to what is on the other side.
    assert not Simulation(world, start=start).base.bumped


def test_every_track_has_a_name():
    assert [track_named(name).name for name in track_names()] == [t.name for t in tracks()]


def test_shapes_are_drawn_from_the_seed():
    assert room_named('l', 7, 4) == (random_world(7, 'l'), None)
    assert room_named('', 7, 4) == (random_world(7), None)


def test_files_are_read(tmp_path):
    path = tmp_path / 'room.json'
    path.write_text(box_room(4, 3, 2.5).to_json(), encoding='utf-8')
    assert room_named(str(path), 0, 4) == (box_room(4, 3, 2.5), None)


@pytest.mark.parametrize(('name', 'start', 'words'), [
    ('castle', 4, 'nor a file'), ('track_maze', 4, 'track_straight_2'),
    ('track_l', 9, 'track_start is 9; expected 0 to 8')])
def test_what_there_is_not_is_refused(name, start, words):
    with pytest.raises(WorldError, match=words):
        room_named(name, 0, start)


def test_a_track_there_is_not_is_refused():
    with pytest.raises(WorldError, match='track_corner'):
        track_named('corner')
