# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Ambient sound as a stream: joints that cannot be heard, and the room's own physics."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import welch

from echo_depth_ros.acoustics.ambient import AmbientFormat
from echo_depth_ros.sim.ambient_air import AmbientAir, FADE
from echo_depth_ros.sim.ambient_room import AmbientRoom
from echo_depth_ros.sim.ambient_sources import Ambience, KNOTS, Source, Spectrum
from echo_depth_ros.sim.hearing import Hearing
from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.scene import Scene
from echo_depth_ros.sim.simulation import Simulation
from echo_depth_ros.sim.world import box_room

FS = 16000
FLAT = Spectrum((0.0,) * KNOTS)
QUIET = Ambience((Source((0.0, 0.0, 0.0), 1.0, FLAT),), FLAT, robot_db=-200, microphone_db=-200,
                 low_cut=0.0)
HARD = box_room(8, 7, 3, 'tiles')
MIDDLE = Pose(4.0, 3.5, np.pi / 2)
BY_THE_WALL = Pose(0.35, 3.5, np.pi / 2)
"""The wall at x = 0 is on the left."""
FADED, HOP = round(FADE * FS), 15360 - round(FADE * FS)


def room_of(ambience=QUIET, seed=0):
    return AmbientRoom(Scene(HARD), Rig(), Hearing(shadow=0.0), ambience, seed, AmbientFormat())


def stream(air, seconds, pose=MIDDLE, speed=0.0):
    """Hear a robot that stands, in blocks as the node takes them."""
    blocks = []
    for _ in range(round(seconds * FS / 640)):
        air.fill(640, pose, speed)
        blocks.append(air.sample(640, FS, speed, None))
    return np.hstack(blocks)


def joints(sound):
    """Mask of the samples in which two stretches overlap, for a robot that stands."""
    place = np.arange(sound.shape[1]) - HOP
    return (place >= 0) & (place % HOP < FADED)


def decibels(ratio):
    return 10 * np.log10(ratio)


def test_the_level_is_the_same_where_stretches_overlap():
    air = AmbientAir(Scene(HARD), room=room_of())
    sound = stream(air, 40)
    overlap = joints(sound)
    assert 0.2 < overlap.mean() < 0.3
    assert decibels(np.mean(sound[:, overlap] ** 2) / np.mean(sound[:, ~overlap] ** 2)) \
        == pytest.approx(0, abs=0.35)


def test_nothing_clicks():
    # A low-passed room: any jump between two samples would stand out from what it sounds like.
    dull = Spectrum((0.0,) * 8 + (-60.0,) * (KNOTS - 8))
    room = room_of(replace(QUIET, sources=(Source((0.0, 0.0, 0.0), 1.0, dull),), robot=dull))
    sound = stream(AmbientAir(Scene(HARD), room=room), 20)
    kink = np.abs(np.diff(sound, 2, axis=1)).max(axis=0)
    overlap = joints(sound)[2:]
    edges = np.flatnonzero(np.diff(overlap.astype(int)))
    near = np.concatenate([kink[e - 4:e + 5] for e in edges])
    assert len(edges) > 20 and near.max() < 6 * np.sqrt(np.mean(kink ** 2))
    # What a joint without a fade would do.
    cut = np.diff(np.concatenate([sound[0, :1000], sound[0, 5000:5400]]), 2)
    assert np.abs(cut[995:1003]).max() > near.max()


@pytest.mark.parametrize('pose', [MIDDLE, BY_THE_WALL])
def test_it_sounds_as_the_room_it_is_made_of(pose):
    room = room_of()
    frequencies, streamed = welch(stream(AmbientAir(Scene(HARD), room=room), 30, pose), FS,
                                  nperseg=512, axis=1)
    rng = np.random.default_rng(5)
    clips = [welch(room.hear(pose, rng), FS, nperseg=512, axis=1)[1] for _ in range(30)]
    for low, high in ((60, 300), (300, 1000), (1000, 4000), (4000, 7500)):
        band = (frequencies > low) & (frequencies < high)
        both = streamed[:, band].mean(axis=1), np.mean(clips, axis=0)[:, band].mean(axis=1)
        np.testing.assert_allclose(decibels(both[0]), decibels(both[1]), atol=1.0)
        # Left over right: what tells the side on which the wall is.
        assert decibels(both[0][0] / both[0][1]) == pytest.approx(
            decibels(both[1][0] / both[1][1]), abs=0.8)


def test_a_robot_that_has_moved_hears_the_new_place_at_once():
    there = replace(QUIET, sources=(Source((0.3, 3.5, 0.5), 1.0, FLAT),))
    air = AmbientAir(Scene(HARD), room=room_of(there))
    far = stream(air, 1.0).std()
    stream(air, FADE, Pose(0.6, 3.5, 0.0))
    assert stream(air, 0.2, Pose(0.6, 3.5, 0.0)).std() > 1.15 * far


def test_driving_is_louder_and_stopping_is_quiet_again():
    air = AmbientAir(Scene(HARD), room=room_of(replace(QUIET, motors_db=15.0)))
    still = stream(air, 1.0).std()
    stream(air, FADE, speed=1.0)
    assert stream(air, 0.4, speed=1.0).std() > 1.5 * still
    stream(air, FADE)
    assert stream(air, 0.4).std() < 1.2 * still


def test_only_what_is_ready_can_be_heard():
    air = AmbientAir(Scene(HARD), room=room_of())
    with pytest.raises(ValueError, match='fill first'):
        air.sample(10, FS, 0.0, None)
    air.fill(10, MIDDLE)
    assert air.ready == 10
    with pytest.raises(ValueError, match='expected 16000'):
        air.sample(10, 44100, 0.0, None)
    assert air.sample(4, FS, 0.0, None).shape == (2, 4) and air.ready == 6
    air.fill(3, MIDDLE)
    assert air.ready == 6


def test_a_seed_sounds_the_same_again():
    first, again, other = (
        stream(AmbientAir(Scene(HARD), seed=seed, sample_rate=FS), 1.2) for seed in (3, 3, 4))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_simulation_has_it_beneath_its_chirps():
    simulation = Simulation(HARD, ambience=True, seed=1, start=MIDDLE)
    before = simulation.listen(8820)
    simulation.play(np.ones(20, np.float32), simulation.air.frame)
    after = simulation.listen(8820)
    assert before.shape == (2, 8820) and before.std() > 1e-4
    assert np.abs(after).max() > 3 * np.abs(before).max()
    assert simulation.ambience.ready == 0
