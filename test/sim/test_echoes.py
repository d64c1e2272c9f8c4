# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The simulator's sound against closed forms and against pyroomacoustics."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pyroomacoustics as pra
import pytest
from scipy.signal import butter, sosfilt

from echo_depth_ros.acoustics.format import SPEED_OF_SOUND
from echo_depth_ros.sim.arrivals import accumulate, Arrivals
from echo_depth_ros.sim.bands import AIR_ABSORPTION
from echo_depth_ros.sim.echoes import EchoRenderer, LENGTH
from echo_depth_ros.sim.hearing import Hearing
from echo_depth_ros.sim.late import trace_decay
from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.scene import Scene
from echo_depth_ros.sim.world import Box, box_room, Surface

FS = 44100
OMNI = Hearing(beam=0.0, shadow=0.0, low_cut=0, high_cut=1e9, sensitivity=1.0)
HALL = box_room(12, 12, 6, 'concrete')
HIGH = Rig(height=3.0)


def _paths(arrivals, distance):
    """Gains of the arrivals that travelled so far, to the millimetre."""
    return arrivals.gain[np.abs(arrivals.delay * SPEED_OF_SOUND - distance) < 1e-3]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.floats(10.0, 900.0), st.floats(0.01, 3.0))
def test_an_arrival_lands_between_samples_where_its_delay_says(delay, gain):
    arrivals = Arrivals(np.array([delay / FS]), np.full((1, 8), gain))
    response = np.fft.irfft(accumulate(arrivals, 1024, FS), 1024)
    bins = np.arange(1, 400)
    omega = 2 * np.pi * bins / 1024
    # What phase is left after taking the delay out is the error.
    left = np.angle(np.fft.rfft(response)[bins] * np.exp(1j * omega * delay))
    assert np.abs(np.polyfit(omega, left, 1)[0]) < 0.02
    assert np.abs(np.fft.rfft(response)[1:200]).max() == pytest.approx(gain, rel=0.02)


@pytest.mark.parametrize('wall', [1.0, 2.0, 4.0])
def test_a_flat_walls_echo_arrives_on_the_sample_that_geometry_says(wall):
    # Ears and speaker on one spot ahead of the ears' midpoint make the range exactly c t / 2.
    rig = replace(HIGH, speaker=(0.0, 0.0, -0.1))
    renderer = EchoRenderer(Scene(HALL), rig, OMNI)
    response = renderer.impulse_response(Pose(12 - wall, 6, 0), np.random.default_rng(0))
    for ear in (0, 1):
        path = np.sqrt((2 * wall) ** 2 + 0.1175 ** 2 + 0.1 ** 2)
        sample = path / SPEED_OF_SOUND * FS
        near = response[ear, round(sample) - 6:round(sample) + 7]
        assert abs(np.argmax(np.abs(near)) - 6) <= 1


def test_level_falls_with_distance_air_and_absorption():
    renderer = EchoRenderer(Scene(HALL), replace(HIGH, speaker=(0.0, 0.0, -0.1)), OMNI)
    kept = np.sqrt((1 - renderer.scene.absorption[1]) * (1 - renderer.scene.scattering[1]))
    for wall in (1.0, 2.0, 4.0):
        path = np.sqrt((2 * wall) ** 2 + 0.1175 ** 2 + 0.1 ** 2)
        left, _ = renderer.echoes(Pose(12 - wall, 6, 0), np.random.default_rng(0))
        expected = kept / path * np.exp(-0.5 * AIR_ABSORPTION * path)
        gains = _paths(left, path)
        assert np.min(np.max(np.abs(gains / expected - 1), axis=1)) < 1e-3


@pytest.mark.parametrize('degrees', [-60, -30, 0, 30, 60])
def test_delay_between_the_ears_follows_the_angle(degrees):
    # A wall seen under an angle: its image source lies far out in that direction.
    rig = replace(HIGH, speaker=(0.0, 0.0, 0.01))
    renderer = EchoRenderer(Scene(HALL), rig, OMNI)
    pose = Pose(8, 6, np.radians(-degrees))
    arrivals = renderer.echoes(pose, np.random.default_rng(0))
    image = np.array([2 * 12 - 8, 6, 3.01])
    expected = [np.linalg.norm(image - ear) / SPEED_OF_SOUND for ear in rig.ears(pose)]
    found = [side.delay[np.argmin(np.abs(side.delay - time))]
             for side, time in zip(arrivals, expected)]
    itd = found[1] - found[0]
    far_field = rig.ear_spacing * np.sin(np.radians(degrees)) / SPEED_OF_SOUND
    assert itd == pytest.approx(far_field, abs=2e-6)


def test_the_nearer_ear_hears_more_highs():
    hearing = Hearing()
    left = np.array([[0.0, 1.0, 0.0]])
    gains = [hearing.reception(left, ear)[0] for ear in (0, 1)]
    ratio = gains[0] / gains[1]
    assert ratio[0] == pytest.approx(1, abs=0.05)
    assert (np.diff(ratio) >= -1e-9).all() and ratio[-1] > 3


