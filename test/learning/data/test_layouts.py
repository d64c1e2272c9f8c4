# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from echo_depth_ros.learning.data import DatasetError, open_split
from echo_depth_ros.learning.data.layouts import open_reader

from .small import write_batvision1, write_batvision2, write_own, write_room


@pytest.mark.parametrize('write, layout', [
    (lambda root: write_room(root / 'train' / 'room_000001.npz'), 'simulated'),
    (write_batvision1, 'batvision1'), (write_batvision2, 'batvision2'), (write_own, 'recordings')])
def test_layouts_are_recognised(tmp_path, write, layout):
    write(tmp_path)
    assert open_reader(tmp_path, 'train').layout == layout
    assert open_split(tmp_path, 'train', progress=False).report['layout'] == layout


def test_an_unknown_layout_is_explained(tmp_path):
    (tmp_path / 'train.csv').write_text('path,depth\n')
    (tmp_path / 'photo.jpg').write_bytes(b'')
    with pytest.raises(DatasetError, match='like none of') as error:
        open_split(tmp_path, 'train')
    for name in ('room_', 'audio path left', 'audio file name', 'recordings.json'):
        assert name in str(error.value)


def test_no_folder_and_no_such_split(tmp_path):
    with pytest.raises(DatasetError, match='no folder'):
        open_split(tmp_path / 'nowhere', 'train')
    with pytest.raises(DatasetError, match='no split "training"'):
        open_split(tmp_path, 'training')
