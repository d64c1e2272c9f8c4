# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0

import time

import numpy as np
import pytest

pytest.importorskip('mujoco', reason='the simulator needs echo_depth_ros[sim]')

from echo_depth_ros.nodes.simulated_air import frame_grid
from echo_depth_ros.nodes.simulated_room import SimulatedRoom, TICK
from echo_depth_ros.sim.ambient_air import FADE
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.simulation import Simulation
from echo_depth_ros.sim.wall_trial import SlippingWheels, Wheels
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
def make():
    """Return a function that makes a room in which time runs by the test's clock."""
    rooms = []

    def start(drive=lambda pose: (0.0, 1.0), wheels=None, **others):
        clock = Clock()
        room = SimulatedRoom(
            Simulation(box_room(4.0, 3.5, 2.5), **others), clock, frame_grid(FS, START), drive,
            ahead=AHEAD / 1e9, camera_rate=25.0, wheels=wheels)
        room.wants_images = True
        room.start()
        rooms.append(room)
        return room, clock

    yield start
    for room in rooms:
        room.stop()
        assert not room.alive


@pytest.fixture
def living(make):
    """Make a room in which the robot turns."""
    return make()


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


def test_the_driver_is_asked_at_every_tick(make):
    asked = []
    room, clock = make(lambda pose: asked.append(pose) or (0.1, 0.0))
    assert eventually(lambda: room._time >= START + AHEAD)
    clock.now += 200_000_000
    assert eventually(lambda: room._time >= clock.now + AHEAD)
    assert len(asked) == (room._time - START) // TICK
    moments = room.due(clock.now)[0]
    assert moments[-1].odometry == moments[-1].pose
    assert moments[-1].turning == moments[-1].velocity


def test_wheels_that_slip_claim_what_was_commanded(make):
    half = SlippingWheels(Wheels(bias=0, noise=0, drift=0), np.random.default_rng(0))
    half.turn_into = lambda speed, turn, duration: (0.5 * speed, turn)
    room, clock = make(lambda pose: (0.4, 0.0), half, start=Pose(0.5, 1.75, 0.0))
    moments = []
    for _ in range(20):
        clock.now += 100_000_000
        assert eventually(lambda: room._time >= clock.now + AHEAD)
        moments += room.due(clock.now)[0]
    went = moments[-1].pose.x - 0.5, moments[-1].odometry.x - 0.5
    # Speeding up to 0.4 m/s at 1.5 m/s^2 costs 5 cm, to half of it a quarter of that.
    assert went[1] == pytest.approx(0.4 * 2.0 - 0.4 ** 2 / 3, abs=0.01)
    assert went[0] == pytest.approx(0.2 * 2.0 - 0.2 ** 2 / 3, abs=0.01)
    assert moments[-1].turning[0] == pytest.approx(0.4)
    assert moments[-1].velocity[0] == pytest.approx(0.2, abs=0.01)


def test_ambient_sound_is_ready_up_to_the_time_of_the_world(make):
    room, clock = make(lambda pose: (0.0, 0.0), ambience=True)
    # The world stops one tick after its time, and so many blocks of a tick are ready.
    ready = AHEAD // TICK + 1
    assert eventually(lambda: room._simulation.ambience.ready >= 882 * ready)
    heard = [room.listen(882, START + 2 * AHEAD) for _ in range(ready)]
    assert room.listen(882, START + 2 * AHEAD) is None
    sound = np.hstack([block for _, block in heard])
    assert sound.std() > 1e-4 and np.abs(np.diff(sound)).max() < 10 * sound.std()
    clock.now += 100_000_000
    assert eventually(lambda: room.listen(882, clock.now + AHEAD) is not None)


def test_where_nobody_listens_no_sound_piles_up(make):
    room, clock = make(ambience=True)
    for _ in range(20):
        clock.now += 100_000_000
        assert eventually(lambda: room._time >= clock.now + AHEAD)
    assert room._simulation.ambience.ready <= (AHEAD / 1e9 + 0.1 + FADE) * FS
