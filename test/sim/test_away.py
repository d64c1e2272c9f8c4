# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Test sets whose conditions training never saw."""

import argparse
from dataclasses import replace
import json

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from echo_depth_ros.sim import dataset
from echo_depth_ros.sim.away import AWAY, AWAY_SEED, HOME
from echo_depth_ros.sim.away_noise import AwayNoise, KINDS
from echo_depth_ros.sim.materials import HELD_OUT, material, material_id, MATERIALS
from echo_depth_ros.sim.noise import Noise
from echo_depth_ros.sim.random_world import random_world, RoomStyle
from echo_depth_ros.sim.simulation import START_CLEARANCE

SEEDS = range(AWAY_SEED, AWAY_SEED + 6)


def _run(*arguments):
    parser = argparse.ArgumentParser()
    dataset.add_arguments(parser)
    return dataset.main(parser.parse_args([str(a) for a in arguments]))


def _extent(world):
    return np.sort(np.ptp(np.array(world.corners), axis=0))[::-1]


@pytest.mark.parametrize('name', AWAY)
def test_a_robot_fits_into_every_room(name):
    conditions = AWAY[name]
    for seed in SEEDS:
        world = random_world(seed, style=conditions.style)
        assert world.height >= conditions.rig.height + 0.1
        assert world.free_space(START_CLEARANCE).area > 0


def test_home_is_what_students_train_in():
    assert HOME.style == RoomStyle() and not HOME.style.substitutes
    arrays, again = (dataset.simulate_room(3, 1, **kind) for kind in (
        {}, {'conditions': AWAY['home']}))
    assert all(np.array_equal(arrays[key], again[key]) for key in arrays)


def test_closets_are_smaller_and_halls_larger_than_any_room_at_home():
    for seed in SEEDS:
        home, closet, hall = (random_world(seed, style=AWAY[name].style)
                              for name in ('home', 'closets', 'halls'))
        assert closet.shape == home.shape == hall.shape
        assert (_extent(closet) <= _extent(home)).all() and closet.height <= 2.4
        assert (_extent(hall) >= _extent(home)).all() and hall.height >= 3.2


def test_held_out_materials_replace_all_and_are_shown_as_those():
    style = AWAY['materials'].style
    assert set(style.substitutes) == {m.name for m in MATERIALS}
    tables = {m.table for m in MATERIALS}
    for held_out in HELD_OUT:
        assert held_out.table not in tables
        stands_for = material(held_out.shown_as)
        assert material_id(held_out.name) == material_id(held_out.shown_as)
        assert material(held_out.name) is held_out
        assert (np.abs(held_out.absorption - stands_for.absorption).max() > 0.02
                or np.abs(held_out.scattering - stands_for.scattering).max() > 0.1)
    home, away = random_world(5), random_world(5, style=style)
    assert away.corners == home.corners and len(away.furniture) == len(home.furniture)
    assert all(a.material == style.substitutes[h.material]
               for h, a in zip(home.walls, away.walls))


def test_a_pose_sees_the_same_room_with_other_materials_but_hears_another():
    home, away = (dataset.simulate_room(AWAY_SEED, 1, conditions=AWAY[name])
                  for name in ('home', 'materials'))
    for same in ('depth', 'material', 'pose'):
        assert np.array_equal(home[same], away[same])
    assert not np.array_equal(home['waveform'], away['waveform'])


def test_furniture_is_of_other_kinds_and_denser():
    at_home = {kind.__name__ for kind in HOME.style.kinds}
    assert not at_home & {kind.__name__ for kind in AWAY['furniture'].style.kinds}
    pieces = [sum(len(random_world(seed, style=AWAY[name].style).furniture) for seed in SEEDS)
              for name in ('home', 'furniture')]
    assert pieces[1] > 1.5 * pieces[0]


def test_ears_and_height_are_those_of_the_rig():
    assert AWAY['narrow_ears'].rig.ear_spacing == 0.15
    assert AWAY['wide_ears'].rig.ear_spacing == 0.30
    low, tall = (dataset.simulate_room(AWAY_SEED, 1, conditions=AWAY[name])['depth'][0]
                 for name in ('low_robot', 'tall_robot'))
    floor = [row[-1, 64] / 1000 for row in (low, tall)]
    assert floor[0] <= 0.26 and floor[1] <= 1.12  # 45 degrees down


