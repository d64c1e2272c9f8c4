# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest
import soundfile

from echo_depth_ros.acoustics.sync import find_direct_sound
from echo_depth_ros.learning.data import DatasetError, open_split

from .small import FMT, ping, write_batvision2


def test_all_locations_are_read_whatever_lies_about(tmp_path):
    write_batvision2(tmp_path, location='Salle')
    write_batvision2(tmp_path, location='Couloir', count=3)
    write_batvision2(tmp_path, location='Escalier', split='val')
    (tmp_path / '.DS_Store').write_bytes(b'\x00')
    (tmp_path / 'README.txt').write_text('a stray file')
    (tmp_path / '.git').mkdir()
    (tmp_path / '.git' / 'train.csv').write_text('a')
    (tmp_path / '__MACOSX').mkdir()
    split = open_split(tmp_path, 'train', progress=False)
    assert split.shapes.tolist() == ['Couloir'] * 3 + ['Salle'] * 2 and not split.skipped
    assert split.rgb is None and split.material is None
    for index in range(5):
        wave, depth = split[index]
        assert abs(find_direct_sound(wave.numpy(), FMT).index - FMT.direct_index) < 1
        assert depth[0, 0] == 0 and depth[100, 120] == 4
    assert split[0][0].abs().max() == pytest.approx(0.3, abs=0.01)


def test_a_list_of_something_else_is_named(tmp_path):
    write_batvision2(tmp_path)
    (tmp_path / 'Other').mkdir()
    (tmp_path / 'Other' / 'train.csv').write_text('time,temperature\n1,20\n')
    split = open_split(tmp_path, 'train', progress=False)
    assert len(split) == 2 and 'no column "depth path"' in split.skipped['Other/train.csv']


def test_what_cannot_be_used_is_named_with_its_reason(tmp_path):
    rows = write_batvision2(tmp_path, count=9)

    def sound(number, wave, rate=FMT.sample_rate):
        soundfile.write(path(number), wave.T, rate, subtype='PCM_32')

    def path(number, kind='audio'):
        return tmp_path / rows[number][f'{kind} path'] / rows[number][f'{kind} file name']

    path(1).write_bytes(path(1).read_bytes()[:-40000])
    sound(2, ping(2, 20000, 282)[:1])
    sound(3, ping(3, 20000, 282), 48000)
    sound(4, ping(4, 20000, 0, silent=True))
    path(5).write_bytes(b'no sound')
    path(6).unlink()
    path(7, 'depth').unlink()
    np.save(path(8, 'depth'), np.zeros((72, 128), np.uint16))
    split = open_split(tmp_path, 'train', progress=False)
    assert [file.name for file, _ in split.sources] == ['d_0.npy']
    for number, says in {1: 'cut short', 2: '1 channels', 3: '48000 Hz', 4: 'no chirp begins',
                         5: 'no sound file', 6: 'no sound', 7: 'no depth',
                         8: 'all holes'}.items():
        assert says in split.skipped[f'Salle/depth/d_{number}.npy']


def test_a_missing_split_is_an_error(tmp_path):
    write_batvision2(tmp_path)
    with pytest.raises(DatasetError, match='no <Location>/test.csv'):
        open_split(tmp_path, 'test', progress=False)


def describe(root, location='Salle', **about):
    (root / location / 'recording.json').write_text(json.dumps(about))


@pytest.mark.parametrize('place', [64, 282, 900])
def test_a_recording_says_where_its_direct_sound_is(tmp_path, place):
    rows = write_batvision2(tmp_path, start=place)
    write_batvision2(tmp_path, location='Couloir')
    describe(tmp_path, direct_index=place, format={'ear_spacing': 0.235})
    late = tmp_path / rows[1]['audio path'] / rows[1]['audio file name']
    soundfile.write(late, ping(1, 20000, place + 20).T, FMT.sample_rate, subtype='PCM_32')
    split = open_split(tmp_path, 'train', progress=False)
    assert split.shapes.tolist() == ['Couloir'] * 2 + ['Salle']
    assert f'expected {place}, as the' in split.skipped['Salle/depth/d_1.npy']
    sound, _ = soundfile.read(late.with_name('a_0.wav'), dtype='float32')
    np.testing.assert_allclose(
        split[2][0].numpy(), sound.T[:, place - 64:place - 64 + FMT.window], atol=0.6 / 32767)


def test_a_window_alone_is_enough_and_less_is_not(tmp_path):
    rows = write_batvision2(tmp_path)
    describe(tmp_path, direct_index=64)
    for number, samples in enumerate((FMT.window, FMT.window - 1)):
        soundfile.write(tmp_path / rows[number]['audio path'] / rows[number]['audio file name'],
                        ping(number, samples, 64).T, FMT.sample_rate, subtype='PCM_32')
    split = open_split(tmp_path, 'train', progress=False)
    assert len(split) == 1
    assert 'has 3196 samples; expected at least 3197' in split.skipped['Salle/depth/d_1.npy']


@pytest.mark.parametrize('about, says', [
    ({'direct_index': 30}, 'direct_index is 30; expected a sample number from 64 on'),
    ({'direct_index': 282.5}, 'direct_index is 282.5'), ({'direct_index': True}, 'is True'),
    ({'format': {'ear_spacing': 0.2}}, 'ear_spacing is 0.2, expected 0.235')])
def test_a_location_of_other_pings_is_named_and_left_out(tmp_path, about, says):
    write_batvision2(tmp_path)
    write_batvision2(tmp_path, location='Couloir')
    describe(tmp_path, **about)
    split = open_split(tmp_path, 'train', progress=False)
    assert split.shapes.tolist() == ['Couloir'] * 2 and says in split.skipped['Salle/train.csv']


def test_a_description_that_changes_is_noticed(tmp_path):
    write_batvision2(tmp_path)
    describe(tmp_path, direct_index=282)
    assert len(open_split(tmp_path, 'train', progress=False)) == 2
    describe(tmp_path, direct_index=9999)
    with pytest.raises(DatasetError, match='not one sample'):
        open_split(tmp_path, 'train', progress=False)
