# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import time

import numpy as np
import pytest

pytest.importorskip('mujoco', reason='the simulator needs echo_depth_ros[sim]')

from echo_depth_ros.nodes.simulated_air import frame_grid
from echo_depth_ros.nodes.simulated_room import SimulatedRoom, TICK
from echo_depth_ros.sim.simulation import Simulation
from echo_depth_ros.sim.world import box_room

START = 1_700_000_000_500_000_000
AHEAD = 100_000_000
FS = 44100


class Clock:
    """A clock that goes only when told to."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


@pytest.fixture
def living():
    """Make a room in which time runs by the test's clock."""
    clock = Clock()
    room = SimulatedRoom(
        Simulation(box_room(4.0, 3.5, 2.5)), clock, frame_grid(FS, START),
        lambda pose: (0.0, 1.0), ahead=AHEAD / 1e9, camera_rate=25.0)
    room.wants_images = True
    room.start()
    yield room, clock
    room.stop()
    assert not room.alive


def eventually(condition):
    end = time.monotonic() + 10
    while not (held := condition()) and time.monotonic() < end:
        time.sleep(0.002)
    return held


def test_what_is_seen_waits_for_its_time(living):
    room, clock = living
    moments, views = [], []
    assert eventually(lambda: room._time >= START + AHEAD)
    assert room.due(clock.now) == ([], [])
    clock.now += 60_000_000

    def look():
        more = room.due(clock.now)
        moments.extend(more[0])
        views.extend(more[1])
        return len(moments) == 3 and len(views) >= 2

    assert eventually(look)
    assert [m.stamp for m in moments] == [START + TICK * n for n in (1, 2, 3)]
    assert moments[-1].pose.yaw != moments[0].pose.yaw
    assert all(view.stamp <= clock.now for view in views)


def test_the_stream_is_cut_by_time_and_has_no_gaps(living):
    room, clock = living
    assert room.listen(441, START - 1_000_000) is None
    stamps = []
    while (heard := room.listen(441, START + 95_000_000)) is not None:
        stamps.append(heard[0])
    assert len(stamps) == 10
    np.testing.assert_allclose(np.diff(stamps), 1e7, atol=2)


@pytest.mark.parametrize('seconds', [3600, -3600])
def test_a_clock_that_is_set_goes_on_at_once(living, seconds):
    room, clock = living
    assert eventually(lambda: room._time >= START + AHEAD)
    clock.now += seconds * 10**9
    assert eventually(lambda: abs(room._time - clock.now - AHEAD) <= TICK)
    stamp, block = room.listen(441, clock.now)
    assert abs(stamp - clock.now) < 1_000_000 and block.shape == (2, 441)
    clock.now += 200_000_000
    assert eventually(lambda: room.due(clock.now)[0])
    assert room.stalls == 1


def test_sounds_too_late_and_no_sounds_are_counted(living):
    room, clock = living
    assert room.listen(4410, START + 1_000_000) is not None
    room.play(np.ones(10, np.float32), START + 10_000_000)
    assert eventually(lambda: room.late_sounds == 1)
    room.play(np.full(10, np.nan, np.float32), START + 20_000_000)
    assert eventually(lambda: room.refused_sounds == 1)
    room.play(np.ones(10, np.float32), START + 3600 * 10**9)
    assert room.refused_sounds == 2 and 'before its time' in room.last_refusal
    assert room.alive