@given(st.sampled_from(KINDS), st.integers(0, 2 ** 16), st.floats(-60, -20))
@settings(max_examples=30, deadline=None)
def test_sources_sound_as_loud_as_they_say(kind, seed, level):
    rng = np.random.default_rng(seed)
    noise = AwayNoise(-140, -140, 300, kind, source_db=level, pitch=120.0)
    sound = noise.sample(3197, 44100, 0.0, rng)
    assert sound.shape == (2, 3197) and sound.dtype == np.float32 and np.isfinite(sound).all()
    if kind != 'loud':
        assert 20 * np.log10(np.sqrt(np.mean(sound ** 2))) == pytest.approx(level, abs=1.5)


def test_noise_is_louder_than_any_at_home():
    rng = np.random.default_rng(0)
    away = [AwayNoise.random(rng) for _ in range(40)]
    home = [Noise.random(rng) for _ in range(40)]
    assert {noise.kind for noise in away} == set(KINDS)
    loudest = max(noise.ambient_db for noise in home)
    assert all(noise.ambient_db >= loudest - 0.5 for noise in away if noise.kind == 'loud')
    assert all(noise.source_db >= -46 for noise in away)


def test_the_speaker_is_outside_what_training_draws():
    for seed in range(20):
        hearing = AWAY['speaker'].hearing(np.random.default_rng(seed))
        assert hearing.low_cut > 350 and hearing.high_cut < 13000
        assert not 40 <= np.degrees(hearing.ear_azimuth) <= 65


def test_an_away_set_tests_only_and_names_its_conditions(tmp_path, capsys):
    out = tmp_path / 'low'
    arguments = out, '--away', 'low_robot', '--rooms', 2, '--poses', 1, '--workers', 1
    assert _run(*arguments) == 0
    rooms = [f'test/room_{AWAY_SEED + i:06d}.npz' for i in range(2)]
    assert sorted(str(p.relative_to(out)) for p in out.glob('*/*.npz')) == rooms
    about = json.loads((out / 'dataset.json').read_text())
    assert about['away']['name'] == 'low_robot' and '0.25 m' in about['away']['what']
    assert about['rig']['height'] == 0.25
    stamps = [(out / room).stat().st_mtime_ns for room in rooms]
    assert _run(*arguments) == 0  # a second run goes on: here, with nothing
    assert [(out / room).stat().st_mtime_ns for room in rooms] == stamps
    assert _run(out, '--away', 'tall_robot', '--rooms', 2, '--poses', 1) == 2
    assert 'away' in capsys.readouterr().out
    assert _run(out, '--rooms', 2, '--poses', 1, '--seed', AWAY_SEED) == 2


def test_at_home_nothing_is_said_of_away(tmp_path):
    assert _run(tmp_path, '--rooms', 1, '--poses', 1, '--workers', 1) == 0
    assert 'away' not in json.loads((tmp_path / 'dataset.json').read_text())
    assert (tmp_path / 'train' / 'room_000000.npz').exists()


def test_help_names_every_condition():
    parser = argparse.ArgumentParser()
    dataset.add_arguments(parser)
    text = parser.format_help()
    assert all(f'\n  {name} ' in text for name in AWAY)


def test_a_family_and_a_scale_are_kept_with_the_data(tmp_path):
    assert _run(tmp_path / 'v', '--family', 'varied', '--rooms', 1, '--poses', 1,
                '--workers', 1) == 0
    stated = json.loads((tmp_path / 'v' / 'dataset.json').read_text())
    assert stated['family']['name'] == 'varied' and 'away' not in stated
    assert stated['family']['panes']['share'] > 0 and len(stated['family']['sizes']) == 2
    assert _run(tmp_path / 'v', '--rooms', 1, '--poses', 1, '--workers', 1) == 2
    assert _run(tmp_path / 'k', '--away', 'home', '--scale', 1.5, '--rooms', 1, '--poses', 1,
                '--workers', 1) == 0
    assert json.loads((tmp_path / 'k' / 'dataset.json').read_text())['scale'] == 1.5
    assert _run(tmp_path / 'k', '--away', 'home', '--rooms', 1, '--poses', 1,
                '--workers', 1) == 2


@pytest.mark.parametrize('wrong', [('--scale', 0.1), ('--scale', 'nan'),
                                   ('--away', 'home', '--family', 'varied')])
def test_what_makes_no_sense_is_refused(wrong, tmp_path, capsys):
    assert _run(tmp_path, '--rooms', 1, *wrong) == 2
    assert wrong[0].strip('-') in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_what_older_versions_could_not_do_is_told_where_it_is_done():
    # Otherwise data sets that older versions have begun could not be gone on with.
    assert not {'panes', 'sizes'} & set(AWAY['closets'].describe())
    assert AWAY['mirrors'].describe()['panes'] == {'share': 1.0, 'kinds': ('mirror',)}
    assert replace(HOME, sizes=(2.0, 2.0)).describe()['sizes'] == (2.0, 2.0)
