# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Ambient sound near surfaces against what room acoustics says in closed form."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.acoustics.format import SPEED_OF_SOUND
from echo_depth_ros.sim.ambient_field import build_up, Mirrors, octant, waves_at

FREQUENCIES = np.arange(1, 1025) * 2.0
RIGID = np.ones((3, len(FREQUENCIES)))
FAR = 40.0


def _mean_square(distances, reflection=RIGID, draws=30):
    k = 2 * np.pi * FREQUENCIES / SPEED_OF_SOUND
    rng = np.random.default_rng(1)
    waves = (waves_at(octant(40, rng), np.array(distances), k, reflection) for _ in range(draws))
    return np.mean([np.mean(np.abs(each) ** 2, axis=0) for each in waves], axis=0)


def test_one_wall_is_the_textbook_formula():
    distance = 0.4
    kd = 2 * np.pi * FREQUENCIES / SPEED_OF_SOUND * distance
    assert build_up(FREQUENCIES, (distance,)) == pytest.approx(1 + np.sin(2 * kd) / (2 * kd))


@pytest.mark.parametrize(('distances', 'decibels'), [
    ((0.01,), 3.01), ((0.01, 0.01), 6.02), ((0.01, 0.01, 0.01), 9.03)])
def test_levels_add_up_at_wall_edge_and_corner(distances, decibels):
    power = build_up(np.array([20.0]), distances)
    assert 10 * np.log10(power) == pytest.approx(decibels, abs=0.05)


@pytest.mark.parametrize('distances', [
    (0.3, FAR, FAR), (FAR, 0.8, FAR), (0.3, 0.5, FAR), (0.25, 0.4, 0.5)])
def test_waves_make_the_field_of_the_closed_form(distances):
    near = tuple(d for d in distances if d < FAR)
    # Averaged over a third of an octave or so, for no draw is endless.
    smooth = np.ones(21) / 21
    found = np.convolve(_mean_square(distances), smooth, 'valid')
    expected = np.convolve(build_up(FREQUENCIES, near), smooth, 'valid')
    assert 10 * np.log10(found / expected) == pytest.approx(0, abs=0.5)


def test_an_absorbing_wall_builds_up_less():
    soft = RIGID.copy()
    soft[0] = 0.6
    found = _mean_square((0.3, FAR, FAR), soft) / _mean_square((FAR, FAR, FAR), soft)
    expected = build_up(FREQUENCIES, (0.3,), (0.6,))
    low = slice(20, 60)
    assert found[low].mean() == pytest.approx(expected[low].mean(), rel=0.1)
    assert found[low].mean() < build_up(FREQUENCIES, (0.3,))[low].mean()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0.05, 3), min_size=1, max_size=3), st.floats(0, 1))
def test_the_closed_form_stays_between_nothing_and_coherent(distances, reflection):
    power = build_up(FREQUENCIES, tuple(distances), (reflection,) * len(distances))
    assert (power > 0).all() and (power <= 2 ** len(distances) + 1e-9).all()


def test_directions_cover_an_eighth_of_the_sphere_evenly():
    directions = octant(4000, np.random.default_rng(0))
    assert np.linalg.norm(directions, axis=1) == pytest.approx(1)
    assert (directions >= 0).all()
    assert directions.mean(axis=0) == pytest.approx(0.5, abs=0.01)
    assert (directions ** 2).mean(axis=0) == pytest.approx(1 / 3, abs=0.01)


def test_mirrors_measure_and_mirror():
    mirrors = Mirrors(np.array([-1, 1, -1]), np.array([0.0, 5.0, 0.0]), np.ones((3, 1)),
                      np.ones(1))
    place = np.array([0.4, 4.0, 0.5])
    assert mirrors.distance(place) == pytest.approx([0.4, 1.0, 0.5])
    assert mirrors.image(place, (1, 1, 0)) == pytest.approx([-0.4, 6.0, 0.5])
