# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
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
