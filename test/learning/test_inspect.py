# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json

from PIL import Image
import pytest

from echo_depth_ros import cli

from .data.small import write_batvision2, write_own


def test_tells_and_draws_every_split(toy_data, tmp_path, capsys):
    picture, figures = tmp_path / 'out' / 'sheet.png', tmp_path / 'out' / 'figures.json'
    assert cli.main(['inspect', str(toy_data), '--picture', str(picture), '--rows', '3',
                     '--limit', '20', '--json', str(figures)]) == 0
    out = capsys.readouterr().out
    assert 'simulated' in out and 'direct sound on sample' in out and 'box' in out
    told = json.loads(figures.read_text())
    assert {name: each['samples'] for name, each in told['splits'].items()} == {
        'train': 20, 'val': 20, 'test': 20}
    with Image.open(picture) as image:
        assert image.width > 600 and len(image.convert('L').getcolors()) > 50


def test_says_what_was_skipped_and_what_is_missing(tmp_path, capsys):
    rows = write_batvision2(tmp_path, count=4)
    for row in rows[:3]:
        (tmp_path / row['audio path'] / row['audio file name']).unlink()
    assert cli.main(['inspect', str(tmp_path), '--picture', str(tmp_path / 'sheet.png')]) == 0
    out = capsys.readouterr().out
    assert 'skipped 3: no sound' in out and 'Salle/depth/d_0.npy' in out
    assert 'val: cannot be opened: no <Location>/val.csv' in out
    assert (tmp_path / 'sheet.png').stat().st_size > 1000


def test_one_split_of_recordings(tmp_path, capsys):
    write_own(tmp_path)
    write_own(tmp_path, 'val')
    assert cli.main(['inspect', str(tmp_path), '--split', 'val']) == 0
    out = capsys.readouterr().out
    assert 'hall' in out and 'train' not in out


@pytest.mark.parametrize('arguments, says', [
    ([], 'like none of the data sets'), (['--split', 'test'], 'like none of the data sets')])
def test_a_folder_of_something_else_is_an_error(tmp_path, capsys, arguments, says):
    assert cli.main(['inspect', str(tmp_path), *arguments]) == 1
    assert says in capsys.readouterr().err
