# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The stream between speaker and ears."""

import numpy as np
import pytest

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat, SPEED_OF_SOUND
from echo_depth_ros.sim.air import LateSoundError, SimulatedAir
from echo_depth_ros.sim.echoes import EchoRenderer
from echo_depth_ros.sim.noise import Noise
from echo_depth_ros.sim.rig import Pose, Rig
from echo_depth_ros.sim.scene import Scene
from echo_depth_ros.sim.world import box_room

QUIET = Noise(ambient_db=-140, motor_db=-140)
POSE = Pose(2, 2, 0)


def _air(noise=QUIET, seed=0):
    return SimulatedAir(EchoRenderer(Scene(box_room(6, 4, 3)), seed=seed), noise, seed=seed)


def test_a_chirp_is_heard_when_the_direct_sound_has_travelled():
    air = _air()
    air.play(linear_chirp(PingFormat()), 1000, POSE)
    heard = np.concatenate([air.listen(400) for _ in range(10)], axis=1)
    first = int(np.argmax(np.abs(heard[0]) > 0.01 * np.abs(heard[0]).max()))
    travel = Rig().direct_distance / SPEED_OF_SOUND * 44100
    assert 1000 + travel - 3 <= first <= 1000 + travel + 8
    assert air.frame == 4000


def test_blocks_join_without_a_seam():
    whole, parts = _air(), _air()
    for air in (whole, parts):
        air.play(linear_chirp(PingFormat()), 100, POSE)
    heard = whole.listen(3000)
    joined = np.concatenate([parts.listen(n) for n in (1, 999, 1500, 500)], axis=1)
    assert np.allclose(heard, joined, atol=1e-6)


def test_two_chirps_add_up():
    air = _air()
    air.play(linear_chirp(PingFormat()), 0, POSE)
    air.play(linear_chirp(PingFormat()), 3219, POSE)
    heard = air.listen(6438)
    first, second = heard[:, :400], heard[:, 3219:3619]
    assert np.abs(first).max() == pytest.approx(np.abs(second).max(), rel=0.1)


def test_a_late_sound_is_refused_and_the_stream_goes_on():
    air = _air()
    air.listen(500)
    with pytest.raises(LateSoundError, match='500 had been heard'):
        air.play(linear_chirp(PingFormat()), 100, POSE)
    assert air.listen(100).shape == (2, 100)


@pytest.mark.parametrize('samples', [
    np.zeros(0), np.zeros((2, 100)), np.full(100, np.nan), np.zeros(5000)])
def test_sounds_that_are_none_are_refused(samples):
    with pytest.raises(ValueError, match='expected'):
        _air().play(samples, 0, POSE)


def test_a_sound_too_far_ahead_is_refused():
    with pytest.raises(ValueError, match='frames ahead'):
        _air().play(np.ones(10), 10 ** 7, POSE)


def test_the_seed_reproduces_the_stream_bit_for_bit():
    def stream():
        air = _air(Noise(), seed=4)
        air.play(linear_chirp(PingFormat()), 50, POSE)
        return air.listen(4000, speed=0.5)

    assert np.array_equal(stream(), stream())


def test_noise_has_the_level_asked_for():
    rng = np.random.default_rng(0)
    still = Noise(ambient_db=-40, motor_db=-40).sample(44100, 44100, 0.0, rng)
    moving = Noise(ambient_db=-140, motor_db=-40).sample(44100, 44100, 1.0, rng)
    for sound in (still, moving):
        assert 20 * np.log10(sound.std()) == pytest.approx(-40, abs=2.0)


def test_too_loud_is_clipped_at_full_scale():
    air = _air(Noise(ambient_db=6))
    assert np.abs(air.listen(2000)).max() == 1.0
