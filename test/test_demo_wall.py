# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`echo-depth demo-wall`: what nodes are told, and a short drive over real DDS."""

import argparse
import json
import os
import subprocess
import sys

import pytest
import yaml

from echo_depth_ros import demo_wall
from echo_depth_ros.processes import find_config
from echo_depth_ros.sim.named_rooms import track_named, track_names
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.trials import wall_study
from echo_depth_ros.trials.live_drive import LiveDrive


def arguments(*words) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    demo_wall.add_arguments(parser)
    return parser.parse_args(words)


def test_nodes_are_told_only_what_they_know():
    known = yaml.safe_load(find_config('echo_depth.yaml').read_text(encoding='utf-8'))
    known = known['/**']['ros__parameters']
    for follow_by in demo_wall.SECONDS:
        for told in demo_wall.parameters(arguments('--follow-by', follow_by)).values():
            assert told.keys() <= known.keys()


def test_ambient_sound_is_listened_to_in_silence():
    told = demo_wall.parameters(arguments('--follow-by', 'ambient', '--room', 'track_l'))
    assert told['chirp_emitter']['enabled'] is False
    assert told['room_simulator']['ambience'] is True
    assert told['wall_follower']['side'] == track_named('track_l').side
    assert demo_wall.parameters(arguments())['chirp_emitter']['enabled'] is True


def test_rooms_are_those_of_the_simulator():
    assert demo_wall.TRACKS == track_names()


@pytest.mark.parametrize('words', [('--seconds', '0'), ('--jobs', '0'), ('--seed', '-1')])
def test_what_makes_no_sense_is_refused(words, capsys, tmp_path):
    assert demo_wall.main(arguments(*words, '--out', str(tmp_path))) == 2
    assert words[0] in capsys.readouterr().err


def record(room, start, share=1.0, collided=False):
    return wall_study.Record(
        policy='echo', room=room, start=start, seed=100, condition='clean', start_distance=0.8,
        start_angle=0.0, metres=8 * share, share=share, complete=share == 1 and not collided,
        collided=collided, seconds=30.0, wall_clock=10.0, error=0.05, nearest=0.4,
        poses=((2.0, 1.0, 0.0), (3.0, 1.0, 0.0)))


def test_figures_of_the_trials():
    told = demo_wall.study_figures(
        [record('corner', 0), record('corner', 4, 0.5, True), record('l', 0)])
    assert (told['trials'], told['whole'], told['contacts']) == (3, 2, 1)
    assert told['share'] == pytest.approx(2.5 / 3, abs=1e-4)
    assert told['rooms']['corner'] == {'trials': 2, 'whole': 1, 'contacts': 1, 'share': 0.75}


@pytest.mark.parametrize('trials', [0, 2])
def test_conclusion_is_a_picture_a_table_and_a_summary(tmp_path, capsys, trials):
    args = arguments('--out', str(tmp_path))
    (tmp_path / 'study').mkdir()
    drive = LiveDrive(track_named('track_corner'), 0.6)
    for step in range(5):
        drive.see(Pose(3.55 + step, 0.7, 0.0), float(step), 'following', 0.65)
    drive.outcome().save(tmp_path / 'live.json')
    records = [record('corner', 0), record('l', 4, 0.5, True)][:trials]
    demo_wall.conclude(args, records)
    summary = json.loads((tmp_path / 'summary.json').read_text())
    assert summary['simulation'] is True and summary['live']['complete'] is False
    assert ('study' in summary) is bool(trials)
    assert (tmp_path / 'tracks.png').stat().st_size > 10000
    said = capsys.readouterr().out
    assert ('share %' in said) is bool(trials) and 'picture:' in said


def run(out, *words):
    environment = {**os.environ, 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
                   'ROS_DOMAIN_ID': str(1 + os.getpid() % 100)}
    return subprocess.run(
        [sys.executable, '-m', 'echo_depth_ros.cli', 'demo-wall', '--quick', '--out', str(out),
         *words], env=environment, capture_output=True, text=True, timeout=200)


def test_a_drive_that_is_cut_short_fails_and_says_so(tmp_path):
    pytest.importorskip('rclpy')
    done = run(tmp_path, '--seconds', '6')
    assert done.returncode == 1, done.stdout + done.stderr
    assert 'time was up' in done.stdout
    live = json.loads((tmp_path / 'summary.json').read_text())['live']
    assert live['complete'] is False and live['contacts'] == 0 and live['share'] < 0.5
    assert (tmp_path / 'tracks.png').stat().st_size > 10000
