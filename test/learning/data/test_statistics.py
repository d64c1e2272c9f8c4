# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data import open_split
from echo_depth_ros.learning.data.statistics import describe, group_reasons, spread

from .small import write_batvision1, write_room


def test_depth_and_sound_are_measured(tmp_path):
    depth = np.full((4, 128, 128), 2000, np.uint16)
    depth[0, :64] = 0
    depth[1] = 20000
    write_room(tmp_path / 'train' / 'room_000001.npz', poses=4, depth=depth,
               material=None)
    figures = describe(open_split(tmp_path, 'train', progress=False))
    assert figures['samples'] == 4 and figures['rooms'] == {'box': 4}
    assert figures['depth']['metres']['median'] == 2 and figures['depth']['metres']['max'] == 12
    assert figures['depth']['holes_share'] == 0.125
    assert figures['depth']['worst_holes_share'] == 0.5
    assert figures['depth']['at_limit_share'] == round(2 / 7, 4)
    assert figures['rgb'] and not figures['material']
    sound = figures['sound']
    assert sound['windows'] == 4 and sound['no_direct_sound'] == sound['clipped'] == 0
    assert abs(sound['direct_index']['median'] - PingFormat().direct_index) < 1
    assert sound['snr_db']['median'] > 20


def test_alignment_of_recordings_is_told(tmp_path):
    write_batvision1(tmp_path)
    figures = describe(open_split(tmp_path, 'train', progress=False))
    assert abs(figures['recorded']['direct_index']['median'] - 976) < 1
    assert figures['recorded']['snr_db']['count'] == 3
    assert figures['first_range_m'] is None


def test_reasons_that_differ_in_numbers_and_files_are_one_kind():
    kinds = group_reasons({
        'a': 'no left ear: /data/x/1.npy is not there', 'b': 'all holes',
        'c': 'no left ear: /data/y/2.npy is not there', 'd': 'samples reach 1.5; expected 1',
        'e': 'samples reach 1e3; expected 1'})
    assert [(kind['count'], kind['names']) for kind in kinds] == [
        (2, ['a', 'c']), (2, ['d', 'e']), (1, ['b'])]
    assert kinds[0]['reason'] == 'no left ear: /data/x/1.npy is not there'


def test_samples_are_evenly_spread():
    assert spread(5, 10).tolist() == [0, 1, 2, 3, 4]
    assert spread(101, 3).tolist() == [0, 50, 100] and spread(7, 1).tolist() == [0]