def test_direct_sound_comes_first_and_has_lost_its_highs():
    renderer = EchoRenderer(Scene(HALL), HIGH)
    distance, gain = renderer.direct_sound(0)
    assert distance == pytest.approx(HIGH.direct_distance, abs=1e-6)
    assert gain[-1] < 0.05 * gain[0]
    response = renderer.impulse_response(Pose(6, 6, 0), np.random.default_rng(0))[0]
    onset = int(distance / SPEED_OF_SOUND * FS)
    assert np.abs(response[:onset - 2]).max() < 0.02 * np.abs(response[onset - 2:200]).max()


def _eyring(size, absorption):
    volume, surface = size ** 3, 6 * size ** 2
    air = 4 * AIR_ABSORPTION * volume
    return 0.161 * volume / (-surface * np.log(1 - absorption) + air)


@pytest.mark.parametrize('absorption', [0.1, 0.2, 0.4])
def test_decay_in_a_diffuse_room_agrees_with_eyring(absorption):
    scene = Scene(box_room(5, 5, 5))
    scene.absorption[:] = absorption
    scene.scattering[:] = 1.0
    decay = trace_decay(scene, np.array([2.1, 2.7, 1.9]), 0, np.random.default_rng(0), rays=1000)
    # Eyring neglects that free paths differ in length, which makes a dead room decay up to a
    # tenth more slowly (Kuttruff, Room Acoustics, sec. 5.5).
    spread = 1 / (1 + 0.2 * np.log(1 - absorption))
    ratio = decay.reverberation_time() / (_eyring(5, absorption) * spread)
    assert np.all(np.abs(ratio - 1) < 0.08), ratio


def test_late_energy_agrees_with_an_image_source_model_of_high_order():
    size, absorption = (6.0, 4.5, 3.2), 0.25
    scene = Scene(box_room(*size, 'plaster'))
    scene.absorption[:] = absorption
    scene.scattering[:] = 0.05
    rig, pose = Rig(height=1.4, speaker=(0.6, 0.0, 0.2)), Pose(2.2, 1.9, 0.4)
    renderer = EchoRenderer(scene, rig, OMNI, image_order=3)
    ours = renderer.impulse_response(pose, np.random.default_rng(0))[0]
    room = pra.ShoeBox(size, fs=FS, materials=pra.Material(absorption), max_order=45)
    room.add_source(rig.mouth(pose))
    room.add_microphone(rig.ears(pose)[0])
    room.set_sound_speed(SPEED_OF_SOUND)
    room.compute_rir()
    theirs = np.asarray(room.rir[0][0])[40:]  # its fractional delays lag by 40 samples
    # Below, images of one sign add up coherently; above, air swallows sound, only in ours.
    band = butter(4, (500, 3000), 'band', fs=FS, output='sos')
    ours, theirs = sosfilt(band, ours), sosfilt(band, theirs)
    for start, end in ((0.005, 0.03), (0.03, 0.06), (0.06, 0.12)):
        a, b = round(start * FS), round(end * FS)
        level = 10 * np.log10(np.sum(ours[a:b] ** 2) / np.sum(theirs[a:b] ** 2))
        assert abs(level) < 2.0, (start, level)


@pytest.mark.parametrize('material', ['upholstery', 'ceiling_tile'])
def test_a_room_that_swallows_nearly_all_sound_still_sounds(material):
    """Rounding errors of energy that had died out gave NaN."""
    renderer = EchoRenderer(Scene(box_room(4, 3, 2.5, material)))
    assert renderer.decay.late.min() >= 0 and renderer.decay.total.min() >= 0
    response = renderer.impulse_response(Pose(1.5, 1.5, 0), np.random.default_rng(0))
    assert np.isfinite(response).all() and np.abs(response).max() > 0.01


def test_the_seed_reproduces_the_response_bit_for_bit():
    def render():
        renderer = EchoRenderer(Scene(box_room(5, 4, 3)), seed=7)
        return renderer.impulse_response(Pose(2, 2, 1), np.random.default_rng(3))

    first = render()
    assert first.shape == (2, LENGTH) and first.dtype == np.float32
    assert np.array_equal(first, render())


def test_furniture_in_front_adds_an_earlier_echo():
    cabinet = Box(9.0, 6.0, 0.0, 0.4, 2.0, 5.0, 0.0, Surface('metal', (0.5, 0.5, 0.5)))
    bare, furnished = (
        EchoRenderer(Scene(world), HIGH, OMNI).echoes(Pose(6, 6, 0), np.random.default_rng(0))[0]
        for world in (HALL, replace(HALL, furniture=(cabinet,))))
    distance = (8.8 - 6.0) * 2 - HIGH.speaker[0]
    near = [np.abs(side.delay * SPEED_OF_SOUND - distance) < 0.01 for side in (bare, furnished)]
    strongest = [side.gain[chosen].max(initial=0) for side, chosen in zip((bare, furnished), near)]
    assert strongest[1] > 0.1 and strongest[0] < 0.05
