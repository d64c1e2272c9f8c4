# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Quiet rooms as the ears hear them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import welch

from echo_depth_ros.acoustics.ambient import AmbientFormat
from echo_depth_ros.sim.ambient_field import build_up
from echo_depth_ros.sim.ambient_room import AmbientRoom, reverberation_time
from echo_depth_ros.sim.ambient_sources import Ambience, KNOTS, Source, Spectrum
from echo_depth_ros.sim.hearing import Hearing
from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.scene import Scene
from echo_depth_ros.sim.world import Box, box_room, Surface

FLAT = Spectrum((0.0,) * KNOTS)
QUIET = Ambience((Source((0.0, 0.0, 0.0), 1.0, FLAT),), FLAT, robot_db=-200, microphone_db=-200,
                 low_cut=0.0)
HARD = box_room(8, 7, 3, 'tiles')
MIDDLE = Pose(4.0, 3.5, np.pi / 2)
OMNI = Hearing(shadow=0.0)


def _power(pose, seeds, ambience=QUIET, world=HARD, samples=30720):
    """Mean power spectrum of both ears over rooms, without the source's direct sound."""
    scene, total = Scene(world), 0.0
    for seed in range(seeds):
        room = AmbientRoom(scene, Rig(), OMNI, ambience, seed)
        room.critical_distance = 1e-3
        sound = room.hear(pose, np.random.default_rng(seed), samples=samples)
        frequencies, power = welch(sound, 16000, nperseg=512, axis=1)
        total = total + power / seeds
    return frequencies, total


def test_ears_hear_the_build_up_of_the_closed_form():
    distance = 0.4
    frequencies, near = _power(Pose(distance, 3.5, np.pi / 2), 40)
    _, far = _power(MIDDLE, 40)
    # Facing along y the wall at x = 0 is on the left; 10 bins are averaged, for rooms differ.
    for ear, offset in ((0, -1), (1, 1)):
        apart = distance + offset * Rig().ear_spacing / 2
        for bins in (slice(2, 6), slice(6, 16), slice(16, 40)):
            found = (near[ear, bins] / far[ear, bins]).mean()
            expected = (build_up(frequencies[bins], (apart, 0.5))
                        / build_up(frequencies[bins], (0.5,))).mean()
            assert 10 * np.log10(found / expected) == pytest.approx(0, abs=0.8)


def test_level_is_what_was_asked_for():
    loud = replace(QUIET, level_db=-30.0)
    _, power = _power(MIDDLE, 5, loud)
    assert 10 * np.log10(power.mean() * 8000) == pytest.approx(-30, abs=1)


def test_same_seeds_sound_the_same_and_others_do_not():
    scene = Scene(HARD)

    def hear(room, noise):
        return AmbientRoom(scene, seed=room).hear(MIDDLE, np.random.default_rng(noise))

    assert np.array_equal(hear(1, 2), hear(1, 2))
    assert not np.array_equal(hear(1, 2), hear(1, 3))
    assert not np.array_equal(hear(1, 2), hear(2, 2))
    assert hear(1, 2).shape == (2, 15360) and hear(1, 2).dtype == np.float32


def test_a_place_keeps_its_own_colour():
    room = AmbientRoom(Scene(HARD), Rig(), OMNI, QUIET, 3)

    def colour(pose, noise):
        sound = room.hear(pose, np.random.default_rng(noise), samples=61440)
        return np.log(welch(sound[0], 16000, nperseg=2048)[1][4:128])

    here, again = colour(MIDDLE, 0), colour(MIDDLE, 1)
    elsewhere = colour(Pose(5.3, 2.6, 0.3), 2)
    assert np.std(here - again) < 0.7 * np.std(here - elsewhere)


