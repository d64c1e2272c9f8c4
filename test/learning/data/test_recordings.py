# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.acoustics.sync import find_direct_sound
from echo_depth_ros.learning.data import DatasetError, open_split

from .small import FMT, frame, ping, write_own


def _describe(root, **about):
    path = root / 'recordings.json'
    path.write_text(json.dumps({**json.loads(path.read_text()), **about}))


def test_raw_recordings_are_aligned(tmp_path):
    write_own(tmp_path, name='hall')
    write_own(tmp_path, name='attic', count=2)
    split = open_split(tmp_path, 'train', progress=False)
    assert split.shapes.tolist() == ['attic'] * 2 + ['hall'] * 3
    for wave, depth in split:
        assert abs(find_direct_sound(wave.numpy(), FMT).index - FMT.direct_index) < 1
        assert depth[0, 0] == 0 and depth[100, 120] == 4
    assert split.rgb.shape == (5, 128, 128, 3)
    assert split.report['alignment']['direct_index']['max'] == pytest.approx(1300, abs=1)


def test_depth_in_millimetres_and_sound_in_integers(tmp_path):
    wave = np.stack([ping(0, 5000, 900)])
    write_own(tmp_path, waveform=(wave * 32768).astype(np.int16), rgb=None,
              depth=frame(0)[None].astype(np.uint16))
    split = open_split(tmp_path, 'train', progress=False)
    assert split[0][1][100, 5] == 1.5 and split.rgb is None
    assert split[0][0].abs().max() == pytest.approx(0.3, abs=0.01)


def test_windows_that_are_aligned_stay_as_they_are(tmp_path):
    windows = np.stack([ping(seed, FMT.window, start) for seed, start in enumerate((64, 65, 90))])
    write_own(tmp_path, waveform=windows, aligned=True)
    split = open_split(tmp_path, 'train', progress=False)
    assert np.array_equal(split.waveform[1].numpy(), np.rint(windows[1] * 32767))
    assert 'on sample 90' in split.skipped['hall.npz[2]'] and len(split) == 2


def test_frames_are_cropped_where_that_is_asked_for(tmp_path):
    write_own(tmp_path)
    _describe(tmp_path, fit='crop')
    depth = open_split(tmp_path, 'train', progress=False)[0][1]
    # Of 128 columns, 28 on each side are cut off; the hole was 32 wide.
    assert depth[0, 6] == 0 and depth[0, 8] > 0


def test_the_search_is_narrowed_where_that_is_asked_for(tmp_path):
    write_own(tmp_path)
    _describe(tmp_path, search=[1190, 1210])
    assert len(open_split(tmp_path, 'train', progress=False)) == 1


def test_what_cannot_be_used_is_named_with_its_reason(tmp_path):
    write_own(tmp_path)
    waveform = np.stack([ping(seed, 6000, 1200) for seed in range(5)])
    waveform[0, 1] = 0
    waveform[1, 0, 7] = np.nan
    waveform[2] *= 30
    depth = np.stack([frame(0)] * 5).astype(np.float32) / 1000
    depth[3] = np.nan
    write_own(tmp_path, name='bad', waveform=waveform, depth=depth, rgb=None)
    write_own(tmp_path, name='mono', waveform=waveform[:, 0], rgb=None)
    write_own(tmp_path, name='short', depth=depth)
    (tmp_path / 'train' / 'none.npz').write_bytes(b'')
    split = open_split(tmp_path, 'train', progress=False)
    assert len(split) == 4
    for name, says in {
            'bad.npz[0]': 'right ear is silent', 'bad.npz[1]': 'NaN', 'bad.npz[2]': 'full scale',
            'bad.npz[3]': 'all holes', 'mono.npz': 'with 3 axes', 'short.npz': 'expected 3',
            'none.npz': ''}.items():
        assert says in split.skipped[name]


def test_compressed_files_that_are_broken_are_named(tmp_path):
    write_own(tmp_path)
    path = tmp_path / 'train' / 'broken.npz'
    np.savez_compressed(path, waveform=np.stack([ping(0, 6000, 1200)]), depth=frame(0)[None])
    whole, kinds = path.read_bytes(), set()
    for at in range(200, 3000, 100):  # a checksum that differs, or a stream that makes no sense
        path.write_bytes(whole[:at] + b'\x55\xaa\xff' + whole[at + 3:])
        split = open_split(tmp_path, 'train', progress=False)
        assert len(split) == 3
        kinds.add(split.skipped['broken.npz'][:8])
    assert len(kinds) > 1


def test_what_is_written_agrees_with_the_description(tmp_path):
    write_own(tmp_path)
    windows = np.stack([ping(seed, FMT.window, 64) for seed in range(3)])
    with pytest.raises(DatasetError, match='does not say that aligned is true; write'):
        write_own(tmp_path, name='windows', waveform=windows, aligned=True)
    with pytest.raises(DatasetError, match='ear_spacing is 0.235, expected 0.15'):
        write_own(tmp_path, name='narrow', fmt=PingFormat(ear_spacing=0.15))
    assert [path.name for path in (tmp_path / 'train').iterdir()] == ['hall.npz']


@pytest.mark.parametrize('about, says', [
    ({'format': None}, 'no description of a data set'),
    ({'format': {'sample_rate': 48000}}, 'sample_rate is 48000'),
    ({'fit': 'pad'}, "fit is 'pad'"), ({'aligned': 'yes'}, "aligned is 'yes'"),
    ({'search': [1, 2, 3]}, 'two sample numbers')])
def test_descriptions_that_make_no_sense_are_errors(tmp_path, about, says):
    write_own(tmp_path)
    _describe(tmp_path, **about)
    with pytest.raises(DatasetError, match=says):
        open_split(tmp_path, 'train', progress=False)


def test_an_empty_split_is_an_error(tmp_path):
    write_own(tmp_path)
    with pytest.raises(DatasetError, match='no .npz in'):
        open_split(tmp_path, 'val', progress=False)
