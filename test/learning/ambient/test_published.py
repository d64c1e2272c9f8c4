# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The paper's lists and recordings, in miniature."""

import csv
import json

import numpy as np
from PIL import Image
import pytest
import soundfile
import torch

from echo_depth_ros.acoustics.ambient import log_mel
from echo_depth_ros.learning.ambient.layouts import open_clips
from echo_depth_ros.learning.ambient.published import open_published
from echo_depth_ros.learning.data.errors import DatasetError

THEIRS = './data/SFS-Static/ProcessedData'


def _list(path, columns, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('w', newline='') as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([columns, *rows])


@pytest.fixture
def static(tmp_path):
    rng = np.random.default_rng(0)
    for room in ('DOW-1005', 'EECS-1200'):
        for number, depth in enumerate((0.3, 1.4)):
            folder = tmp_path / 'ProcessedData' / room / f'clip-{number:03d}'
            folder.mkdir(parents=True)
            soundfile.write(folder / 'sound.wav', rng.normal(0, 0.01, (40000, 2)), 16000)
            (folder / 'annotation.json').write_text(json.dumps(
                {'depth': depth, 'Audio Length': '2.5', 'Max depth in map': '10'}))
    _list(tmp_path / 'data-split/obstacle-detection/train.csv',
          ('path', 'depth', 'start second', 'IfObstacle'),
          [(f'{THEIRS}/DOW-1005/clip-000', '0.3', '1', '1'),
           (f'{THEIRS}/DOW-1005/clip-001', '1.4', '0', '0'),
           (f'{THEIRS}/EECS-1200/clip-000', '0.3', '0', '1')])
    _list(tmp_path / 'data-split/relative-depth/train.csv', ('path', 'clip_1', 'clip_2', 'label'),
          [(f'{THEIRS}/DOW-1005', 'clip-000', 'clip-001', '1'),
           (f'{THEIRS}/EECS-1200', 'clip-001', 'clip-000', '0')])
    return tmp_path


def test_static_clips(static):
    found = open_clips(static, 'train')
    assert found.near.tolist() == [True, False, True] and found.group.tolist() == [0, 0, 1]
    assert found.distance.tolist() == pytest.approx([0.3, 1.4, 0.3])
    sound, _ = soundfile.read(static / 'ProcessedData/DOW-1005/clip-000/sound.wav',
                              dtype='float32')
    expected = log_mel(sound[16000:16000 + 15360].mean(axis=1))
    assert found.pictures(torch.tensor([0]))[0, 0].numpy() == pytest.approx(expected, abs=0.02)


def test_static_pairs(static):
    found = open_published(static, 'train', 'order')
    first, second = found.pairs.T
    assert (found.distance[first] < found.distance[second]).tolist() == [True, False]
    assert torch.equal(found.group[first], found.group[second])


@pytest.mark.parametrize(('yes', 'no'), [('1', '0'), ('1.0', '0.0'), ('True', 'False')])
def test_obstacles_may_be_written_in_several_ways(static, yes, no):
    _list(static / 'data-split/obstacle-detection/val.csv',
          ('path', 'depth', 'start second', 'IfObstacle'),
          [(f'{THEIRS}/DOW-1005/clip-000', '0.3', '0.5', yes),
           (f'{THEIRS}/DOW-1005/clip-001', '1.4', '0', no)])
    assert open_clips(static, 'val').near.tolist() == [True, False]


@pytest.fixture
def motion(tmp_path):
    folder = tmp_path / 'ProcessedData' / 'scene-0160'
    for name in ('Audio', 'Depth'):
        (folder / name).mkdir(parents=True)
    soundfile.write(folder / 'Audio/sound.wav',
                    np.random.default_rng(0).normal(0, 0.01, (80000, 2)), 16000)
    for frame, metres in ((22, 0.4), (37, 6.0)):
        depth = np.full((48, 64), metres / 10 * 2 ** 16, np.uint16)
        depth[:, :4] = 0  # only the middle counts
        Image.fromarray(depth).save(folder / f'Depth/d{frame:03d}.png')
    theirs = './data/SFS-Motion/ProcessedData/scene-0160'
    _list(tmp_path / 'data-split/obstacle-detection/val.csv',
          ('path', 'depth_path_1', 'IfObstacle'), [(theirs, 'd015.png', '1'),
                                                   (theirs, 'd030.png', '0')])
    _list(tmp_path / 'data-split/relative-depth/val.csv',
          ('path', 'depth_path_1', 'depth_path_2', 'distance'),
          [(theirs, 'd015.png', 'd030.png', '2.6')])
    return tmp_path


def test_motion_clips_and_pairs(motion):
    found = open_clips(motion, 'val')
    assert found.near.tolist() == [True, False]
    assert found.distance.tolist() == pytest.approx([0.4, 3.0766], abs=1e-3)
    pairs = open_clips(motion, 'val', task='order')
    assert pairs.pairs.tolist() == [[0, 1]]


def test_what_is_missing_is_named(static):
    with pytest.raises(DatasetError, match='val.csv'):
        open_published(static, 'val')
    (static / 'ProcessedData/DOW-1005/clip-001/sound.wav').unlink()
    with pytest.raises(DatasetError, match='clip-001'):
        open_published(static, 'train')
    with pytest.raises(DatasetError, match='hear=mono'):
        open_clips(static, 'train', 'ears')


@pytest.mark.parametrize(('row', 'word'), [
    (('/elsewhere/clip', '1', '0', '1'), 'ProcessedData'),
    ((f'{THEIRS}/../../clip', '1', '0', '1'), 'leads out'),
    ((f'{THEIRS}/DOW-1005/clip-000', 'x', '0', '1'), 'line 2'),
    ((f'{THEIRS}/DOW-1005/clip-000', '0.3', '3', '1'), 'ends'),
    ((f'{THEIRS}/DOW-1005/clip-000', '0.3', '0', 'yes'), 'IfObstacle')])
def test_lines_that_make_no_sense_are_named(static, row, word):
    _list(static / 'data-split/obstacle-detection/test.csv',
          ('path', 'depth', 'start second', 'IfObstacle'), [row])
    with pytest.raises(DatasetError, match=word):
        open_published(static, 'test')


def test_a_list_without_its_columns_is_refused(static):
    _list(static / 'data-split/obstacle-detection/test.csv', ('path', 'depth'), [('a', '1')])
    with pytest.raises(DatasetError, match='start second'):
        open_published(static, 'test')