def test_a_source_is_louder_close_by():
    there = replace(QUIET, sources=(Source((0.3, 3.5, 1.0), 1.0, FLAT),))
    room = AmbientRoom(Scene(HARD), Rig(), OMNI, there, 0)
    levels = [np.mean([room.hear(Pose(x, 3.5, 0.0), np.random.default_rng(n)).std()
                       for n in range(3)]) for x in (0.5, 4.0)]
    assert levels[0] > 1.1 * levels[1]


def test_the_robots_own_noise_has_the_walls_comb():
    hum = replace(QUIET, level_db=-100.0, robot_db=70.0, robot_place=(0.0, 0.0, -0.1))
    room = AmbientRoom(Scene(HARD), Rig(), OMNI, hum, 0)
    room.critical_distance = 30.0  # hardly any reverberation

    def spectrum(x):
        sound = room.hear(Pose(x, 3.5, np.pi / 2), np.random.default_rng(0), samples=61440)
        return np.log(welch(sound[0], 16000, nperseg=512)[1][4:100])

    ripple = spectrum(0.4) - spectrum(4.0)
    # The image is 0.80 m to the left of the mouth; the ear 0.12 m left of its middle.
    direct, image = np.hypot(0.1175, 0.1), np.hypot(0.8 - 0.1175, 0.1)
    frequencies = np.arange(4, 100) * 16000 / 512
    comb = np.cos(2 * np.pi * frequencies * (image - direct) / 343)
    assert np.corrcoef(ripple, comb)[0, 1] > 0.8


def test_driving_is_louder():
    room = AmbientRoom(Scene(HARD), seed=1)
    still, driving = (room.hear(MIDDLE, np.random.default_rng(0), speed).std()
                      for speed in (0.0, 1.0))
    assert driving > 1.5 * still


def test_louder_motors_are_louder_by_so_many_decibels():
    ambience = replace(QUIET, motors_db=10.0)
    assert ambience.louder_motors(10).motors_db == 20.0


def test_sides_are_told_apart():
    around = AmbientRoom(Scene(HARD)).around(Pose(0.4, 3.0, np.pi / 2))
    assert around.left == pytest.approx(0.4, abs=0.01)
    # At the edge of what counts as behind, the left wall is twice as far as beside the robot.
    assert around.behind == pytest.approx(0.8, abs=0.01)
    assert around.nearest == pytest.approx(around.left) and around.right > 5


def test_furniture_is_near_too():
    cupboard = Box(4.0, 6.7, 0.0, 1.0, 0.6, 1.8, 0.0, Surface('wood', (0.5, 0.4, 0.3)))
    room = AmbientRoom(Scene(box_room(8, 7, 3, 'tiles', (cupboard,))))
    assert room.around(Pose(4.0, 6.0, 0.0)).left == pytest.approx(0.4, abs=0.01)


def test_soft_rooms_ring_shorter():
    hard, soft = (reverberation_time(Scene(box_room(6, 5, 3, m))) for m in ('tiles', 'curtain'))
    assert (hard[3:6] > 3 * soft[3:6]).all()


def test_lengths_that_cannot_be_made_are_refused():
    with pytest.raises(ValueError, match='multiple of 4'):
        AmbientRoom(Scene(HARD)).hear(MIDDLE, np.random.default_rng(0), samples=1001)


def test_other_sample_rates_sound_alike():
    scene = Scene(HARD)
    levels = []
    for rate in (16000, 44100):
        room = AmbientRoom(scene, Rig(), OMNI, QUIET, 0, AmbientFormat(sample_rate=rate))
        sound = room.hear(MIDDLE, np.random.default_rng(0), samples=rate)
        frequencies, power = welch(sound, rate, nperseg=rate // 20, axis=1)
        bands = [power[:, (frequencies > low) & (frequencies < high)].mean()
                 for low, high in ((250, 500), (1000, 2000), (2000, 8000))]
        levels.append(10 * np.log10(bands[:2] / bands[2]))
    assert levels[0] == pytest.approx(levels[1], abs=1.5)
