# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import csv
from dataclasses import replace
import json
import os
from pathlib import Path
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data import open_split
from echo_depth_ros.learning.data.view import field_of_view, FieldOfView
from echo_depth_ros.recording.description import camera_of, Description, WINDOW
from echo_depth_ros.recording.errors import DiskFullError, RecorderError
from echo_depth_ros.recording.writer import check_target, COLUMNS
from echo_depth_ros.vision.errors import ImageError

from .small import camera_info, FMT, heard, LEAD, picture, sample, STAMP, wall, writer


def rows_of(path):
    with open(path, newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def record(root, count=3, **options):
    with writer(root, **options) as out:
        for number in range(count):
            out.add(sample(number, rgb=out.about.colour))
    return root / out.location


def test_a_location_is_laid_out_as_batvision_v2(tmp_path):
    folder = record(tmp_path)
    rows = rows_of(folder / 'train.csv')
    assert list(rows[0]) == list(COLUMNS) and len(rows) == 3
    for kind in ('depth', 'audio', 'camera'):
        assert rows[1][f'{kind} path'] == f'kitchen/{kind}'
        assert (tmp_path / rows[1][f'{kind} path'] / rows[1][f'{kind} file name']).is_file()
    depth = np.load(folder / 'depth' / 'depth_000001.npy')
    assert depth.dtype == np.uint16 and depth.shape == (72, 128)
    assert depth[0, 0] == 0 and depth[50, 50] == 1010
    sound = soundfile.info(folder / 'audio' / 'audio_000001.wav')
    assert (sound.channels, sound.subtype, sound.samplerate) == (2, 'PCM_32', 44100)
    window = np.load(folder / 'window' / 'window_000001.npy')
    assert window.dtype == np.float32
    np.testing.assert_array_equal(window, heard(1)[:, LEAD:])
    stamps = rows_of(folder / 'stamps.csv')
    assert stamps[0]['window ns'] == str(STAMP) and stamps[0]['rgb ns'] == str(STAMP + 5)
    assert stamps[0]['depth ns'] == ''
    about = json.loads((folder / 'recording.json').read_text())
    assert about['direct_index'] == 282 and about['wav'] == 'binaural/raw'
    assert about['format']['sample_rate'] == 44100


@pytest.mark.parametrize('about, lead', [(Description(), 0), (Description(wav=WINDOW), LEAD),
                                         (Description(colour=False), 0)])
def test_what_was_recorded_is_read_as_it_is(tmp_path, about, lead):
    with writer(tmp_path, about=about) as out:
        for number in range(3):
            out.add(sample(number, about.colour, sound=heard(number)[:, lead:]))
    split = open_split(tmp_path, 'train', progress=False)
    assert len(split) == 3 and not split.skipped
    assert split.shapes.tolist() == ['kitchen'] * 3 and (split.rgb is not None) == about.colour
    for number in range(3):
        np.testing.assert_allclose(
            split[number][0].numpy(), heard(number)[:, LEAD:], atol=0.6 / 32767)
        assert split[number][1][100, 100] == pytest.approx(1 + 0.01 * number)


def test_locations_and_splits_lie_beside_each_other(tmp_path):
    record(tmp_path)
    record(tmp_path, location='hall way', split='val')
    record(tmp_path, location='Flur, groß', about=Description(wav=WINDOW, colour=True), count=0)
    assert len(open_split(tmp_path, 'val', progress=False)) == 3
    with writer(tmp_path, split='test') as out:
        assert out.other_splits == ['train']
        assert out.add(sample()) == 3  # numbers are those of the location
    assert len(open_split(tmp_path, 'test', progress=False)) == 1


def test_a_second_recording_goes_on_behind_the_first(tmp_path):
    folder = record(tmp_path)
    with open(folder / 'train.csv', 'ab') as file:
        file.write(b'kitchen/depth,depth_0000')
    (folder / 'audio' / '.audio_000003.wav.part').write_bytes(b'half')
    np.save(folder / 'depth' / 'depth_000007.npy', wall())  # complete, but never listed
    with writer(tmp_path) as out:
        assert out.repaired == 24
        assert out.add(sample(3)) == 8
    assert not list(folder.rglob('.*.part'))
    assert len(open_split(tmp_path, 'train', progress=False)) == 4
    assert json.loads((folder / 'recording.json').read_text())['sources'] == ['a test']


@pytest.mark.parametrize('about, says', [
    (Description(wav=WINDOW), 'wav is binaural/raw, now it is binaural'),
    (Description(colour=False), 'colour is True, now it is False'),
    (Description(PingFormat(ear_spacing=0.2)), r"format is {'ear_spacing': 0.235}, now it is")])
def test_samples_of_another_kind_belong_into_another_location(tmp_path, about, says):
    record(tmp_path)
    before = (tmp_path / 'kitchen' / 'recording.json').read_bytes()
    with pytest.raises(RecorderError, match=says):
        writer(tmp_path, about=about)
    assert (tmp_path / 'kitchen' / 'recording.json').read_bytes() == before
    record(tmp_path, count=1)  # the lock was given back


def test_one_process_at_a_time(tmp_path):
    with writer(tmp_path):
        with pytest.raises(RecorderError, match='another process is recording'):
            writer(tmp_path, split='val')
        record(tmp_path, location='elsewhere')
    record(tmp_path)


def test_a_picture_more_or_less_is_refused(tmp_path):
    with writer(tmp_path) as out, pytest.raises(RecorderError, match='has no picture'):
        out.add(sample(rgb=False))
    with writer(tmp_path, 'b', about=Description(colour=False)) as out:
        with pytest.raises(RecorderError, match='has a picture'):
            out.add(sample())


def test_what_cannot_be_stored_leaves_nothing_behind(tmp_path):
    with writer(tmp_path) as out:
        with pytest.raises(ImageError):
            out.add(sample(depth=np.zeros((2, 2, 2))))
        with pytest.raises(ImageError):
            out.add(replace(sample(), rgb=picture().astype(float)))
        assert out.add(sample()) == 1
    assert len(rows_of(tmp_path / 'kitchen' / 'train.csv')) == 1
    assert not list(tmp_path.rglob('.*.part'))


def test_a_disk_that_is_nearly_full_ends_it_before_it_is(tmp_path, monkeypatch):
    free = [10**12]
    monkeypatch.setattr('shutil.disk_usage', lambda path: type('', (), {'free': free[0]}))
    with writer(tmp_path, keep_free=10**9) as out:
        out.add(sample(0))
        free[0] = 9 * 10**8
        with pytest.raises(DiskFullError, match=r'only 0\.90 GB are free .*What was recorded is'):
            out.add(sample(1))
    with pytest.raises(DiskFullError, match='--keep-free'):
        check_target(tmp_path / 'new' / 'folder', 'x', 'train')
    assert len(rows_of(tmp_path / 'kitchen' / 'train.csv')) == 1


def test_a_disk_that_is_full_all_the_same_is_said(tmp_path, monkeypatch):
    with writer(tmp_path) as out:
        monkeypatch.setattr(os, 'replace', lambda *_: (_ for _ in ()).throw(
            OSError(28, 'No space left on device')))
        with pytest.raises(RecorderError, match='No space left'):
            out.add(sample(0))


@pytest.mark.parametrize('location', ['', '.', '..', '.git', 'a/b', '/etc', 'a\\b', 'x\n', ' x'])
def test_a_location_is_the_name_of_one_folder(tmp_path, location):
    with pytest.raises(RecorderError, match='expected the name of a folder'):
        check_target(tmp_path, location, 'train')


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_heard(tmp_path, monkeypatch):
    monkeypatch.setattr(os, 'access', lambda *_: False)
    with pytest.raises(RecorderError, match=f'{tmp_path} is read-only'):
        check_target(tmp_path / 'new', 'x', 'train')


def test_data_of_other_kinds_are_left_alone(tmp_path):
    with pytest.raises(RecorderError, match='expected one of train, val, test'):
        check_target(tmp_path, 'x', 'validation')
    (tmp_path / 'file').write_text('')
    with pytest.raises(RecorderError, match='is a file'):
        check_target(tmp_path / 'file', 'x', 'train')
    (tmp_path / 'own').mkdir()
    (tmp_path / 'own' / 'recordings.json').write_text('{}')
    with pytest.raises(RecorderError, match='another layout'):
        check_target(tmp_path / 'own', 'x', 'train')
    (tmp_path / 'bv2' / 'Salle').mkdir(parents=True)
    (tmp_path / 'bv2' / 'Salle' / 'val.csv').write_text('')
    with pytest.raises(RecorderError, match='was not recorded with this command'):
        check_target(tmp_path / 'bv2', 'Salle', 'train')


def test_the_camera_and_frames_are_noted_when_they_become_known(tmp_path):
    camera = camera_of(camera_info(fx=64.0, fy=36.0 / np.tan(np.radians(29))), 'camera/info')
    with writer(tmp_path) as out:
        out.add(sample())
        out.learn(frames={'rgb': 'optical'})
        out.learn(camera=camera, frames={'depth': 'optical'})
        with pytest.raises(RecorderError, match='hfov_deg 90.0, now it has 53'):
            out.learn(camera=camera_of(camera_info(fx=128.0)))
    assert field_of_view(tmp_path) == FieldOfView(90, 58)
    about = json.loads((tmp_path / 'kitchen' / 'recording.json').read_text())
    assert about['frames'] == {'rgb': 'optical', 'depth': 'optical'}
    with writer(tmp_path):
        pass
    assert field_of_view(tmp_path) == FieldOfView(90, 58)


def test_a_calibration_is_copied_once_and_a_new_one_beside_it(tmp_path):
    first, second = tmp_path / 'a.yaml', tmp_path / 'b.yaml'
    first.write_text('gain: 1')
    second.write_text('gain: 2')
    for path in (first, first, second):
        with writer(tmp_path / 'data') as out:
            out.keep_calibration(path)
            out.add(sample())
    folder = tmp_path / 'data' / 'kitchen'
    assert json.loads((folder / 'recording.json').read_text())['calibrations'] == [
        {'file': 'calibration.yaml', 'from': 0}, {'file': 'calibration_000002.yaml', 'from': 2}]
    assert (folder / 'calibration_000002.yaml').read_text() == 'gain: 2'
    with writer(tmp_path / 'data') as out:
        with pytest.raises(RecorderError, match='cannot be read'):
            out.keep_calibration(tmp_path / 'none.yaml')


def test_whenever_it_is_killed_every_complete_sample_is_read(tmp_path):
    told = 0
    for pause in (0.0, 0.011, 0.023, 0.037):
        process = subprocess.Popen(
            [sys.executable, Path(__file__).parent / 'endless.py', tmp_path],
            stdout=subprocess.PIPE, text=True)
        for _ in range(3):
            assert process.stdout.readline()
        time.sleep(pause)
        process.kill()
        told += 3 + len(process.stdout.read().split())
        process.wait()
        rows = rows_of(tmp_path / 'kitchen' / 'train.csv')
        assert len(rows) >= told
        for row in rows:
            for kind in ('audio', 'depth', 'camera'):
                assert (tmp_path / row[f'{kind} path'] / row[f'{kind} file name']).is_file()
    split = open_split(tmp_path, 'train', progress=False)
    assert len(split) == len(rows) and not split.skipped and split.rgb is not None
    assert split.waveform.shape[1:] == (2, FMT.window)
    with writer(tmp_path):
        pass
    assert not list(tmp_path.rglob('.*.part'))
