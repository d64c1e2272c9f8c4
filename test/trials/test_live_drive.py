# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

from PIL import Image
import pytest

from echo_depth_ros.sim.rig import Pose
from echo_depth_ros.sim.tracks import tracks
from echo_depth_ros.trials import live_picture
from echo_depth_ros.trials.live_drive import Drive, LiveDrive

STRAIGHT = next(track for track in tracks() if track.name == 'straight_1')
"""Wall at y = 5.5 on the left, from x = 1.5 to 7.5."""


def driven(distance=0.6, steps=25, way=6.0, **seen) -> LiveDrive:
    """Drive straight along the wall."""
    drive = LiveDrive(STRAIGHT, wanted=0.6)
    for step in range(steps):
        drive.see(Pose(1.5 + way * step / (steps - 1), 5.5 - distance, 0.0), 0.25 * step,
                  'following', **seen)
    return drive


def test_a_whole_track_at_the_wanted_distance():
    told = driven(believed=0.65).outcome()
    assert told.complete and told.share == 1.0 and told.metres == pytest.approx(6.0)
    assert told.error == pytest.approx(0.0, abs=1e-9)
    assert told.nearest == pytest.approx(0.6)
    assert told.belief_error == pytest.approx(0.05)
    assert told.seconds == 6.0 and len(told.poses) == len(told.states) == 25


@pytest.mark.parametrize('off', [-0.1, 0.2])
def test_error_is_that_of_the_distance_after_the_start(off):
    assert driven(distance=0.6 + off).outcome().error == pytest.approx(abs(off), abs=1e-6)


def test_a_contact_spoils_the_drive():
    drive = driven()
    drive.contacts = 1
    assert drive.whole and not drive.outcome().complete


def test_a_drive_that_did_not_get_far_has_no_error():
    told = driven(way=0.5).outcome()
    assert told.error is None and told.belief_error is None and not told.complete
    assert 0 < told.share < 0.1


def test_before_the_first_pose():
    drive = LiveDrive(STRAIGHT, 0.6)
    assert math.isnan(drive.distance) and drive.seconds == 0 and not drive.whole
    told = drive.outcome()
    assert told.nearest is None and told.error is None and told.poses == ()


def test_a_record_survives_a_file(tmp_path):
    told = driven(believed=0.7).outcome()
    told.save(tmp_path / 'live.json')
    assert Drive.load(tmp_path / 'live.json') == told
    assert 'poses' not in told.figures() and told.figures()['complete'] is True


@pytest.mark.parametrize('text', ['', '{}', '[]', '{"poses": 1}'])
def test_another_file_is_refused(tmp_path, text):
    (tmp_path / 'live.json').write_text(text)
    with pytest.raises(ValueError, match='live.json is no record of a drive'):
        Drive.load(tmp_path / 'live.json')


def test_picture_alone_and_above_another(tmp_path):
    drive = driven()
    drive.see(Pose(7.5, 5.0, 0.3), 7.0, 'escaping')
    drive.contacts = 1
    alone = live_picture.draw(
        drive.outcome(), STRAIGHT, tmp_path / 'alone.png', 'a drive', 0.6)
    Image.new('RGB', (1400, 300), 'red').save(tmp_path / 'study.png')
    both = live_picture.draw(
        drive.outcome(), STRAIGHT, tmp_path / 'both.png', 'a drive', 0.6, tmp_path / 'study.png')
    with Image.open(alone) as one, Image.open(both) as two:
        assert two.height == one.height + 300
        assert two.getpixel((700, two.height - 10)) == (255, 0, 0)
        assert len(one.convert('RGB').getcolors(100000)) > 20


def test_picture_of_a_drive_without_poses(tmp_path):
    told = LiveDrive(STRAIGHT, 0.6).outcome()
    assert live_picture.draw(told, STRAIGHT, tmp_path / 'a.png', 'nothing', 0.6).stat().st_size
