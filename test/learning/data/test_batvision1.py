# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from echo_depth_ros.acoustics.sync import find_direct_sound
from echo_depth_ros.learning.data import DatasetError, open_split

from .small import FMT, frame, ping, write_batvision1, write_list


def test_sound_is_aligned_and_depth_keeps_its_holes(tmp_path):
    write_batvision1(tmp_path)
    split = open_split(tmp_path, 'train', progress=False)
    assert len(split) == 3 and not split.skipped
    for index in range(3):
        wave, depth = split[index]
        assert abs(find_direct_sound(wave.numpy(), FMT).index - FMT.direct_index) < 1
        assert depth[0, 0] == 0 and depth[-1, -1] == 0
        assert depth[100, 0] == pytest.approx(1.5 + index / 1000)
        assert depth[100, 127 - 1] == 4
    assert split[0][0].abs().max() == pytest.approx(0.3, abs=0.01)
    assert set(split.shapes) == {'2019.08.26'}
    spread = split.report['alignment']['direct_index']
    assert (spread['min'], spread['max']) == (pytest.approx(975, abs=1), pytest.approx(977, abs=1))


def test_pictures_are_read_where_there_are_any(tmp_path):
    rows = write_batvision1(tmp_path)
    rgb = open_split(tmp_path, 'train', progress=False).rgb
    assert rgb.shape == (3, 128, 128, 3)
    assert rgb[0, 64, 10].tolist() == [200, 0, 0] and rgb[0, 64, 120].tolist() == [0, 0, 200]
    (tmp_path / rows[1]['camera path left']).write_bytes(b'no picture')
    split = open_split(tmp_path, 'train', progress=False)
    assert list(split.skipped) == [rows[1]['depth path']] and len(split.rgb) == 2


@pytest.mark.parametrize('column', [True, False])
def test_without_pictures_there_is_no_colour(tmp_path, column):
    rows = write_batvision1(tmp_path, pictures=False)
    if not column:
        for row in rows:
            del row['camera path left']
        write_list(tmp_path / 'train.csv', rows)
    split = open_split(tmp_path, 'train', progress=False)
    assert len(split) == 3 and split.rgb is None


@pytest.mark.parametrize('scale', [1, 2**15, 2**31])
def test_floats_of_any_full_scale(tmp_path, scale):
    rows = write_batvision1(tmp_path, dtype=np.float32)
    for row in rows:
        for side in ('left', 'right'):
            path = tmp_path / row[f'audio path {side}']
            np.save(path, np.load(path) * np.float32(scale) * np.float32(2.2))
    wave = open_split(tmp_path, 'train', progress=False)[0][0]
    assert wave.abs().max() == pytest.approx(0.66, abs=0.02)


def test_one_overdriven_float_does_not_change_the_scale_of_all(tmp_path):
    rows = write_batvision1(tmp_path, dtype=np.float32)
    path = tmp_path / rows[1]['audio path left']
    loud = np.load(path)
    loud[2000] = 1.02
    np.save(path, loud)
    split = open_split(tmp_path, 'train', progress=False)
    assert 'samples reach 1.02' in split.skipped[rows[1]['depth path']] and len(split) == 2
    assert split[0][0].abs().max() == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize('dtype', [np.int16, np.int32, np.int64])
def test_sixteen_bits_in_integers_of_any_size(tmp_path, dtype):
    rows = write_batvision1(tmp_path)
    for row in rows:
        for side in ('left', 'right'):
            path = tmp_path / row[f'audio path {side}']
            np.save(path, (np.load(path) // 2**16).astype(dtype))
    split = open_split(tmp_path, 'train', progress=False)
    assert split[0][0].abs().max() == pytest.approx(0.3, abs=0.01)


def _spoil(tmp_path, rows):
    """Spoil the samples one by one; returns what the reasons must say."""
    def ear(number, array, side='left'):
        np.save(tmp_path / rows[number][f'audio path {side}'], array)

    good = np.load(tmp_path / rows[0]['audio path left'])
    (tmp_path / rows[1]['audio path right']).unlink()
    path = tmp_path / rows[2]['depth path']
    path.write_bytes(path.read_bytes()[:-5000])
    ear(3, good[:2000])
    silent = (ping(0, 4400, 0, silent=True) * 2.0**31).astype(np.int32)
    ear(4, silent[0]), ear(4, silent[1], 'right')
    np.save(tmp_path / rows[5]['depth path'], np.full((72, 128), np.nan))
    bad = ping(0, 4400, 975)[0]
    bad[5] = np.nan
    ear(6, bad)
    ear(7, np.zeros_like(good))
    ear(8, np.stack([good, good]))
    np.save(tmp_path / rows[9]['depth path'], np.zeros((2, 72, 128)))
    np.save(tmp_path / rows[10]['depth path'], np.array(['a', 'b']))
    short = (ping(0, 4400, 1500) * 2.0**31).astype(np.int32)
    ear(11, short[0]), ear(11, short[1], 'right')
    (tmp_path / rows[12]['depth path']).write_bytes(b'')
    return {1: 'no right ear', 2: '', 3: 'the left ear has 2000 samples, the right 4400',
            4: 'no chirp begins', 5: 'all holes', 6: 'NaN', 7: 'left ear is silent',
            8: 'of shape', 9: 'expected numbers', 10: 'no array of numbers', 11: 'no chirp',
            12: ''}


def test_what_cannot_be_used_is_named_with_its_reason(tmp_path, capsys):
    rows = write_batvision1(tmp_path, count=14, pictures=False)
    reasons = _spoil(tmp_path, rows)
    write_list(tmp_path / 'train.csv', [*rows, {**rows[0], 'depth path': ''}, rows[12]])
    split = open_split(tmp_path, 'train', progress=False)
    assert [str(file.relative_to(tmp_path)) for file, _ in split.sources] == [
        rows[0]['depth path'], rows[13]['depth path']]
    assert 'no value for "depth path"' in split.skipped.pop('train.csv line 16')
    assert split.skipped.pop(f'{rows[12]["depth path"]} (2)') is not None
    assert set(split.skipped) == {rows[number]['depth path'] for number in reasons}
    for number, says in reasons.items():
        assert says in split.skipped[rows[number]['depth path']]
    assert 'skipped 14, used 2' in capsys.readouterr().err
    assert np.array_equal(np.unique(split.depth[0]), np.unique(frame(0)))


def test_missing_lists_and_columns_are_errors(tmp_path):
    write_batvision1(tmp_path)
    with pytest.raises(DatasetError, match='no .*val.csv'):
        open_split(tmp_path, 'val', progress=False)
    (tmp_path / 'val.csv').write_text('depth path,audio path left\na,b\n')
    with pytest.raises(DatasetError, match='no column "audio path right"'):
        open_split(tmp_path, 'val', progress=False)
    (tmp_path / 'val.csv').write_text('depth path,audio path left,audio path right\n')
    with pytest.raises(DatasetError, match='lists of samples are empty'):
        open_split(tmp_path, 'val', progress=False)
    (tmp_path / 'val.csv').write_bytes(b'\xff\xfe\x00')
    with pytest.raises(DatasetError, match='cannot be read as a list'):
        open_split(tmp_path, 'val', progress=False)
