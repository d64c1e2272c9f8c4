# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The paper's rooms, and trials in them."""

import math

import numpy as np
import pytest

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.sync import find_direct_sound
from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.tracks import Progress, tracks
from echo_depth_ros.sim.wall_trial import (
    clearance,
    Hearing,
    run_trial,
    Sight,
    SlippingWheels,
    TrialSettings,
    Wheels,
)

TRACKS = {track.name: track for track in tracks()}
BY_TRACK = pytest.mark.parametrize('track', TRACKS.values(), ids=TRACKS)


def ahead(percept, now):
    return 0.25, 0.0


def test_four_rooms_one_with_the_corner_of_eight_metres():
    assert len(TRACKS) == 4
    assert TRACKS['corner'].length == pytest.approx(8.0)


@BY_TRACK
def test_nine_starts_at_their_distances_on_free_floor(track):
    starts = track.starts()
    assert len(starts) == 9
    for distance, _, pose in starts:
        assert track.wall_distance(pose) == pytest.approx(distance)
        assert clearance(track.world, pose) > 0.39


@BY_TRACK
def test_plus_degrees_turn_left(track):
    assert math.degrees(math.remainder(
        track.start(0.8, 30).yaw - track.start(0.8, 0).yaw, 2 * math.pi)) == pytest.approx(30)


@BY_TRACK
def test_the_wall_is_on_the_track_s_side(track):
    pose = track.start(0.8, 0)
    side = 1 if track.side == 'left' else -1
    step = 0.1 * side
    nearer = Pose(pose.x - step * math.sin(pose.yaw), pose.y + step * math.cos(pose.yaw), pose.yaw)
    assert track.wall_distance(nearer) == pytest.approx(0.7)


@BY_TRACK
def test_progress_along_the_middle_line_is_the_whole_track(track):
    progress = Progress(track)
    centre = np.asarray(track.centre)
    for first, then in zip(centre, centre[1:]):
        for part in np.linspace(0, 1, 60):
            place = first + part * (then - first)
            progress.see(Pose(place[0], place[1], 0.0))
    assert progress.share == pytest.approx(1.0)


def test_a_short_cut_is_no_progress():
    progress = Progress(TRACKS['corner'])
    assert progress.see(Pose(8.4, 4.15, 0.0)) == 0.0


def test_straight_ahead_ends_at_the_first_contact():
    track = TRACKS['corner']
    outcome = run_trial(track, track.start(0.8, 0), ahead, Sight(lambda *seen: seen),
                        settings=TrialSettings(wheels=Wheels(0, 0, 0)))
    assert outcome.collided and not outcome.complete
    assert outcome.share == pytest.approx(4.85 / 8, abs=0.01)
    assert outcome.nearest == pytest.approx(0.2, abs=0.02)
    assert outcome.distance_error(0.8, settled_after=0.0) < 0.3


def test_time_passes_as_on_a_robot():
    track, calls = TRACKS['straight_2'], []

    def policy(percept, now):
        calls.append((percept, now))
        return 0.0, 0.0

    run_trial(track, track.start(0.8, 0), policy, Sight(lambda frame, near, stamp: stamp),
              settings=TrialSettings(longest=1.0, latency=0.05))
    delays = [now - stamp for stamp, now in calls if stamp is not None]
    assert len(delays) >= 11
    assert delays == pytest.approx([1 / 13.7 + 0.05] * len(delays), abs=1 / 41)
    assert np.diff([now for _, now in calls]) == pytest.approx(1 / 41.1)


def test_pings_get_lost():
    track, heard = TRACKS['straight_2'], []
    run_trial(track, track.start(0.8, 0), lambda percept, now: heard.append(percept) or (0.0, 0.0),
              Sight(lambda *seen: seen), settings=TrialSettings(longest=3.0, lost=1.0))
    assert set(heard) == {None}


@pytest.mark.parametrize(('speed', 'seconds'), [(0.0, 1.0), (0.05, 3.0)])
def test_patience_ends_the_trial_of_a_robot_that_stands(speed, seconds):
    track = TRACKS['straight_2']
    outcome = run_trial(track, track.start(0.8, 0), lambda percept, now: (speed, 0.0),
                        Sight(lambda *seen: seen),
                        settings=TrialSettings(longest=3.0, patience=1.0))
    assert outcome.seconds == pytest.approx(seconds, abs=0.1)


def test_the_same_seed_is_the_same_trial():
    track = TRACKS['l']
    settings = TrialSettings(longest=3.0)
    first, again, other = (
        run_trial(track, track.start(0.8, 0), ahead, Sight(lambda *seen: None), seed=seed,
                  settings=settings).poses[-1] for seed in (1, 1, 2))
    assert first == again != other


def test_windows_are_aligned():
    track, fmt, windows = TRACKS['straight_2'], PingFormat(), []
    run_trial(track, track.start(0.8, 0), ahead,
              Hearing(lambda window, stamp: windows.append(window.copy())),
              settings=TrialSettings(longest=0.6))
    assert len(windows) >= 6
    for window in windows:
        assert window.shape == (2, fmt.window)
        assert find_direct_sound(window, fmt).index == pytest.approx(fmt.direct_index, abs=1.5)


def test_wheels_slip_about_what_they_are_said_to():
    drawn = np.array([SlippingWheels(Wheels(), np.random.default_rng(k)).turn_into(0.2, 0.0, 0.02)
                      for k in range(300)])
    assert np.std(drawn[:, 0] / 0.2) == pytest.approx(math.hypot(0.03, 0.05), rel=0.15)
    assert np.std(drawn[:, 1] / 0.2) == pytest.approx(0.05, rel=0.15)
