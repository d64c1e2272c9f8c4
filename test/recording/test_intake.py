# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json
import math

import numpy as np
import pytest

from echo_depth_ros.learning.data import open_split
from echo_depth_ros.recording.description import Description, WINDOW
from echo_depth_ros.recording.intake import Arrived, Intake

from .small import heard, image, LEAD, PERIOD, picture, STAMP, wall, writer


def arrived(number=0, sound=None, **changes):
    sound = heard(number) if sound is None else sound
    stamp = STAMP + number * PERIOD
    values = {'window': image(sound[:, LEAD:], stamp, frame_id='ears'),
              'raw': image(sound, stamp), 'depth': image(wall(), stamp),
              'rgb': image(picture(), stamp), 'rgb_stamp': stamp + 7}
    return Arrived(stamp, **{**values, **changes})


@pytest.fixture
def intake(tmp_path):
    with writer(tmp_path / 'data') as out:
        yield Intake(out)


def test_what_is_good_is_kept_and_read(intake):
    for number in range(3):
        assert intake.take(arrived(number))
    assert (intake.tally.windows, intake.tally.kept, not intake.tally.skipped) == (3, 3, True)
    split = open_split(intake.writer.root, 'train', progress=False)
    assert len(split) == 3 and not split.skipped
    about = json.loads((intake.writer.folder / 'recording.json').read_text())
    assert about['frames'] == {'binaural': 'ears', 'rgb': 'camera', 'depth': 'camera'}


def silent():
    return np.zeros_like(heard())


def clipped():
    return np.clip(heard() * 100, -1, 1)


def deaf():
    sound = heard()
    sound[1] *= 1e-5
    return sound


def noise():
    return heard(gain=0.0)


def not_a_number():
    sound = heard()
    sound[0, 1000] = math.nan
    return sound


@pytest.mark.parametrize('sound, kind', [
    (silent, 'silent'), (clipped, 'clipped'), (deaf, 'imbalance'), (noise, 'snr'),
    (not_a_number, 'numbers')])
def test_windows_below_quality_are_counted_by_reason(intake, sound, kind):
    assert not intake.take(arrived(sound=sound()))
    assert not intake.take(arrived(sound=sound()))
    assert dict(intake.tally.skipped) == {kind: 2}
    assert ': ' in intake.tally.words[kind]  # and what to do
    assert not (intake.writer.folder / 'train.csv').read_text().count('audio_')


@pytest.mark.parametrize('change, reason', [
    ({'depth': None}, 'no depth'), ({'rgb': None}, 'no colour'),
    ({'raw': None}, 'no raw recording'),
    ({'raw': image(heard(9))}, 'raw recording of another sound'),
    ({'raw': image(heard()[:, 1:])}, 'raw recording of another sound'),
    ({'depth': image(np.zeros((4, 4), np.uint16))}, 'depth all holes'),
    ({'depth': image(np.full((4, 4), np.nan, np.float32))}, 'depth all holes'),
    ({'depth': image(picture())}, 'unreadable'),
    ({'rgb': image(wall())}, 'unreadable'),
    ({'window': image(heard()[:, :3000])}, 'unreadable'),
    ({'window': image(picture())}, 'unreadable')])
def test_what_does_not_come_or_cannot_be_used_is_counted(intake, change, reason):
    assert not intake.take(arrived(**change))
    assert dict(intake.tally.skipped) == {reason: 1} and reason in intake.tally.reasons()
    assert intake.take(arrived())


def test_a_direct_sound_in_another_place_is_not_kept(intake):
    assert not intake.take(arrived(sound=heard(direct=282 + 12)))
    assert dict(intake.tally.skipped) == {'direct sound in another place': 1}


def test_windows_alone_will_do_and_millimetres_are_kept(tmp_path):
    millimetres = np.full((30, 40), 1234, np.uint16)
    with writer(tmp_path, about=Description(wav=WINDOW, colour=False)) as out:
        intake = Intake(out)
        assert intake.take(arrived(raw=None, rgb=None, depth=image(millimetres)))
    np.testing.assert_array_equal(
        np.load(tmp_path / 'kitchen' / 'depth' / 'depth_000000.npy'), millimetres)


def test_it_keeps_no_more_than_it_is_told(tmp_path):
    with writer(tmp_path) as out:
        intake = Intake(out, limit=2)
        assert [intake.take(arrived(number)) for number in range(4)] == [True, True, False, False]
        assert intake.done and intake.tally.windows == 2


def test_a_camera_that_never_came_shows_in_the_line(intake):
    intake.take(arrived(rgb=None))
    assert 'camera 0%' in intake.tally.line(0, 10**9)


def test_the_line_says_how_it_goes(intake):
    assert 'no sound yet' in intake.tally.line(0, 10**9)
    intake.take(arrived())
    intake.take(arrived(1, depth=None))
    line = intake.tally.line(2 * 10**6, 5 * 10**9)
    assert 'windows 2, kept 1, skipped 1 (no depth 1)' in line
    assert 'SNR ' in line and 'dBFS' in line and 'camera 50%' in line and '5 GB free' in line
