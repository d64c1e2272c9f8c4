# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json
import multiprocessing
import os
from pathlib import Path
import shutil

import numpy as np
import pytest
import torch

from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.learning.data import DatasetError, open_split
from echo_depth_ros.learning.data.simulated import SimulatedRooms

from .small import write_room


@pytest.fixture
def rooms(tmp_path):
    """Two rooms of three poses."""
    for number in (1, 2):
        write_room(tmp_path / 'rooms' / 'train' / f'room_00000{number}.npz', seed=number,
                   material=None)
    return tmp_path / 'rooms'


def _packs(folder):
    return sorted(path.name for path in folder.glob('*') if path.is_dir())


def test_a_split_is_packed_once(rooms, monkeypatch):
    first = open_split(rooms, 'train', progress=False)
    assert len(_packs(rooms / '.cache')) == 1

    def read(self):
        raise AssertionError('packed again')
    monkeypatch.setattr(SimulatedRooms, 'read', read)
    again = open_split(rooms, 'train', progress=False)
    assert torch.equal(first.waveform, again.waveform) and first.sources == again.sources
    assert len(open_split(rooms, 'train', limit=2, progress=False)) == 2


@pytest.mark.parametrize('change', [
    lambda rooms: write_room(rooms / 'train' / 'room_000003.npz', seed=3),
    lambda rooms: (rooms / 'train' / 'room_000002.npz').unlink(),
    lambda rooms: os.utime(rooms / 'train' / 'room_000001.npz', ns=(5, 5)),
])
def test_data_that_changed_is_packed_again(rooms, change):
    open_split(rooms, 'train', progress=False)
    change(rooms)
    split = open_split(rooms, 'train', progress=False)
    assert len(split) == 3 * len(list(rooms.glob('train/*.npz')))
    assert len(_packs(rooms / '.cache')) == 2


def test_another_ping_format_has_another_pack(rooms):
    open_split(rooms, 'train', progress=False)
    with pytest.raises(DatasetError, match='3100'):
        open_split(rooms, 'train', PingFormat(window=3100), progress=False)
    open_split(rooms, 'train', PingFormat(ear_spacing=0.2), progress=False)
    assert len(_packs(rooms / '.cache')) == 2


def test_a_limit_packs_no_more_than_it_needs(rooms):
    assert len(open_split(rooms, 'train', limit=2, progress=False)) == 2
    assert len(open_split(rooms, 'train', progress=False)) == 6
    with pytest.raises(DatasetError, match='limit is 0'):
        open_split(rooms, 'train', limit=0, progress=False)


def test_a_read_only_data_set_is_packed_elsewhere(rooms, tmp_path, monkeypatch):
    (rooms / '.cache').write_text('no folder can be made here')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    assert len(open_split(rooms, 'train', progress=False)) == 6
    assert len(list((tmp_path / 'cache' / 'echo_depth_ros').glob('rooms-*/simulated-*/'))) >= 1
    monkeypatch.setenv('XDG_CACHE_HOME', str(rooms / '.cache'))
    with pytest.raises(DatasetError, match='nowhere to write'):
        open_split(rooms, 'train', progress=False)


def test_what_a_killed_packer_left_does_no_harm(rooms):
    open_split(rooms, 'train', progress=False)
    pack, = (path for path in (rooms / '.cache').iterdir() if path.is_dir())
    pack.rename(pack.with_name(f'{pack.name}.part-1234'))
    assert len(open_split(rooms, 'train', progress=False)) == 6
    assert _packs(rooms / '.cache') == [pack.name]


def test_a_pack_that_fails_leaves_nothing(rooms, monkeypatch):
    def read(self):
        raise KeyboardInterrupt
    monkeypatch.setattr(SimulatedRooms, 'read', read)
    with pytest.raises(KeyboardInterrupt):
        open_split(rooms, 'train', progress=False)
    assert _packs(rooms / '.cache') == []


def test_a_pack_is_on_the_disk_before_it_has_its_name(rooms, monkeypatch):
    written = set()

    def fsync(file):
        path = Path(os.readlink(f'/proc/self/fd/{file}'))
        if path.is_file():
            written.add(path.name)
            assert '.part-' in path.parent.name
    monkeypatch.setattr(os, 'fsync', fsync)
    open_split(rooms, 'train', progress=False)
    pack, = (path for path in (rooms / '.cache').iterdir() if path.is_dir())
    assert written == {path.name for path in pack.iterdir()}


def test_what_a_killed_packer_left_is_cleared_away(rooms):
    name = _name_of_pack(rooms)
    left = rooms / '.cache' / f'{name}.part-killed'
    left.mkdir()
    (left / 'waveform.npy').write_bytes(b'half')
    open_split(rooms, 'train', progress=False)
    assert _packs(rooms / '.cache') == [name]


def _name_of_pack(rooms):
    open_split(rooms, 'train', progress=False)
    name, = _packs(rooms / '.cache')
    shutil.rmtree(rooms / '.cache' / name)
    return name


def _open_and_sum(rooms, gate, answers):
    gate.wait()
    answers.put(int(open_split(rooms, 'train', progress=False).waveform.long().sum()))


def test_processes_that_open_at_once_share_one_pack(rooms):
    fork = multiprocessing.get_context('fork')
    gate, answers = fork.Barrier(3), fork.Queue()
    workers = [fork.Process(target=_open_and_sum, args=(rooms, gate, answers)) for _ in range(3)]
    for worker in workers:
        worker.start()
    sums = {answers.get(timeout=60) for _ in workers}
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert len(sums) == 1 and len(_packs(rooms / '.cache')) == 1


def test_the_report_says_what_was_packed(rooms):
    (rooms / 'train' / 'room_000003.npz').write_bytes(b'no archive')
    split = open_split(rooms, 'train', progress=False)
    pack, = (path for path in (rooms / '.cache').iterdir() if path.is_dir())
    report = json.loads((pack / 'report.json').read_text())
    assert split.report == report
    assert report['samples'] == 6 and report['skipped_count'] == 1
    assert list(report['skipped']) == ['room_000003.npz']
    assert np.load(pack / 'rgb.npy', mmap_mode='r').shape == (6, 128, 128, 3)
    assert not (pack / 'material.npy').exists()


def test_colour_that_only_some_samples_have_is_left_out_and_said(rooms, capsys):
    write_room(rooms / 'train' / 'room_000002.npz', seed=2, rgb=None)
    split = open_split(rooms, 'train', progress=False)
    assert split.rgb is None and len(split) == 6
    assert 'only 3 of 6 samples have rgb' in capsys.readouterr().err
